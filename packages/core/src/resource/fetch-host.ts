import { abortReason } from '../deadline.js'
import { discardBody } from '../discard-body.js'
import { snapshot } from '../snapshot.js'
import { watchBodyStream } from './body-stream.js'
import type { Host } from './exchange.js'
import { type Exchange, hasAuthorization, methodOf, sendsRequestBody } from './fetch-exchange.js'
import { requireSafeRedirects } from './redirects.js'
import { copyBody, isReplayableBody } from './replayable-body.js'

/** How a call of fetch names its URL, its headers, its body and its answer. */
export const fetchHost: Host<Exchange, Response, Response> = {
  url: (exchange) => exchange.href,
  method: methodOf,
  asked: (exchange) => exchange.call.authorization,
  hasAuthorization: ({ headers }) =>
    headers instanceof Headers ? headers.has('authorization') : hasAuthorization(headers),
  isReplayable,
  wait: raceCaller,
  // Not async, here and below: each layer of promises costs a request that needs none.
  send(exchange, stamp) {
    if (stamp.authorization === undefined) return sendUntouched(exchange)
    requireSafeRedirects(exchange.init.redirect ?? exchange.request?.redirect)
    if (exchange.signal?.aborted) throw abortReason(exchange.signal)
    return exchange.attempted ? sendAgain(exchange, stamp) : sendFirst(exchange, stamp)
  },
  status: (response) => response.status,
  // Doubles of fetch may have no headers.
  challenge: (response) => response.headers?.get('www-authenticate'),
  answeredBy: (response) => response.url || undefined,
  redirected: (response) => response.redirected,
  async check(response, isTokenRejected) {
    const copy = response.clone()
    try {
      return await isTokenRejected(copy)
    } finally {
      // Unread, it would keep the connection open after the caller has cancelled the response.
      discardBody(copy.body)
    }
  },
  discard: (response) => discardBody(response.body),
}

function sendUntouched(exchange: Exchange): Promise<Response> {
  const { call, target, init } = exchange
  const { fetch } = call
  exchange.attempted = true
  return fetch(target, init)
}

function sendFirst(exchange: Exchange, stamp: Readonly<Record<string, string>>): Promise<Response> {
  const { target, init, headers, call } = exchange
  const { fetch } = call
  exchange.attempted = true
  stampHeaders(headers, stamp)
  init.headers = headers
  if (!sendsRequestBody(exchange) || sourceOf(exchange) !== undefined) return fetch(target, init)
  const clone = cloned(exchange.request as Request)
  const sent = fetch(target, init)
  if (clone !== undefined) exchange.copy = copyBody(clone)
  return sent
}

/** With headers of its own: a transport may have kept those of the first send. */
function sendAgain(exchange: Exchange, stamp: Readonly<Record<string, string>>): Promise<Response> {
  const { target, init, again, call } = exchange
  const { fetch } = call
  const headers =
    exchange.headers instanceof Headers ? new Headers(exchange.headers) : { ...exchange.headers }
  stampHeaders(headers, stamp)
  const rest = snapshot(init)
  if (again === undefined || again === null) return fetch(target, Object.assign(rest, { headers }))
  // A form gets another boundary; a content type that the caller set stays.
  if (again instanceof FormData && headers instanceof Headers && hasBoundary(headers))
    headers.delete('content-type')
  const request = new Request(target, Object.assign(snapshot(init), { headers, body: again }))
  // What a fetch reads from the init alone; the headers are the request's.
  delete rest.headers
  return fetch(request, rest)
}

function hasBoundary(headers: Headers): boolean {
  return /^multipart\/form-data; *boundary=/i.test(headers.get('content-type') ?? '')
}

function stampHeaders(
  headers: Headers | Record<string, string>,
  stamp: Readonly<Record<string, string>>,
): void {
  for (const name in stamp) {
    if (!Object.hasOwn(stamp, name)) continue
    const value = stamp[name] as string
    if (headers instanceof Headers) headers.set(name, value)
    else headers[name] = value
  }
}

function cloned(request: Request): Request | undefined {
  // The copy is sent by the runtime's own Request, which takes no other.
  if (request.bodyUsed || !(request instanceof Request)) return undefined
  try {
    return request.clone()
  } catch {
    return undefined
  }
}

function sourceOf({ call }: Exchange): unknown {
  return Object.hasOwn(call, 'source') ? (call.source?.() ?? undefined) : undefined
}

async function isReplayable(exchange: Exchange): Promise<boolean> {
  if (!sendsRequestBody(exchange)) return isReplayableBody(exchange.init.body)
  const source = sourceOf(exchange)
  if (source !== undefined) {
    exchange.again = source as RequestInit['body']
    return isReplayableBody(source)
  }
  exchange.again = await exchange.copy?.read()
  return exchange.again !== undefined
}

/** Races the signal, and a body that is a Node stream, which may fail before it is sent. */
function raceCaller<T>(exchange: Exchange, token: Promise<T>): Promise<T> {
  const { signal, init, call } = exchange
  const body = init.body ?? (Object.hasOwn(call, 'stream') ? call.stream?.() : undefined)
  const isObject = typeof body === 'object' && body !== null
  if (!signal && !isObject) return token
  return new Promise<T>((resolve, reject) => {
    const end = (reason: unknown) => {
      stop()
      reject(reason)
    }
    const stopWatching = watchBodyStream(body, (error) => end(streamFailure(error)))
    const stop = () => {
      stopWatching?.()
      signal?.removeEventListener('abort', abort)
    }
    const abort = () => end(abortReason(signal as AbortSignal))
    signal?.addEventListener('abort', abort)
    token.then(resolve, reject).finally(stop)
    if (signal?.aborted) abort()
  })
}

/** The error that Node's fetch rejects with when its body fails. */
function streamFailure(error: unknown): TypeError {
  const code = 'ERR_STREAM_PREMATURE_CLOSE'
  const cause = error ?? Object.assign(new Error('Premature close'), { code })
  return new TypeError('fetch failed', { cause })
}
