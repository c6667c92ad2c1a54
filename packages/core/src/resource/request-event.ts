/** What an adapter reports of one request. Carries no token, URL path, header or body. */
export type RequestEvent = {
  /** Where the request went: scheme, host and port. */
  readonly origin: string
  /** Its HTTP method. */
  readonly method: string
} & (
  | {
      /** It was sent again, with another token, after a 401. */
      readonly type: 'request-replayed'
    }
  | {
      /** The 401 was handed back, without another try. */
      readonly type: 'replay-withheld'
      /** Why not. */
      readonly reason: 'one-shot-body' | 'redirected' | 'same-token' | 'aborted'
    }
  | {
      /** A 403 said that the token has too small a scope (RFC 6750 section 3.1). */
      readonly type: 'insufficient-scope'
      /** The scope that its challenge names. */
      readonly scope: string | undefined
    }
  | {
      /** `isTokenRejected` threw or rejected; the response counts as accepted. */
      readonly type: 'rejection-check-failed'
    }
)

/** The value of the per-request key `countersign`; `false` there sends the request untouched. */
export interface RequestAuthorization {
  /** Replaces the provider's scope; order and duplicates do not matter. */
  scope?: string | readonly string[] | undefined
  /** Replaces the provider's resource indicators (RFC 8707). */
  resource?: string | readonly string[] | undefined
}

/** The options of every adapter. `Answer` is the response of its HTTP client. */
export interface AuthorizationOptions<Answer = Response> {
  /**
   * Exact origins (`'https://banno.com'`), compared after URL parsing. No path, no wildcard, not
   * empty. An http origin that is not loopback must be written here itself: that is the opt-in.
   */
  origins: readonly string[]
  /** `'pass'`: sent untouched. `'throw'`: `ForeignOriginError`, nothing is sent. */
  onForeignOrigin?: 'pass' | 'throw' | undefined
  /**
   * Decides whether a response means that the API rejected the access token; then the token is
   * renewed and the request sent once more. Replaces the built-in rule: a 401 without a challenge or
   * with a Bearer challenge. Called for every response to a request that carried the token, if it
   * came from the origin of that request. Narrow the rule for an API that answers 401 to a wrong
   * PIN, or widen it for one that answers 419. fetch and ky pass a clone of the response, axios its
   * response with untransformed `data`. If it throws, the answer is `false` and the event
   * `rejection-check-failed` reports it.
   *
   * @default the built-in rule (RFC 6750 section 3)
   * @example
   * ```ts
   * const isTokenRejected = (response: { status: number; headers: Headers }) =>
   *   response.status === 401 && response.headers.has('www-authenticate')
   * ```
   */
  isTokenRejected?: ((response: Answer) => boolean | Promise<boolean>) | undefined
  /** What it throws, or rejects with, is swallowed. */
  onEvent?: ((event: RequestEvent) => void) | undefined
}
