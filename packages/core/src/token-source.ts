import type { AccessToken } from './access-token.js'

/** What one caller may say when it asks for an access token. */
export interface AccessTokenOptions {
  /** Replaces the provider's scope for this call; order and duplicates do not matter. */
  scope?: string | readonly string[] | undefined
  /** Replaces the provider's resource indicators for this call (RFC 8707). */
  resource?: string | readonly string[] | undefined
  /**
   * Ends this caller's wait only, never the token request. Already aborted: rejects at once,
   * even with a token at hand, and starts nothing.
   */
  signal?: AbortSignal | undefined
  /**
   * Do not accept the kept token or the shared store's copy: join the token request in flight, or
   * start one. The kept token serves others until it is replaced. Does not end a
   * hold-off.
   */
  forceRenewal?: boolean | undefined
  /**
   * The token that an API just rejected, after `invalidate`. If its renewal fails, this call
   * rejects with the renewal's error instead of falling back to that token.
   */
  rejected?: AccessToken | undefined
}

/** What a caller knows about a rejected token. */
export interface InvalidateOptions {
  /**
   * `false` for a 401 that may be the answer to a request without the token, such as after a
   * redirect that the HTTP client does not show. The token is then renewed, but never dropped, and
   * such reports cost at most one token request per cool-down. `@default true`
   */
  isCertain?: boolean | undefined
}

/** Built once per client id, shared by any number of axios instances, ky instances and fetch functions. */
export interface TokenProvider {
  /**
   * Resolves to the kept token while it is fresh or due, else waits for the one token request of
   * its key. The same object is given to all callers until it is replaced. Rejects with a
   * `CountersignError`, or with `signal.reason` itself. Each caller has its own promise.
   */
  getAccessToken(options?: AccessTokenOptions): Promise<AccessToken>
  /**
   * What `getAccessToken` would give without waiting, else undefined. Never throws; starts the
   * early renewal when it is due.
   */
  currentAccessToken(
    options?: Pick<AccessTokenOptions, 'scope' | 'resource'>,
  ): AccessToken | undefined
  /**
   * Reports that a resource server rejected this token. Synchronous, never throws, does no I/O.
   * Ignored unless the current token of a key has the same value: a copy of the object will do.
   *
   * The token becomes suspect: the next `getAccessToken` renews it, and other callers wait for that
   * renewal. If it fails with a retryable error, they get the suspect token until it expires.
   * After any other failure the token is dropped, unless `isCertain` is `false`.
   *
   * A token that replaced a rejected one is on probation for its first 5 s: if it is rejected in
   * that time it is kept, and a cool-down starts (5 s, doubling to 60 s) in which rejections change
   * nothing.
   */
  invalidate(accessToken: AccessToken, options?: InvalidateOptions): void
  /** As configured. Adapters never authorize a request to it. */
  readonly tokenEndpoint: string | undefined
}

/** What adapters accept: a provider, or a fake with the two methods. */
export type TokenSource = Pick<TokenProvider, 'getAccessToken' | 'invalidate'> &
  Partial<TokenProvider>
