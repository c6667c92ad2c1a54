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
   * Do not accept the kept token: join the token request under way, else start one, skipping the
   * shared store's copy. The kept token serves others until it is replaced. Does not end a
   * hold-off.
   */
  forceRenewal?: boolean | undefined
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
   * Says that a resource server refused this token. Synchronous, never throws, does no I/O: the
   * next `getAccessToken` renews. No-op unless the token is still the current one of its key.
   *
   * A token that replaced a refused one is on probation for its first 5 s: refused in them it is
   * kept, and a cool-down starts (5 s, doubling to 60 s) in which refusals change nothing.
   */
  invalidate(accessToken: AccessToken): void
  /** As configured. Adapters never authorize a request to it. */
  readonly tokenEndpoint: string | undefined
}

/** What adapters accept: a provider, or a fake with the two methods. */
export type TokenSource = Pick<TokenProvider, 'getAccessToken' | 'invalidate'> &
  Partial<TokenProvider>
