import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { buffer } from 'node:stream/consumers'

export interface Seen {
  readonly method: string
  readonly url: string
  readonly authorization: string | undefined
  readonly headers: IncomingHttpHeaders
  readonly body: Buffer
  /** As answered; 0 until then. */
  readonly status: number
}

export type Answer = (response: ServerResponse, seen: Seen) => void

export interface RecordingApi {
  readonly origin: string
  readonly port: number
  readonly seen: Seen[]
  /** The next requests, first come first served. */
  next(...answers: readonly Answer[]): void
  /** All requests from now on. */
  answerWith(answer: Answer): void
  /** The most connections that were open at once. */
  readonly mostSockets: number
  close(): Promise<void>
}

/** A loopback server that remembers all of each request, and answers as it is told. */
export async function startRecordingApi(
  usual: Answer,
  tls?: { readonly key: string; readonly cert: string },
): Promise<RecordingApi> {
  const seen: Seen[] = []
  const script: Answer[] = []
  let answer = usual
  let open = 0
  let most = 0
  const server = tls === undefined ? createServer() : createTlsServer(tls)
  server.on('connection', (socket) => {
    most = Math.max(most, ++open)
    socket.once('close', () => open--)
  })
  server.on('request', async (request, response) => {
    const { method = '', url = '', headers } = request
    const body = await buffer(request).catch(() => Buffer.alloc(0))
    const record: Seen = {
      ...{ method, url, headers, body },
      authorization: headers.authorization,
      get status() {
        return response.headersSent ? response.statusCode : 0
      },
    }
    seen.push(record)
    const play = script.shift() ?? answer
    play(response, record)
  })
  await new Promise<void>((resolve) => {
    server.listen({ host: '127.0.0.1', port: 0, backlog: 2048 }, resolve)
  })
  const { port } = server.address() as AddressInfo
  return {
    origin: `${tls === undefined ? 'http' : 'https'}://127.0.0.1:${port}`,
    port,
    seen,
    next: (...answers) => void script.push(...answers),
    answerWith: (next) => {
      answer = next
    },
    get mostSockets() {
      return most
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

/** A scripted answer: status, headers, body. */
export function answer(status: number, headers: Record<string, string> = {}, body = ''): Answer {
  return (response) => void response.writeHead(status, headers).end(body)
}

export const refused: Answer = answer(401, {
  'www-authenticate': 'Bearer error="invalid_token"',
})
