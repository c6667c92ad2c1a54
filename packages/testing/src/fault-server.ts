import { type AddressInfo, createServer, type Socket } from 'node:net'
import type { Fault } from './fault.js'
import { faultOutput, playFault, requireKnownFault } from './fault-output.js'
import { requireKnownMembers } from './known-members.js'
import { requestLength } from './raw-request.js'

/** What `createFaultServer` takes; all of it may be left out. */
export interface FaultServerOptions {
  /** The answer to each request for which nothing is scripted; `{ type: 'answer' }` if left out. */
  otherwise?: Fault | undefined
}

/** One connection to a fault server, in order of arrival. */
export interface FaultConnectionRecord {
  /** Resolves when the connection is over, whoever ended it. */
  readonly closed: Promise<void>
}

/** One request at a fault server, whatever came of it. */
export interface FaultRequestRecord {
  /** Index of the connection it came on. */
  readonly connection: number
  /** As they came: head and body; of what is not HTTP, the first bytes. */
  readonly bytes: Uint8Array
}

/** A server on loopback that breaks TCP and HTTP in the way it is told. */
export interface FaultServer extends AsyncDisposable {
  /** Its scheme, host and port. */
  readonly origin: string
  /** A URL of this server for the option of that name. Every path is answered alike. */
  readonly tokenEndpoint: string
  /**
   * Scripts what happens to the next requests, first in, first out.
   *
   * @throws TypeError for a fault of a type that there is not.
   */
  next(...faults: readonly Fault[]): void
  /** In order of arrival, open or not. */
  readonly connections: readonly FaultConnectionRecord[]
  /** In the order in which they were complete. */
  readonly requests: readonly FaultRequestRecord[]
  /** Ends all connections, and stops listening. Harmless when called twice. */
  close(): Promise<void>
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
  const sockets = new Set<Socket>()

  const server = createServer((socket) => {
    const connection = connections.push({ closed: untilClosed(socket) }) - 1
    sockets.add(socket)
    socket.on('error', () => {}).once('close', () => sockets.delete(socket))
    if ((script[0] ?? otherwise).type === 'close-on-accept') playFault(socket, faultOutput(next()))
    onRequest(socket, (bytes) => {
      requests.push({ connection, bytes })
      playFault(socket, faultOutput(next()))
    })
  })
  const next = () => script.shift() ?? otherwise

  await new Promise<void>((resolve, reject) => {
    server.once('error', reject).listen(0, '127.0.0.1', resolve)
  })
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  let closed: Promise<void> | undefined
  const close = () => {
    closed ??= new Promise((resolve) => {
      server.close(() => resolve())
      for (const socket of sockets) socket.destroy()
    })
    return closed
  }
  return {
    origin,
    tokenEndpoint: `${origin}/token`,
    next: (...faults) => {
      faults.forEach(requireKnownFault)
      script.push(...faults)
    },
    connections,
    requests,
    close,
    [Symbol.asyncDispose]: close,
  }
}

function untilClosed(socket: Socket): Promise<void> {
  return new Promise((resolve) => socket.once('close', () => resolve()))
}

/** Calls back with the bytes of each request, as long as the connection is open for answers. */
function onRequest(socket: Socket, answer: (bytes: Uint8Array) => void): void {
  let received = Buffer.alloc(0)
  socket.on('data', (bytes) => {
    received = Buffer.concat([received, bytes])
    for (let length = requestLength(received); length; length = requestLength(received)) {
      if (!socket.writable) return
      answer(new Uint8Array(received.subarray(0, length)))
      received = received.subarray(length)
    }
  })
}
