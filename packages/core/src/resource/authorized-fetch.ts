import { ConfigurationError } from '../errors.js'
import { invalidOption, readFunction, readOptions } from '../options.js'
import type { TokenSource } from '../token-source.js'
import { createAuthorizer, type Host } from './authorizer.js'
import { copyBody, type BodyCopy } from './body-copy.js'
import { isReplayableBody } from './replayable-body.js'
import type { AuthorizationOptions, RequestAuthorization } from './request-event.js'

type Fetch = typeof globalThis.fetch

type Init = RequestInit & { countersign?: RequestAuthorization | false }

/**
 * Goes where a `typeof fetch` is asked. Never mutates a caller's Request. Of a Request with a body
 * a bounded copy (1 MiB) is kept for the replay, read beside the send; past it the 401 is handed
 * back. Leave bodies alone until the call has settled.
 */
export type AuthorizedFetch = (input: string | URL | Request, init?: Init) => Promise<Response>

/** What an adapter over fetch says of one call. */
export interface FetchCall {
  /** Sends the request. */
  fetch: Fetch
  authorization: RequestAuthorization | false | undefined
  /**
   * What the adapter knows of a Request's body: true, plain data; false, read once; undefined,
   * unknown.
   */
  replayable?: () => boolean | undefined
  /** Travels with the request, so that a wrapper can tell that it has called itself. */
  sender?: unknown
}

const sender: unique symbol = Symbol.for('countersign.sender')

/** Everything of the caller, read once. */
interface Exchange {
  readonly target: string | Request
  readonly href: string
  readonly method: string
  readonly request: Request | undefined
  readonly init: RequestInit
  readonly headers: Headers | Record<string, string>
  readonly signal: AbortSignal | null | undefined
  readonly call: FetchCall
  attempted: boolean
  clone: Request | undefined
  copy: BodyCopy | undefined
  bytes: Uint8Array<ArrayBuffer> | null | undefined
}

/** The exchange over fetch, for adapters; {@link authorizedFetch} for everyone else. */
export function createFetchAuthorizer(
  tokens: TokenSource,
  options: AuthorizationOptions,
): (input: string | URL | Request, init: RequestInit | undefined, call: FetchCall) => Promise<Response> {
  const authorize = createAuthorizer(tokens, fetchHost(keepsAuthorizationOnRedirect()), options)
  return async (input, init, call) => {
    const exchange = readExchange(input, init, call)
    if (exchange.signal?.aborted) throw exchange.signal.reason
    if (!sendsRequestBody(exchange)) return authorize(exchange)
    try {
      return await authorize(exchange)
    } finally {
      release(exchange)
    }
  }
}

/**
 * A fetch that authorizes the requests to `origins`. Without `fetch` the global one is looked up
 * per call; when this replaces the global, pass `fetch: globalThis.fetch`.
 *
 * @throws ConfigurationError
 */
export function authorizedFetch(
  tokens: TokenSource,
  options: AuthorizationOptions & { fetch?: typeof globalThis.fetch },
): AuthorizedFetch {
  const { fetch: given, ...rest } = readOptions(options, ['origins', 'onForeignOrigin', 'onEvent', 'fetch'])
  const inner = readFunction<Fetch>(given, 'fetch')
  const original: unknown = globalThis.fetch
  const authorize = createFetchAuthorizer(tokens, rest as unknown as AuthorizationOptions)

  const wrapper: AuthorizedFetch = async (input, init) => {
    const authorization = init?.countersign
    if (inner !== undefined) return authorize(input, init, { fetch: inner, authorization })
    if ((init as { [sender]?: unknown } | undefined)?.[sender] === wrapper) {
      throw invalidOption('The global fetch leads back here: pass `fetch: globalThis.fetch`.', 'fetch')
    }
    const current: unknown = globalThis.fetch
    const own = current === wrapper
    const fetch = own ? original : current
    if (typeof fetch !== 'function') {
      throw invalidOption("There is no global fetch: pass the option 'fetch'.", 'fetch')
    }
    const call: FetchCall = { fetch: fetch as Fetch, authorization }
    if (!own) call.sender = wrapper
    return authorize(input, init, call)
  }
  return wrapper
}

