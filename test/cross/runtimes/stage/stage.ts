import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import type { CommandMessage } from '../suite/command.ts'
import { type Servers, startServers } from './servers.ts'

/** Where programs in other runtimes ask for servers, and for what these are to do. */
export interface Stage extends AsyncDisposable {
  readonly url: string
}

export async function openStage(): Promise<Stage> {
  const open = new Map<number, Servers>()
  let count = 0

  const obey = async ({ name, id = 0, input }: CommandMessage): Promise<unknown> => {
    if (name === 'open') {
      const { clock } = input as { clock: 'by hand' | 'wall' }
      const servers = await startServers(++count, clock)
      open.set(servers.opened.id, servers)
      return servers.opened
    }
    const command = open.get(id)?.commands[name] as ((given: unknown) => unknown) | undefined
    if (command === undefined) throw new Error(`there is no ${name} of ${id}`)
    if (name === 'close') open.delete(id)
    return command(input)
  }

  const server = createServer((request, response) => {
    answer(request).then(
      (body) => response.setHeader('content-type', 'application/json').end(body),
      (error) => response.writeHead(500).end(String(error)),
    )
  })
  const answer = async (request: IncomingMessage) =>
    JSON.stringify({ value: await obey(JSON.parse(await text(request))) })

  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${port}/`,
    [Symbol.asyncDispose]: async () => {
      await Promise.all([...open.values()].map(({ commands }) => commands.close()))
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}
