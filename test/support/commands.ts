import { fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'

type Command = (...input: never[]) => unknown

interface Call {
  readonly id: number
  readonly name: string
  readonly input: readonly unknown[]
}

interface Reply {
  readonly id: number
  readonly result?: unknown
  readonly error?: string
}

/** A process that runs commands for this one. */
export interface CommandProcess<Commands extends Record<keyof Commands, Command>> {
  run<Name extends keyof Commands>(
    name: Name,
    ...input: Parameters<Commands[Name]>
  ): Promise<Awaited<ReturnType<Commands[Name]>>>
  close(): Promise<void>
}

/** Starts a program that calls {@link serveCommands}. It exits with this process at the latest. */
export function forkCommands<Commands extends Record<keyof Commands, Command>>(
  program: URL,
): CommandProcess<Commands> {
  const child = fork(fileURLToPath(program), {
    ...{ execArgv: [], serialization: 'advanced' },
    // Standard output belongs to the parent's report.
    stdio: ['ignore', 2, 2, 'ipc'],
  })
  const exited = once(child, 'exit')
  const waiting = new Map<number, (reply: Reply) => void>()
  let count = 0
  child.on('message', (reply: Reply) => waiting.get(reply.id)?.(reply))
  child.on('exit', (code, signal) => {
    const error = `the process exited with ${signal ?? code}`
    for (const [id, settle] of waiting) settle({ id, error })
  })
  return {
    run(name, ...input) {
      const id = ++count
      return new Promise((resolve, reject) => {
        waiting.set(id, ({ result, error }) => {
          waiting.delete(id)
          if (error === undefined) resolve(result as never)
          else reject(new Error(`Command ${String(name)} failed: ${error}`))
        })
        child.send({ id, name, input }, (error) => error && reject(error))
      })
    },
    async close() {
      child.kill('SIGKILL')
      await exited
    },
  }
}

/** Runs the commands that the parent asks for, and exits with it. */
export function serveCommands(commands: Readonly<Record<string, Command>>): void {
  process.on('message', async ({ id, name, input }: Call) => {
    try {
      process.send?.({ id, result: await commands[name]?.(...(input as never[])) })
    } catch (error) {
      process.send?.({ id, error: String(error) })
    }
  })
  process.on('disconnect', () => process.exit())
}
