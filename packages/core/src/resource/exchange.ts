import type { AccessToken } from '../access-token.js'
import { parseHttpUrl } from '../http-url.js'
import type { TokenSource } from '../token-source.js'
import type { RequestAuthorization, RequestEvent } from './request-event.js'

/**
 * The interface that an adapter implements for its HTTP client. An `Outcome` may stand for a rejection (axios):
 * the adapter wraps before and unwraps after.
 */
export interface HttpClient<Req, Outcome, Answer = unknown> {
  /** Returns the absolute URL of the request. Without one, the request is sent untouched. */
  url(request: Req): string | undefined
  /** Returns the method. Its case does not matter. */
  method(request: Req): string
  /** Returns the value of the per-request option `countersign`. */
  authorization(request: Req): RequestAuthorization | false | undefined
  /** Whether the caller set an `Authorization` header. One that the adapter set does not count. */
  hasAuthorization(request: Req): boolean
  /**
   * Called once, after a 401 about the token. An adapter that must keep a copy of the body begins it
   * in the first `send` with headers, and waits for it here. A throw counts as false.
   */
  isReplayable(request: Req): boolean | Promise<boolean>
  /**
   * Races `awaited` against the request's own signal and timeout, and rejects if they have ended
   * already. Called before the first send without a current token, and always before the second.
   */
  wait<T>(request: Req, awaited: Promise<T>): Promise<T>
  /** Sends the request with `{ authorization }`, or untouched if `headers` is empty. */
  send(request: Req, headers: Readonly<Record<string, string>>): Promise<Outcome>
  /** Returns the status, or `undefined` if there was no response. */
  status(outcome: Outcome): number | undefined
  /** Returns the `WWW-Authenticate` header. Called for 401 and 403 only. */
  challenge(outcome: Outcome): string | null | undefined
  /** Returns the final URL after redirects, if it is known. */
  responseUrl(outcome: Outcome): string | undefined
  /** Whether there was a redirect, if that is known: a 303 may lead back to the same URL. */
  isRedirected?(outcome: Outcome): boolean | undefined
  /** Whether a redirect led through another origin, if redirects are visible. */
  hasLeftOrigin?(outcome: Outcome): boolean | undefined
  /**
   * Calls `isTokenRejected` with the response, or with a copy if reading it would use up the body;
   * the copy is released afterwards. If absent, the outcome itself is passed.
   */
  check?(
    outcome: Outcome,
    isTokenRejected: (response: Answer) => boolean | Promise<boolean>,
  ): boolean | Promise<boolean>
  /** Releases a response that nobody will read, so that its socket is free. */
  discard(outcome: Outcome): void
}

/** One request to a listed origin, from its first send to the answer that the caller receives. */
export interface Exchange<R> {
  readonly request: R
  readonly url: string
  /** The requested scope and resource. */
  readonly asked: RequestAuthorization | undefined
}

/** A send of that request and its answer. */
export interface Sent<R, O> extends Exchange<R> {
  readonly token: AccessToken
  readonly outcome: O
}

/** What all requests of one adapter share. */
export interface Authorizer<R, O> {
  readonly tokens: TokenSource
  readonly client: HttpClient<R, O>
  readonly isTokenRejected: ((response: unknown) => boolean | Promise<boolean>) | undefined
  /** Undefined if nobody listens. */
  readonly report: ((event: RequestEvent) => void) | undefined
}

type Detail<Event = RequestEvent> = Event extends RequestEvent
  ? Omit<Event, 'origin' | 'method'>
  : never

/** Reports what happened to a request. */
export function emitRequestEvent<R, O>(
  { client, report }: Authorizer<R, O>,
  { request, url }: Exchange<R>,
  detail: Detail,
): void {
  if (report === undefined) return
  const origin = parseHttpUrl(url)?.origin ?? ''
  report({ origin, method: client.method(request), ...detail } as RequestEvent)
}