function fetchHost(refuseRedirects: boolean): Host<Exchange, Response> {
  return {
    url: (exchange) => exchange.href,
    method: (exchange) => exchange.method,
    asked: (exchange) => exchange.call.authorization,
    hasAuthorization: ({ headers }) =>
      headers instanceof Headers ? headers.has('authorization') : hasAuthorization(headers),
    isReplayable,
    wait: (exchange, token) => raceSignal(token, exchange.signal),
    async send(exchange, stamp) {
      if (stamp['authorization'] === undefined) return sendUntouched(exchange)
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

function readExchange(given: string | URL | Request, options: RequestInit | undefined, call: FetchCall): Exchange {
  let input = given
  let init = options ?? undefined
  if (init !== undefined && !isPlainObject(init)) {
    input = new Request(input, init)
    init = undefined
  }
  const request = isRequest(input) ? input : undefined
  const href = request === undefined ? String(input) : request.url
  const copy: RequestInit = { ...init }
  if ('countersign' in copy) delete copy.countersign
  if (call.sender !== undefined) (copy as { [sender]?: unknown })[sender] = call.sender
  const headers = copyHeaders(copy.headers ?? request?.headers)
  if (copy.headers) copy.headers = headers
  return {
    target: request ?? href,
    href,
    method: String(copy.method ?? request?.method ?? 'GET').toUpperCase(),
    request,
    init: copy,
    headers,
    signal: copy.signal !== undefined ? copy.signal : request?.signal,
    call,
    attempted: false,
    clone: undefined,
    copy: undefined,
    bytes: undefined,
  }
}

/** By its shape: some runtimes and packages bring a Request of their own. */
function isRequest(input: unknown): input is Request {
  return typeof input === 'object' && input !== null && 'method' in input && 'headers' in input
}

function isPlainObject(value: object): boolean {
  const prototype: object | null = Object.getPrototypeOf(value)
  return prototype === null || Object.getPrototypeOf(prototype) === null
}

function copyHeaders(headers: RequestInit['headers']): Headers | Record<string, string> {
  if (!headers) return {}
  if (!isPlainObject(headers)) return new Headers(headers)
  const copy: Record<string, string> = {}
  for (const [name, value] of Object.entries(headers as Record<string, unknown>)) {
    if (value === undefined && isAuthorization(name)) continue
    copy[name] = String(value)
  }
  return copy
}

function hasAuthorization(headers: Record<string, string>): boolean {
  for (const name in headers) if (isAuthorization(name)) return true
  return false
}

function isAuthorization(name: string): boolean {
  return name.length === 13 && name.toLowerCase() === 'authorization'
}

function stamped(exchange: Exchange, stamp: Readonly<Record<string, string>>): Headers | Record<string, string> {
  const { headers } = exchange
  if (!(headers instanceof Headers)) return { ...headers, ...stamp }
  const own = exchange.attempted ? new Headers(headers) : headers
  for (const name in stamp) own.set(name, stamp[name] as string)
  return own
}

function sendUntouched({ call: { fetch }, target, init }: Exchange): Promise<Response> {
  return fetch(target, init)
}

async function sendFirst(exchange: Exchange, stamp: Readonly<Record<string, string>>): Promise<Response> {
  const { target, init, call } = exchange
  const { fetch } = call
  const headers = stamped(exchange, stamp)
  exchange.attempted = true
  if (!sendsRequestBody(exchange)) return fetch(target, { ...init, headers })
  const known = call.replayable?.()
  exchange.clone = known === false ? undefined : cloned(exchange.request as Request, known)
  const sent = fetch(target, { ...init, headers })
  if (known === undefined && exchange.clone !== undefined) exchange.copy = copyBody(exchange.clone)
  return sent
}

async function sendAgain(exchange: Exchange, stamp: Readonly<Record<string, string>>): Promise<Response> {
  const { target, init, clone, copy, bytes, call } = exchange
  const { fetch } = call
  const headers = stamped(exchange, stamp)
  if (copy !== undefined && bytes) return fetch(new Request(target, { ...init, headers, body: bytes }))
  if (copy === undefined && clone !== undefined) {
    exchange.clone = undefined
    return fetch(clone, { ...init, headers })
  }
  return fetch(target, { ...init, headers })
}

/** By method and options: reading `request.body` before the send changes the framing on Deno. */
function sendsRequestBody({ request, init, method }: Exchange): boolean {
  return request !== undefined && !hasBody(init) && method !== 'GET' && method !== 'HEAD'
}

function hasBody({ body }: RequestInit): boolean {
  return body !== undefined && body !== null
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

function release({ copy, clone }: Exchange): void {
  if (copy !== undefined) copy.cancel()
  else if (clone !== undefined) discardBody(clone)
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

/** Cloudflare Workers: false exactly where the runtime leaks the header. */
function keepsAuthorizationOnRedirect(): boolean {
  const { Cloudflare } = globalThis as {
    Cloudflare?: { compatibilityFlags?: Record<string, boolean | undefined> }
  }
  return Cloudflare?.compatibilityFlags?.['strip_authorization_on_cross_origin_redirect'] === false
}
