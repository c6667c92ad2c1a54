import { forkCommands } from './commands.ts'
import type { KeyCommands } from './key-process.ts'

/** A process that holds a key of each algorithm and signs with it. */
export type KeyHolder = Awaited<ReturnType<typeof startKeyHolder>>

export async function startKeyHolder() {
  const { run, close } = forkCommands<KeyCommands>(new URL('key-process.ts', import.meta.url))
  const sign = (request: Parameters<KeyCommands['sign']>[0]) => run('sign', request)
  return { publicKeys: await run('publicKeys'), sign, close }
}
