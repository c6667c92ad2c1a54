import { snapshot } from '../snapshot.js'
import type { BodyCopy } from './replayable-body.js'
import type { RequestAuthorization } from './request-event.js'

/** What an adapter over fetch says of one call. */
export interface FetchCall {
  /** Sends the request. */
  fetch: typeof globalThis.fetch
  /** What the caller asked for with this request; false sends it untouched. */
  authorization: RequestAuthorization | false | undefined
  /**
   * What a Request's body was made from, for adapters that know it: it is sent again from there, if
   * it can be. Undefined: not known, and a bounded copy of the body is kept.
   */
  source?: () => unknown
  /** The Node stream that a Request's body was made from, if the adapter knows it. */
  stream?: () => unknown
  /** Travels with the request, so that a wrapper can tell that it has called itself. */
  sender?: unknown
}

/** The key under which {@link FetchCall.sender} travels on the init. */
export const sender: unique symbol = Symbol.for('countersign.sender')

/** Everything of the caller, read once. */
export interface Exchange {
  readonly target: string | Request
  readonly href: string
  readonly request: Request | undefined
  readonly init: RequestInit
  readonly headers: Headers | Record<string, string>
  readonly signal: AbortSignal | null | undefined
  readonly call: FetchCall
  attempted: boolean
  copy: BodyCopy | undefined
  /** What a Request's body is sent again from. */
  again: RequestInit['body'] | undefined
}

export function readExchange(
  given: string | URL | Request,
  options: RequestInit | undefined,
  call: FetchCall,
): Exchange {
  let input = given
  let init = options ?? undefined
  if (init !== undefined && !isPlainObject(init)) {
    input = new Request(input, init)
    init = undefined
  }
  if (hasUrlOfItsOwn(input)) input = new Request(input)
  const text = input instanceof Request ? undefined : String(input)
  const request = isRequest(input, text) ? fixTarget(input) : undefined
  const href = request?.url ?? String(text)
  const copy = snapshot(init)
  if (Object.hasOwn(copy, 'countersign')) Reflect.deleteProperty(copy, 'countersign')
  if (Object.hasOwn(call, 'sender')) (copy as { [sender]?: unknown })[sender] = call.sender
  const headers = copyHeaders(copy.headers ?? request?.headers)
  if (copy.headers) copy.headers = headers
  return {
    target: request ?? href,
    href,
    request,
    init: copy,
    headers,
    signal: copy.signal !== undefined ? copy.signal : request?.signal,
    call,
    attempted: false,
    copy: undefined,
    again: undefined,
  }
}

export function hasAuthorization(headers: Record<string, string>): boolean {
  for (const name in headers) if (isAuthorization(name) && Object.hasOwn(headers, name)) return true
  return false
}

export function methodOf({ init, request }: Exchange): string {
  return String(init.method ?? request?.method ?? 'GET').toUpperCase()
}

/** By method and options: reading `request.body` before the send changes the framing on Deno. */
export function sendsRequestBody(exchange: Exchange): boolean {
  if (exchange.request === undefined || hasBody(exchange.init)) return false
  const method = methodOf(exchange)
  return method !== 'GET' && method !== 'HEAD'
}

/** Whether the body may be a stream, which the platform cancels when the request is not sent. */
export function holdsStream(exchange: Exchange): boolean {
  return isStream(exchange.init.body) || sendsRequestBody(exchange)
}

/** Cancels a stream that will not be sent, as the platform's fetch does; a locked one stays. */
export function cancelUnsentBody({ init, request }: Exchange, reason: unknown): void {
  const body = hasBody(init) ? init.body : request?.body
  if (isStream(body) && !body.locked) body.cancel(reason).catch(() => {})
}

function isStream(body: unknown): body is ReadableStream {
  return typeof (body as ReadableStream | null | undefined)?.getReader === 'function'
}

/**
 * By its shape: some runtimes and packages bring a Request of their own. An object that is a URL as
 * text is none, for that is where the platform's fetch sends it.
 */
function isRequest(input: unknown, text: string | undefined): input is Request {
  if (text === undefined) return true
  if (typeof input !== 'object' || input === null || URL.canParse(text)) return false
  return typeof (input as Partial<Request>).clone === 'function'
}

/** A subclass of the platform's Request may name another URL than the platform sends it to. */
function hasUrlOfItsOwn(input: unknown): input is Request {
  if (!(input instanceof Request)) return false
  return Object.getPrototypeOf(input) !== Request.prototype || Object.hasOwn(input, 'url')
}

/**
 * The URL of a Request that was written by hand can change after it was judged, and so can its
 * text, by which the platform's fetch would send it. Those of a package are fixed by their class.
 */
function fixTarget(given: Request): Request {
  const request: object & { readonly url: string } = given
  const isFixed =
    request instanceof Request ||
    (!Object.hasOwn(request, 'url') &&
      request.toString === Object.prototype.toString &&
      !(Symbol.toPrimitive in request))
  if (isFixed) return given
  const { url } = request
  const text = { value: () => url }
  return Object.create(request, {
    url: { value: url },
    toString: text,
    [Symbol.toPrimitive]: text,
  })
}

function isPlainObject(value: object): boolean {
  const prototype: object | null = Object.getPrototypeOf(value)
  return prototype === null || Object.getPrototypeOf(prototype) === null
}

function copyHeaders(headers: RequestInit['headers']): Headers | Record<string, string> {
  if (!headers) return {}
  if (!isPlainObject(headers)) return new Headers(headers)
  const copy: Record<string, string> = { ...(headers as Record<string, string>) }
  for (const name of Object.keys(copy)) {
    if (isAuthorization(name) && copy[name] === undefined) delete copy[name]
  }
  return copy
}

function isAuthorization(name: string): boolean {
  return name.length === 13 && name.toLowerCase() === 'authorization'
}

function hasBody({ body }: RequestInit): boolean {
  return body !== undefined && body !== null
}
