import { generateKeyPairSync } from 'node:crypto'
import { createServer as createHttpServer, type IncomingHttpHeaders } from 'node:http'
import {
  type AddressInfo,
  createServer as createNetServer,
  type Server,
  type Socket,
} from 'node:net'
import type { Clock, TokenEvent, TokenProviderOptions } from '@countersign/core'
import { createTokenProvider } from '@countersign/core'

export interface Answer {
  readonly status?: number
  readonly headers?: Record<string, string>
  /** Text or bytes go as they are, everything else as JSON. */
  readonly body?: unknown
}

export interface SeenRequest {
  readonly headers: IncomingHttpHeaders
  readonly form: URLSearchParams
}

export interface LoopbackServer {
  readonly origin: string
  readonly tokenEndpoint: string
  readonly connections: () => number
}

const closers: (() => Promise<void>)[] = []

/** For afterEach: ends every server of the test with its connections. */
export async function closeServers(): Promise<void> {
  await Promise.all(closers.splice(0).map((close) => close()))
}

export const goodToken = { access_token: 'token-1', token_type: 'Bearer', expires_in: 600 }

/** Answers the token requests in order; the last answer is for all that follow. */
export async function answering(
  ...answers: readonly Answer[]
): Promise<LoopbackServer & { readonly requests: readonly SeenRequest[] }> {
  const requests: SeenRequest[] = []
  const server = createHttpServer(async (request, response) => {
    let text = ''
    for await (const chunk of request) text += chunk
    requests.push({ headers: request.headers, form: new URLSearchParams(text) })
    const answer = answers[Math.min(requests.length, answers.length) - 1] ?? {}
    const { status = 200, headers = { 'content-type': 'application/json' }, body = '' } = answer
    // The clocks of these tests stand still; a Date of today would look like a clock that is off.
    response.sendDate = false
    response.writeHead(status, headers)
    response.end(typeof body === 'string' || Buffer.isBuffer(body) ? body : JSON.stringify(body))
  })
  return { ...(await listen(server)), requests }
}

/** A server that gets the bare socket of each connection. */
export function rawServer(onConnection: (socket: Socket) => void): Promise<LoopbackServer> {
  return listen(createNetServer(onConnection))
}

async function listen(server: Server): Promise<LoopbackServer> {
  const sockets = new Set<Socket>()
  let connections = 0
  server.on('connection', (socket: Socket) => {
    connections += 1
    sockets.add(socket)
    socket.on('error', () => {})
    socket.on('close', () => sockets.delete(socket))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  closers.push(async () => {
    const closed = new Promise((resolve) => server.close(resolve))
    for (const socket of sockets) socket.destroy()
    await closed
  })
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  return { origin, tokenEndpoint: `${origin}/token`, connections: () => connections }
}

const key = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey

/** A provider for that endpoint, with the events that it gave. */
export function providerFor(tokenEndpoint: string, options: Partial<TokenProviderOptions> = {}) {
  const events: TokenEvent[] = []
  const tokens = createTokenProvider({
    clientId: 'client-1',
    tokenEndpoint,
    key,
    onEvent: (event) => events.push(event),
    ...options,
  })
  return { tokens, events }
}

export const startOfTime = Date.UTC(2026, 0, 1)

/** A clock that stands still; pauses between attempts end at once, time limits (5 s and up) never. */
export function standingClock(): Clock & { readonly pauses: readonly number[] } {
  const pauses: number[] = []
  return {
    pauses,
    now: () => startOfTime,
    monotonic: () => 0,
    wait: (ms, signal) => {
      if (ms < 5_000) {
        pauses.push(ms)
        return Promise.resolve()
      }
      return new Promise((_, reject) => {
        signal.addEventListener('abort', () => reject(signal.reason), { once: true })
      })
    },
  }
}

/** A promise that is resolved from outside. */
export function deferred<T>() {
  let resolve: (value: T) => void = () => {}
  const promise = new Promise<T>((done) => {
    resolve = done
  })
  return { promise, resolve: (value: T) => resolve(value) }
}

/** What the promise rejects with. */
export function rejection(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    () => Promise.reject(new Error('expected a rejection')),
    (error: unknown) => error,
  )
}

/** The claims of the assertion in a token request's form. */
export function claimsOf(form: URLSearchParams): Record<string, unknown> {
  const [, payload = ''] = (form.get('client_assertion') ?? '').split('.')
  return JSON.parse(Buffer.from(payload, 'base64url').toString())
}
