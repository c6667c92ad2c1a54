import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { text } from 'node:stream/consumers'

/** What a program said, and how it ended. */
export interface Ended {
  code: number | null
  stdout: string
  stderr: string
}

interface Surroundings {
  cwd: string
  env: NodeJS.ProcessEnv
}

const timeout = 110_000

export async function run(
  command: string,
  args: readonly string[],
  surroundings: Surroundings,
): Promise<Ended> {
  const child = spawn(command, args, {
    ...surroundings,
    timeout,
    killSignal: 'SIGKILL',
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const closed = once(child, 'close')
  const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr)])
  const [code] = (await closed) as [number | null]
  return { code, stdout, stderr }
}

/** Throws with all that it said unless the program ends well. */
export async function finished(
  command: string,
  args: readonly string[],
  surroundings: Surroundings,
): Promise<string> {
  const { code, stdout, stderr } = await run(command, args, surroundings)
  if (code === 0) return stdout
  throw new Error(`'${command} ${args.join(' ')}' ended with ${code}.\n${stdout}${stderr}`)
}
