import type { AccessToken } from '../access-token.js'
import type { TokenSource } from '../token-source.js'
import type { Host } from './host.js'
import { parseHttpUrl } from './origin-rule.js'
import type { RequestAuthorization, RequestEvent } from './request-event.js'

/** One request to a listed origin, from its first send to the answer that the caller receives. */
export interface Exchange<Req> {
  readonly request: Req
  readonly url: string
  /** The scope and resource that this request asks for. */
  readonly asked: RequestAuthorization | undefined
}

/** A send of that request and its answer. */
export interface Sent<Req, Outcome> extends Exchange<Req> {
  readonly token: AccessToken
  readonly outcome: Outcome
}

/** What all requests of one adapter share. */
export interface Authorizer<Req, Outcome> {
  readonly tokens: TokenSource
  readonly host: Host<Req, Outcome>
  readonly isTokenRejected: ((response: unknown) => boolean | Promise<boolean>) | undefined
  readonly onEvent: ((event: RequestEvent) => unknown) | undefined
}

type Detail = RequestEvent extends infer E
  ? E extends RequestEvent
    ? Omit<E, 'origin' | 'method'>
    : never
  : never

/** Reports what happened to a request; a listener that fails changes nothing. */
export function emitRequestEvent<Req, Outcome>(
  { host, onEvent }: Authorizer<Req, Outcome>,
  { request, url }: Exchange<Req>,
  detail: Detail,
): void {
  if (onEvent === undefined) return
  try {
    const origin = parseHttpUrl(url)?.origin ?? ''
    const done = onEvent({ origin, method: host.method(request), ...detail } as RequestEvent)
    if (done instanceof Promise) done.catch(() => {})
  } catch {}
}
