import type { AccessToken } from './access-token.js'

/** The options of one call for an access token. */
export interface AccessTokenOptions {
  /**
   * Replaces the provider's scope for this call. Order and duplicates do not matter.
   *
   * @default the provider's `scope`
   * @example 'payments:write'
   */
  scope?: string | readonly string[] | undefined
  /**
   * Replaces the provider's resource indicators for this call (RFC 8707).
   *
   * @default the provider's `resource`
   * @example 'https://api.example.com'
   */
  resource?: string | URL | readonly (string | URL)[] | undefined
  /**
   * Ends the wait of this caller, and never the token request. If it is aborted already, the call
   * rejects at once.
   *
   * @default none
   */
  signal?: AbortSignal | undefined
  /**
   * Requests a new token, or joins the token request in flight. The current token and the shared
   * store are not used. The current token serves other callers until it is replaced. A hold-off
   * after a failure still applies.
   *
   * @default false
   */
  forceRenewal?: boolean | undefined
  /**
   * The token that an API just rejected, after `invalidate`. If its renewal fails, this call
   * rejects with the renewal's error instead of falling back to that token.
   *
   * @default none
   */
  rejected?: AccessToken | undefined
}

/** The options of a report about a rejected token. */
export interface InvalidateOptions {
  /**
   * `false` for a 401 that may be the answer to a request without the token, such as after a
   * redirect that the HTTP client does not show. The token is then renewed, but never dropped, and
   * such reports cost at most one token request per cool-down.
   *
   * @default true
   */
  isCertain?: boolean | undefined
}

/**
 * Provides the access tokens of one client. Create one per client ID, and share it between any
 * number of axios instances, ky instances and fetch functions.
 */
export interface TokenProvider {
  /**
   * Returns the current token if it is fresh or due for renewal, and otherwise waits for the one
   * token request of its key. All callers receive the same object until it is replaced.
   *
   * @returns a promise of its own for each caller.
   * @throws {CountersignError} when a token cannot be obtained.
   * @throws `signal.reason` when the signal aborts.
   * @example
   * ```ts
   * const { authorization } = await tokens.getAccessToken({ scope: 'accounts:read' })
   * ```
   */
  getAccessToken(options?: AccessTokenOptions): Promise<AccessToken>
  /**
   * Returns what `getAccessToken` would return without waiting, or `undefined`. Starts the early
   * renewal when it is due. Never throws.
   *
   * @example
   * ```ts
   * const token = tokens.currentAccessToken() ?? (await tokens.getAccessToken())
   * ```
   */
  currentAccessToken(
    options?: Pick<AccessTokenOptions, 'scope' | 'resource'>,
  ): AccessToken | undefined
  /**
   * Reports that a resource server rejected this token. Synchronous, never throws, does no I/O.
   * Ignored unless the current token of a key has the same value: a copy of the object is fine.
   *
   * The token becomes suspect: the next `getAccessToken` renews it, and other callers wait for that
   * renewal. If it fails with a retryable error, they receive the suspect token until it expires.
   * After any other failure the token is dropped, unless `isCertain` is `false`.
   *
   * A token that replaced a rejected one is on probation for its first 5 s. If it is rejected in
   * that time it is kept, and a cool-down starts (5 s, doubling to 60 s) in which rejections change
   * nothing.
   *
   * @example
   * ```ts
   * if (response.status === 401) tokens.invalidate(token)
   * ```
   * @see RFC 6750 section 3.1
   */
  invalidate(accessToken: AccessToken, options?: InvalidateOptions): void
  /** The token endpoint as configured. Adapters never authorize a request to it. */
  readonly tokenEndpoint: string | undefined
}

/** What adapters accept: a provider, or a fake with `getAccessToken` and `invalidate`. */
export type TokenSource = Pick<TokenProvider, 'getAccessToken' | 'invalidate'> &
  Partial<TokenProvider>
