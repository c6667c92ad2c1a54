import type { AccessToken } from '../access-token.js'
import { parseHttpUrl } from '../http-url.js'
import type { TokenSource } from '../token-source.js'
import type { RequestAuthorization, RequestEvent } from './request-event.js'

/**
 * What an HTTP library must say and do. An `Outcome` may stand for a rejection (axios): the
 * adapter wraps before and unwraps after.
 */
export interface Host<Req, Outcome, Answer = unknown> {
  /** Absolute, as it will be sent; undefined counts as foreign. */
  url(request: Req): string | undefined
  /** As it will be sent; case does not matter. */
  method(request: Req): string
  /** What the caller asked for with this request; false: nothing. */
  asked(request: Req): RequestAuthorization | false | undefined
  /** The caller's own; a stamp of ours left on a request that is sent again is not. */
  hasAuthorization(request: Req): boolean
  /**
   * Asked once, after a 401 about our token. A host that must keep a copy of the body begins it
   * in its first `send` with headers and waits for it here. A throw counts as false.
   */
  isReplayable(request: Req): boolean | Promise<boolean>
  /**
   * Races the request's own signal and timeout; rejects when they have ended already. Before the
   * first send only when no token is at hand, before the second always.
   */
  wait<T>(request: Req, awaited: Promise<T>): Promise<T>
  /** `{ authorization }` now; empty for a request that goes untouched. */
  send(request: Req, headers: Readonly<Record<string, string>>): Promise<Outcome>
  /** Undefined where there was no answer. */
  status(outcome: Outcome): number | undefined
  /** WWW-Authenticate; asked on 401 and 403 only. */
  challenge(outcome: Outcome): string | null | undefined
  /** The final URL after redirects, when it is known. */
  answeredBy(outcome: Outcome): string | undefined
  /** For hosts that know it: a 303 may lead back to the very URL that was sent. */
  redirected?(outcome: Outcome): boolean | undefined
  /** Whether a redirect led through another origin; undefined where redirects are not visible. */
  leftOrigin?(outcome: Outcome): boolean | undefined
  /**
   * Calls `isTokenRejected` with the response, or with a copy if reading it would use up the body;
   * the copy is released afterwards. If absent, the outcome itself is passed.
   */
  check?(
    outcome: Outcome,
    isTokenRejected: (response: Answer) => boolean | Promise<boolean>,
  ): boolean | Promise<boolean>
  /** Frees the socket. */
  discard(outcome: Outcome): void
}

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
