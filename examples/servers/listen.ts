import { once } from 'node:events'
import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'

/**
 * Listens on a free loopback port, with room for a burst of connections, and keeps them: one that
 * closes while a host sends on it would be no fault of the host.
 */
export async function listen(
  server: Server,
): Promise<{ origin: string; close: () => Promise<void> }> {
  server.keepAliveTimeout = 60_000
  server.listen({ host: '127.0.0.1', port: 0, backlog: 2048 })
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  return {
    origin: `http://127.0.0.1:${port}`,
    async close() {
      const closed = once(server, 'close')
      server.close()
      server.closeAllConnections()
      await closed
    },
  }
}
