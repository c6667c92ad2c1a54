import { ConfigurationError } from '../errors.js'
import type { Host } from './authorizer.js'
import { copyBody } from './body-copy.js'
import { type Exchange, hasAuthorization, methodOf, sendsRequestBody } from './fetch-exchange.js'
import { isReplayableBody } from './replayable-body.js'

/** How a call of fetch names its URL, its headers, its body and its answer. */
export function fetchHost(refuseRedirects: boolean): Host<Exchange, Response> {
  return {
    url: (exchange) => exchange.href,
    method: methodOf,
    asked: (exchange) => exchange.call.authorization,
    hasAuthorization: ({ headers }) =>
      headers instanceof Headers ? headers.has('authorization') : hasAuthorization(headers),
    isReplayable,
    wait: (exchange, token) => raceSignal(token, exchange.signal),
    // Not async, here and below: each layer of promises costs a request that needs none.
    send(exchange, stamp) {
      if (stamp.authorization === undefined) return sendUntouched(exchange)
      if (refuseRedirects && (exchange.init.redirect ?? exchange.request?.redirect) !== 'manual') {
        throw new ConfigurationError(
          'ERR_UNSUPPORTED_HOST',
          'This runtime keeps Authorization on redirects to other origins: set the compatibility flag ' +
            "strip_authorization_on_cross_origin_redirect, or send with redirect: 'manual'.",
        )
      }
      if (exchange.signal?.aborted) throw exchange.signal.reason
      return exchange.attempted ? sendAgain(exchange, stamp) : sendFirst(exchange, stamp)
    },
    status: (response) => response.status,
    challenge: (response) => response.headers.get('www-authenticate'),
    answeredBy: (response) => response.url || undefined,
    redirected: (response) => response.redirected,
    discard: discardBody,
  }
}

/** Frees the copy of a body that was not needed. */
export function release({ copy, clone }: Exchange): void {
  if (copy !== undefined) copy.cancel()
  else if (clone !== undefined) discardBody(clone)
}

/** Cloudflare Workers: false exactly where the runtime leaks the header. */
export function keepsAuthorizationOnRedirect(): boolean {
  const { Cloudflare } = globalThis as {
    Cloudflare?: { compatibilityFlags?: Record<string, boolean | undefined> }
  }
  return Cloudflare?.compatibilityFlags?.strip_authorization_on_cross_origin_redirect === false
}

function sendUntouched({ call: { fetch }, target, init }: Exchange): Promise<Response> {
  return fetch(target, init)
}

function sendFirst(exchange: Exchange, stamp: Readonly<Record<string, string>>): Promise<Response> {
  const { target, init, headers, call } = exchange
  const { fetch } = call
  exchange.attempted = true
  stampHeaders(headers, stamp)
  init.headers = headers
  if (!sendsRequestBody(exchange)) return fetch(target, init)
  const known = call.replayable?.()
  exchange.clone = known === false ? undefined : cloned(exchange.request as Request, known)
  const sent = fetch(target, init)
  if (known === undefined && exchange.clone !== undefined) exchange.copy = copyBody(exchange.clone)
  return sent
}

/** With headers of its own: a transport may have kept those of the first send. */
function sendAgain(exchange: Exchange, stamp: Readonly<Record<string, string>>): Promise<Response> {
  const { target, init, clone, copy, bytes, call } = exchange
  const { fetch } = call
  const headers =
    exchange.headers instanceof Headers ? new Headers(exchange.headers) : { ...exchange.headers }
  stampHeaders(headers, stamp)
  if (copy !== undefined && bytes)
    return fetch(new Request(target, { ...init, headers, body: bytes }))
  if (copy === undefined && clone !== undefined) {
    exchange.clone = undefined
    return fetch(clone, { ...init, headers })
  }
  return fetch(target, { ...init, headers })
}

function stampHeaders(
  headers: Headers | Record<string, string>,
  stamp: Readonly<Record<string, string>>,
): void {
  for (const name in stamp) {
    const value = stamp[name] as string
    if (headers instanceof Headers) headers.set(name, value)
    else headers[name] = value
  }
}

function cloned(request: Request, known: true | undefined): Request | undefined {
  if (request.bodyUsed) return undefined
  // A copy of bytes is sent by the runtime's own Request, which takes no other.
  if (known === undefined && !(request instanceof Request)) return undefined
  try {
    return request.clone()
  } catch {
    return undefined
  }
}

async function isReplayable(exchange: Exchange): Promise<boolean> {
  if (!sendsRequestBody(exchange)) return isReplayableBody(exchange.init.body)
  if (exchange.copy === undefined) return exchange.clone !== undefined
  exchange.bytes = await exchange.copy.read()
  return exchange.bytes !== undefined
}

function discardBody({ body }: { readonly body: unknown }): void {
  const stream = body as { cancel?: () => unknown; destroy?: () => unknown } | null | undefined
  try {
    if (typeof stream?.cancel === 'function') Promise.resolve(stream.cancel()).catch(() => {})
    else stream?.destroy?.()
  } catch {}
}

function raceSignal<T>(token: Promise<T>, signal: AbortSignal | null | undefined): Promise<T> {
  if (signal === undefined || signal === null) return token
  return new Promise<T>((resolve, reject) => {
    const abort = () => reject(signal.reason)
    if (signal.aborted) abort()
    signal.addEventListener('abort', abort)
    token
      .then((value) => (signal.aborted ? abort() : resolve(value)), reject)
      .finally(() => signal.removeEventListener('abort', abort))
  })
}
