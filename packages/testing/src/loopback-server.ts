import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo, Server } from 'node:net'

/** A request to a server of this kit, at any path. */
export interface ReceivedRequest {
  /** The HTTP method, in upper case. */
  readonly method: string
  /** The path and query, as sent. */
  readonly url: string
}

/** A request that a server of this kit has answered. */
export interface AnsweredRequest extends ReceivedRequest {
  /** The HTTP status of the response. */
  readonly status: number
  /** From the request to the end of the response, in milliseconds. */
  readonly duration: number
}

/** A server that listens on 127.0.0.1. */
export interface LoopbackServer extends AsyncDisposable {
  /** The scheme, host and port. */
  readonly origin: string
  /** Ends all connections and stops listening. A second call does nothing. */
  close(): Promise<void>
}

/** The options of every server. */
export interface LoopbackServerOptions {
  /** The port to listen at. @default A free one. */
  port?: number | undefined
}

/** Handles requests. `onAnswered` is called when the whole response is handed to the system. */
interface HttpListeners {
  /** Closes the connection by rejecting, as reading a request does that is not complete. */
  answer(request: IncomingMessage, response: ServerResponse): Promise<void>
  onRequest?: ((request: ReceivedRequest) => void) | undefined
  onAnswered?: ((answered: AnsweredRequest, response: ServerResponse) => void) | undefined
}

/**
 * Starts an HTTP server.
 *
 * @internal
 */
export function startHttpServer(
  listeners: HttpListeners,
  options: LoopbackServerOptions,
): Promise<LoopbackServer> {
  const server = createServer((request, response) => {
    const { method = 'GET', url = '/' } = request
    const startedAt = performance.now()
    listeners.onRequest?.({ method, url })
    response.once('finish', () => {
      const [status, duration] = [response.statusCode, performance.now() - startedAt]
      listeners.onAnswered?.({ method, url, status, duration }, response)
    })
    listeners.answer(request, response).catch(() => response.destroy())
  })
  return listen(server, () => server.closeAllConnections(), options)
}

/**
 * Lets a server listen, by default at a port that the system chooses. `disconnect` ends its
 * connections.
 *
 * @internal
 */
export async function listen(
  server: Server,
  disconnect: () => void,
  { port: wanted = 0 }: LoopbackServerOptions = {},
): Promise<LoopbackServer> {
  await once(server.listen(wanted, '127.0.0.1'), 'listening')
  let closed: Promise<void> | undefined
  const close = () => {
    closed ??= new Promise((resolve) => {
      server.close(() => resolve())
      disconnect()
    })
    return closed
  }
  const { port } = server.address() as AddressInfo
  return { origin: `http://127.0.0.1:${port}`, close, [Symbol.asyncDispose]: close }
}

/** Throws a TypeError that names the first member which is not among the `known`. */
export function requireKnownMembers(what: string, value: object, known: readonly string[]): void {
  const unknown = Object.keys(value).find((member) => !known.includes(member))
  if (unknown !== undefined)
    throw new TypeError(`${what} has no member ${unknown}; it has ${known.join(', ')}`)
}
