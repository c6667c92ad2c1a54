import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { AnsweredRequest, ReceivedRequest } from './answered-request.js'

/** A server on 127.0.0.1, at a port that the system chose. */
export interface LoopbackServer {
  readonly origin: string
  /** Ends every connection, also the idle and the unanswered ones. Harmless when called twice. */
  close(): Promise<void>
}

/** Handles one request; `onAnswered` is called once the whole response is handed to the system. */
interface LoopbackListeners {
  answer(request: IncomingMessage, response: ServerResponse): Promise<void>
  onRequest: ((request: ReceivedRequest) => void) | undefined
  onAnswered(answered: AnsweredRequest, response: ServerResponse): void
}

export async function startLoopbackServer({
  answer,
  onRequest,
  onAnswered,
}: LoopbackListeners): Promise<LoopbackServer> {
  const server = createServer((request, response) => {
    const { method = 'GET', url = '/' } = request
    onRequest?.({ method, url })
    response.once('finish', () =>
      onAnswered({ method, url, status: response.statusCode }, response),
    )
    answer(request, response).catch(() => response.destroy())
  })
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(0, '127.0.0.1', resolve)
  })
  const { port } = server.address() as AddressInfo
  let closed: Promise<void> | undefined
  return {
    origin: `http://127.0.0.1:${port}`,
    close: () => {
      closed ??= new Promise((resolve, reject) => {
        server.close((error) => (error ? reject(error) : resolve()))
        server.closeAllConnections()
      })
      return closed
    },
  }
}
