/** An event about one request of an adapter. It contains no token, URL path, header or body. */
export type RequestEvent = {
  /** Where the request went: scheme, host and port. Empty for a URL without an http origin. */
  readonly origin: string
  /** Its HTTP method. */
  readonly method: string
} & (
  | {
      /**
       * A request was sent without the token. Emitted once per origin and reason, and again with
       * `status` when such a request is answered 401.
       */
      readonly type: 'authorization-skipped'
      /**
       * `foreign-origin`: its origin is not listed in `origins`. `own-authorization`: it has an
       * `Authorization` header of its own, or a user name in its URL. `opted-out`: it has
       * `countersign: false`.
       */
      readonly reason: 'foreign-origin' | 'own-authorization' | 'opted-out'
      /** 401 if that was the answer. */
      readonly status?: 401
    }
  | {
      /** The request was sent again with another token, after a 401. */
      readonly type: 'request-replayed'
    }
  | {
      /** The caller received the 401. The request was not sent again. */
      readonly type: 'replay-skipped'
      /** Why not. */
      readonly reason: 'one-shot-body' | 'redirected' | 'same-token' | 'aborted'
    }
  | {
      /** A 403 says that the scope of the token is insufficient (RFC 6750 section 3.1). */
      readonly type: 'insufficient-scope'
      /** The scope in its challenge. */
      readonly scope: string | undefined
    }
  | {
      /** `isTokenRejected` threw or rejected; the response counts as accepted. */
      readonly type: 'rejection-check-failed'
    }
)

/** The value of the per-request option `countersign`. There, `false` sends the request untouched. */
export interface RequestAuthorization {
  /**
   * Replaces the provider's scope. Order and duplicates do not matter.
   *
   * @default the provider's `scope`
   * @example 'payments:write'
   */
  scope?: string | readonly string[] | undefined
  /**
   * Replaces the provider's resource indicators (RFC 8707).
   *
   * @default the provider's `resource`
   * @example 'https://api.example.com'
   */
  resource?: string | URL | readonly (string | URL)[] | undefined
}

/** The options of every adapter. `Answer` is the response of its HTTP client. */
export interface AuthorizationOptions<Answer = Response> {
  /**
   * The origins that receive the token, compared exactly after URL parsing: no path, no wildcard,
   * at least one. A plain http origin that is not loopback must be listed here.
   *
   * @example ['https://api.example.com']
   */
  origins: readonly (string | URL)[]
  /**
   * What happens to a request to another origin. `'pass'` sends it untouched. `'throw'` rejects it
   * with a `ForeignOriginError` before it is sent.
   *
   * @default 'pass'
   */
  onForeignOrigin?: 'pass' | 'throw' | undefined
  /**
   * Decides whether a response means that the API rejected the access token; then the token is
   * renewed and the request sent again. Replaces the built-in rule: a 401 without a challenge or
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
  /**
   * Called with each event about a request. Its errors are ignored.
   *
   * @default none
   * @example (event) => log.info(event)
   */
  onEvent?: ((event: RequestEvent) => void) | undefined
}
