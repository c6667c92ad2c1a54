import { isObject, snapshot } from '../snapshot.js'
import type { BodyCopy } from './body.js'
import type { RequestAuthorization } from './request-event.js'

/** One call of an adapter over fetch. */
export interface FetchCall {
  /** Sends the request. */
  fetch: typeof globalThis.fetch
  /** The scope and resource of this request; `false` sends it untouched. */
  authorization: RequestAuthorization | false | undefined
  /**
   * Returns what a Request's body was made from, for adapters that know it: it is sent again from
   * there, if it can be. Without it, a bounded copy of the body is kept.
   */
  source?: () => unknown
  /** Returns the Node.js stream that a Request's body was made from, if the adapter knows it. */
  stream?: () => unknown
  /** Travels with the request, so that a wrapper can tell that it has called itself. */
  sender?: unknown
}

/** The key under which {@link FetchCall.sender} travels on the init. */
export const sender: unique symbol = Symbol.for('countersign.sender')

/** Marks the init of a request that has its token. An authorized fetch inside another one skips it. */
export const authorized: unique symbol = Symbol.for('countersign.authorized')

/** @inline */
export type ExchangeInit = RequestInit & { [authorized]?: boolean }

/** One call of fetch: everything of the caller, read once. */
export interface FetchExchange {
  readonly href: string
  readonly request: Request | undefined
  readonly init: ExchangeInit
  readonly headers: Headers | Record<string, string>
  readonly signal: AbortSignal | null | undefined
  readonly call: FetchCall
  attempted: boolean
  copy: BodyCopy | undefined
  /** The source from which a Request's body is sent again. */
  again: RequestInit['body'] | undefined
}

export function readFetchExchange(
  input: string | URL | Request,
  init: RequestInit | undefined,
  call: FetchCall,
): FetchExchange {
  // A Request as init: its members are not its own.
  if (init && !isPlainObject(init))
    return readFetchExchange(new Request(input, init), undefined, call)
  const text = input instanceof Request ? '' : String(input)
  const request = readRequest(input, text)
  const copy = snapshot(init) as RequestInit & { countersign?: unknown; [sender]?: unknown }
  if (Object.hasOwn(copy, 'countersign')) Reflect.deleteProperty(copy, 'countersign')
  if (Object.hasOwn(call, 'sender')) copy[sender] = call.sender
  const headers = copyHeaders(copy.headers ?? request?.headers)
  if (copy.headers) copy.headers = headers
  return {
    href: request?.url ?? text,
    request,
    init: copy,
    headers,
    signal: copy.signal === undefined ? request?.signal : copy.signal,
    call,
    attempted: false,
    copy: undefined,
    again: undefined,
  }
}

/**
 * A Request of another package is recognized by its shape: it has no text of its own. A subclass
 * may name another URL than the platform sends it to, so it is copied.
 */
function readRequest(input: unknown, text: string): Request | undefined {
  if (input instanceof Request) {
    const isPlain =
      Object.getPrototypeOf(input) === Request.prototype && !Object.hasOwn(input, 'url')
    return isPlain ? input : new Request(input)
  }
  const isRequest =
    isObject(input) &&
    typeof (input as Partial<Request>).clone === 'function' &&
    !Object.hasOwn(input, 'url') &&
    /^\[object \w+\]$/.test(text)
  return isRequest ? (input as Request) : undefined
}

export function hasAuthorization({ headers }: FetchExchange): boolean {
  if (headers instanceof Headers) return headers.has('authorization')
  for (const name in headers) if (isAuthorization(name) && Object.hasOwn(headers, name)) return true
  return false
}

export function readMethod({ init, request }: FetchExchange): string {
  return String(init.method ?? request?.method ?? 'GET').toUpperCase()
}

/** By method and options: reading `request.body` before the send changes the framing on Deno. */
export function sendsRequestBody(exchange: FetchExchange): boolean {
  if (exchange.request === undefined || hasBody(exchange.init)) return false
  const method = readMethod(exchange)
  return method !== 'GET' && method !== 'HEAD'
}

/** Whether the body may be a stream, which the platform cancels when the request is not sent. */
export function mayHaveStream(exchange: FetchExchange): boolean {
  return isStream(exchange.init.body) || sendsRequestBody(exchange)
}

/** Cancels a stream that will not be sent, as the platform's fetch does. */
export function cancelUnsentBody({ init, request }: FetchExchange, reason: unknown): void {
  const body = hasBody(init) ? init.body : request?.body
  if (isStream(body) && !body.locked) body.cancel(reason).catch(() => {})
}

function isStream(body: unknown): body is ReadableStream {
  return typeof (body as ReadableStream | null | undefined)?.getReader === 'function'
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
