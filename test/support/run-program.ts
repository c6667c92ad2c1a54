import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'

/** The output of a program, and its exit code. */
export interface Ended {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

/** Runs a command with these variables only. It is killed after `timeout` milliseconds. */
export async function runCommand(
  command: string,
  args: readonly string[],
  options: { cwd?: string; env?: NodeJS.ProcessEnv; timeout?: number } = {},
): Promise<Ended> {
  const child = spawn(command, args, {
    ...{ timeout: 110_000, ...options },
    killSignal: 'SIGKILL',
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const closed = once(child, 'close')
  const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr)])
  const [code] = (await closed) as [number | null]
  return { code, stdout, stderr }
}

/** Runs a TypeScript program in a process of its own, with these variables only. */
export function runProgram(
  program: URL,
  env: NodeJS.ProcessEnv,
  { flags = [], args = [] }: { flags?: readonly string[]; args?: readonly string[] } = {},
): Promise<Ended> {
  return runCommand(process.execPath, [...flags, fileURLToPath(program), ...args], { env })
}

/** Returns the JSON that a program printed. Throws unless it exited with 0 and without errors. */
export async function resultOf(ended: Promise<Ended>) {
  const { code, stdout, stderr } = await ended
  if (code !== 0 || stderr !== '') throw new Error(`The program exited with ${code}.\n${stderr}`)
  return JSON.parse(stdout)
}
