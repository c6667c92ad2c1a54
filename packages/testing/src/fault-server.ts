import { createServer, type Socket } from 'node:net'
import type { Fault } from './fault.js'
import { playFault, requireKnownFault } from './fault-output.js'
import { type LoopbackServer, listen, requireKnownMembers } from './loopback-server.js'

/** The options of `createFaultServer`. */
export interface FaultServerOptions {
  /** The answer to each request that is not scripted. @default { type: 'answer' } */
  otherwise?: Fault | undefined
}

/** A connection to a fault server. */
export interface FaultConnectionRecord {
  /** Resolves when either side has closed the connection. */
  readonly closed: Promise<void>
}

/** A request at a fault server, whatever its result. */
export interface FaultRequestRecord {
  /** The index of its connection. */
  readonly connection: number
  /** The head and the body, as sent; the first bytes of what is not HTTP. */
  readonly bytes: Uint8Array
}

/** A server on loopback that breaks TCP and HTTP by its script. */
export interface FaultServer extends LoopbackServer {
  /** The URL for the option `tokenEndpoint`. Every path receives the same answers. */
  readonly tokenEndpoint: string
  /**
   * Scripts the answers to the next requests, first in, first out.
   *
   * @throws TypeError for an unknown type of fault.
   */
  next(...faults: readonly Fault[]): void
  /** The connections, open or closed, in order of arrival. */
  readonly connections: readonly FaultConnectionRecord[]
  /** The requests, in the order in which they were complete. */
  readonly requests: readonly FaultRequestRecord[]
}

/**
 * Starts a server on 127.0.0.1 for tests of what a program does when the network, a proxy or a
 * server misbehaves. It reads requests (HTTP/1.1, any method and path) and answers them by its
 * script; it checks nothing.
 *
 * @throws TypeError (as a rejection) for an unknown option or type of fault.
 *
 * @example
 * ```ts
 * await using server = await createFaultServer({ otherwise: { type: 'answer', status: 503 } })
 * server.next({ type: 'reset' }, { type: 'cut-body' })
 * const tokens = createTokenProvider({ clientId, tokenEndpoint: server.tokenEndpoint, key })
 * ```
 */
export async function createFaultServer(options: FaultServerOptions = {}): Promise<FaultServer> {
  requireKnownMembers('a fault server', options, ['otherwise'])
  const { otherwise = { type: 'answer' } } = options
  requireKnownFault(otherwise)
  const script: Fault[] = []
  const connections: FaultConnectionRecord[] = []
  const requests: FaultRequestRecord[] = []
  const sockets: Socket[] = []
  const next = () => script.shift() ?? otherwise

  const server = createServer((socket) => {
    const closed = new Promise<void>((resolve) => socket.once('close', () => resolve()))
    const connection = connections.push({ closed }) - 1
    sockets.push(socket)
    if ((script[0] ?? otherwise).type === 'close-on-accept') playFault(socket, next())
    let received = Buffer.alloc(0)
    socket
      .on('error', () => {})
      .on('data', (bytes) => {
        received = Buffer.concat([received, bytes])
        for (let length = requestLength(received); length; length = requestLength(received)) {
          if (!socket.writable) return
          requests.push({ connection, bytes: new Uint8Array(received.subarray(0, length)) })
          received = received.subarray(length)
          playFault(socket, next())
        }
      })
  })
  const listening = await listen(server, () => {
    for (const socket of sockets) socket.destroy()
  })
  return {
    ...listening,
    tokenEndpoint: `${listening.origin}/token`,
    next: (...faults) => {
      faults.forEach(requireKnownFault)
      script.push(...faults)
    },
    connections,
    requests,
  }
}

/**
 * Returns the length of the first request; 0 if it is incomplete. What cannot be HTTP, such as a TLS
 * handshake, counts as a request as far as it has arrived.
 */
function requestLength(bytes: Buffer): number {
  const text = bytes.toString('latin1')
  if (!/^[A-Z]/.test(text)) return text.length
  const headEnd = text.indexOf('\r\n\r\n')
  if (headEnd === -1) return 0
  const head = text.slice(0, headEnd)
  const lastChunk = text.indexOf('\r\n0\r\n\r\n', headEnd + 2)
  // RFC 9112 section 7.1: a chunked body, here without trailers.
  if (/^transfer-encoding:.*chunked/im.test(head)) return lastChunk === -1 ? 0 : lastChunk + 7
  const end = headEnd + 4 + Number(/^content-length: *(\d+)/im.exec(head)?.[1] ?? 0)
  return end <= text.length ? end : 0
}
