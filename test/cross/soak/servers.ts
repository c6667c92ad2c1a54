import { fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import type { RegisteredClient } from '../../../examples/servers/authorization-server.ts'

interface Origins {
  tokenEndpoint: string
  apiOrigin: string
  resource: string
}

/** Of all requests that the API has judged so far. */
export interface ApiCounts {
  refused: number
  /** POSTs whose body came empty, refused ones too. */
  emptyPosts: number
}

/** What the process of the servers does when it is asked; instants are on its monotonic clock. */
export interface ServerCommands {
  start(clients: readonly RegisteredClient[]): Promise<Origins>
  /** Token requests of the clients whose id begins so, in the order of their arrival. */
  tokenRequests(prefix: string): Promise<{ clientId: string; at: number }[]>
  apiCounts(): Promise<ApiCounts>
  /** The API refuses every token that it has seen; resolves to when. */
  refuseAllSeen(): Promise<number>
  setDown(isDown: boolean): Promise<void>
}

export interface Question {
  id: number
  command: keyof ServerCommands
  input: unknown
}

interface Reply {
  id: number
  answer?: unknown
  error?: string
}

export type Servers = Omit<ServerCommands, 'start'> & Origins & AsyncDisposable

/** Starts the servers in a process of their own, which ends at the latest when this one does. */
export async function forkServers(clients: readonly RegisteredClient[]): Promise<Servers> {
  const child = fork(fileURLToPath(new URL('./servers-process.ts', import.meta.url)), {
    // Standard output belongs to the report.
    stdio: ['ignore', 2, 2, 'ipc'],
  })
  const kill = () => child.kill('SIGKILL')
  process.on('exit', kill)
  const waiting = new Map<number, (reply: Reply) => void>()
  let asked = 0
  let gone: string | undefined

  child.on('message', (reply: Reply) => waiting.get(reply.id)?.(reply))
  child.on('exit', (code, signal) => {
    gone = `their process has ended (${signal ?? `code ${code}`})`
    for (const [id, settle] of waiting) settle({ id, error: gone })
  })

  function ask<Command extends keyof ServerCommands>(
    command: Command,
    ...[input]: Parameters<ServerCommands[Command]>
  ): ReturnType<ServerCommands[Command]> {
    const id = ++asked
    const answer = new Promise<unknown>((resolve, reject) => {
      waiting.set(id, ({ answer, error }) => {
        waiting.delete(id)
        if (error === undefined) resolve(answer)
        else reject(new Error(`The servers failed: ${error}`))
      })
    })
    if (gone === undefined) child.send({ id, command, input } satisfies Question)
    else waiting.get(id)?.({ id, error: gone })
    return answer as ReturnType<ServerCommands[Command]>
  }

  return {
    ...(await ask('start', clients)),
    tokenRequests: (prefix) => ask('tokenRequests', prefix),
    apiCounts: () => ask('apiCounts'),
    refuseAllSeen: () => ask('refuseAllSeen'),
    setDown: (isDown) => ask('setDown', isDown),
    async [Symbol.asyncDispose]() {
      process.off('exit', kill)
      if (gone !== undefined) return
      const ended = once(child, 'exit')
      kill()
      await ended
    },
  }
}
