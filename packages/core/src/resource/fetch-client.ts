import { getAbortReason, raceAbort } from '../clock.js'
import { discardBody } from '../discard-body.js'
import { ConfigurationError } from '../errors.js'
import { snapshot } from '../snapshot.js'
import { copyBody, isReplayableBody, watchBodyStream } from './body.js'
import type { HttpClient } from './exchange.js'
import {
  authorized,
  type ExchangeInit,
  type FetchExchange,
  hasAuthorization,
  readMethod,
  sendsRequestBody,
} from './fetch-exchange.js'

/** How a call of fetch names its URL, its headers, its body and its response. */
export const fetchClient: HttpClient<FetchExchange, Response, Response> = {
  url: ({ href }) => href,
  method: readMethod,
  authorization: ({ call }) => call.authorization,
  hasAuthorization,
  isReplayable,
  wait: ({ signal, init, call }, awaited) => {
    const { stream } = snapshot(call)
    return raceAbort(signal, raceBodyFailure(init.body ?? stream?.(), awaited))
  },
  // Not async: each layer of promises costs a request that needs none.
  send(exchange, { authorization }) {
    const { init, request, signal, attempted } = exchange
    if (authorization === undefined) return fetchUntouched(exchange)
    requireSafeRedirects(init.redirect ?? request?.redirect)
    if (signal?.aborted) throw getAbortReason(signal)
    exchange.attempted = true
    return attempted ? sendAgain(exchange, authorization) : sendFirst(exchange, authorization)
  },
  status: ({ status }) => status,
  // A mock of fetch may have no headers.
  challenge: ({ headers }) => headers?.get('www-authenticate'),
  responseUrl: ({ url }) => url || undefined,
  isRedirected: ({ redirected }) => redirected,
  async check(response, isTokenRejected) {
    const copy = response.clone()
    try {
      return await isTokenRejected(copy)
    } finally {
      // Unread, it would keep the connection open after the caller has cancelled the response.
      discardBody(copy.body)
    }
  },
  discard: ({ body }) => discardBody(body),
}

/**
 * Requires that a fetch follows no redirects with a token where the runtime keeps Authorization on
 * redirects to other origins: Cloudflare Workers with an old compatibility date.
 *
 * @param redirect - The option `redirect` of the request.
 * @throws {ConfigurationError} `ERR_UNSUPPORTED_CLIENT`
 * @example
 * ```ts
 * requireSafeRedirects(init.redirect)
 * ```
 */
export function requireSafeRedirects(redirect: string | undefined): void {
  const { Cloudflare } = globalThis as {
    Cloudflare?: { compatibilityFlags?: Record<string, boolean | undefined> }
  }
  const flag = 'strip_authorization_on_cross_origin_redirect'
  if (redirect === 'manual' || Cloudflare?.compatibilityFlags?.[flag] !== false) return
  throw new ConfigurationError(
    'ERR_UNSUPPORTED_CLIENT',
    'This runtime keeps Authorization on redirects to other origins. ' +
      `Set the compatibility flag ${flag}, or send with redirect: 'manual'.`,
  )
}

function fetchUntouched(exchange: FetchExchange): Promise<Response> {
  const { request, href, init, call } = exchange
  const { fetch } = call
  exchange.attempted = true
  return fetch(request ?? href, init)
}

/**
 * Sends with an init that has the token. A fetch that is not the platform's may read only a Request,
 * so it receives one that has the token itself, of the same class as the caller's.
 */
function fetchAuthorized(exchange: FetchExchange, init: ExchangeInit): Promise<Response> {
  const { request, href, call } = exchange
  const { fetch } = call
  if (fetch === globalThis.fetch) return fetch(request ?? href, init)
  init[authorized] = true
  if (request === undefined) return fetch(href, init)
  const OwnRequest = request.constructor as typeof Request
  return fetch(new OwnRequest(request, init), omitHeadersAndBody(init))
}

/** The rest is for a fetch that reads some members from the init alone. */
function omitHeadersAndBody(init: RequestInit): RequestInit {
  const rest = snapshot(init)
  delete rest.headers
  delete rest.body
  return rest
}

function sendFirst(exchange: FetchExchange, authorization: string): Promise<Response> {
  const { request, init, headers } = exchange
  init.headers = setAuthorization(headers, authorization)
  if (!sendsRequestBody(exchange) || findSource(exchange) !== undefined)
    return fetchAuthorized(exchange, init)
  const clone = cloneRequest(request)
  const sent = fetchAuthorized(exchange, init)
  exchange.copy = clone && copyBody(clone)
  return sent
}

/** With its own headers: a transport may have kept those of the first send. */
function sendAgain(exchange: FetchExchange, authorization: string): Promise<Response> {
  const { request, href, init, again, call } = exchange
  const { fetch } = call
  const copy =
    exchange.headers instanceof Headers ? new Headers(exchange.headers) : { ...exchange.headers }
  const headers = setAuthorization(copy, authorization)
  const target = request ?? href
  if (again === undefined || again === null)
    return fetchAuthorized(exchange, Object.assign(snapshot(init), { headers }))
  // A form gets another boundary; a content type that the caller set stays.
  if (again instanceof FormData && headers instanceof Headers && hasBoundary(headers))
    headers.delete('content-type')
  const withBody = new Request(target, Object.assign(snapshot(init), { headers, body: again }))
  return fetch(withBody, omitHeadersAndBody(init))
}

function hasBoundary(headers: Headers): boolean {
  return /^multipart\/form-data; *boundary=/i.test(headers.get('content-type') ?? '')
}

function setAuthorization<H extends Headers | Record<string, string>>(
  headers: H,
  authorization: string,
): H {
  if (headers instanceof Headers) headers.set('authorization', authorization)
  else headers.authorization = authorization
  return headers
}

/** The copy is sent in the runtime's own Request, which accepts no other. */
function cloneRequest(request: Request | undefined): Request | undefined {
  try {
    return request instanceof Request ? request.clone() : undefined
  } catch {
    return undefined
  }
}

function findSource({ call }: FetchExchange): unknown {
  return snapshot(call).source?.() ?? undefined
}

async function isReplayable(exchange: FetchExchange): Promise<boolean> {
  if (!sendsRequestBody(exchange)) return isReplayableBody(exchange.init.body)
  const source = findSource(exchange)
  if (source !== undefined) {
    exchange.again = source as RequestInit['body']
    return isReplayableBody(source)
  }
  exchange.again = await exchange.copy?.read()
  return exchange.again !== undefined
}

/** Settles as `awaited` does, or rejects if a body that is a Node.js stream fails before. */
function raceBodyFailure<T>(body: unknown, awaited: Promise<T>): Promise<T> {
  let stop: (() => void) | undefined
  const failed = new Promise<never>((_, reject) => {
    stop = watchBodyStream(body, (error) => reject(createStreamError(error)))
  })
  return stop === undefined ? awaited : Promise.race([failed, awaited]).finally(stop)
}

/** The error that Node.js' fetch rejects with when its body fails. */
function createStreamError(error: unknown): TypeError {
  const code = 'ERR_STREAM_PREMATURE_CLOSE'
  const cause = error ?? Object.assign(new Error('Premature close'), { code })
  return new TypeError('fetch failed', { cause })
}
