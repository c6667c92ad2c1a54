/// <reference lib="esnext.disposable" preserve="true" />
import type { AccessToken } from './access-token.js'
import type { CountersignError } from './errors.js'

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

/** The state of one token of a provider. Instants are epoch milliseconds. */
export interface TokenStatus {
  /** The scope that it is requested for, scope tokens joined by a space; `undefined` for none. */
  readonly scope: string | undefined
  /** The resource indicators that it is requested for. */
  readonly resource: readonly string[]
  /**
   * `empty`: no token was obtained yet. `fresh`: it is used. `due`: it is used, and the next call renews it.
   * `suspect`: an API rejected it, and the next call renews it. `expired`: the next call waits for
   * another. `closed`: the provider is closed.
   */
  readonly state: 'empty' | 'fresh' | 'due' | 'suspect' | 'expired' | 'closed'
  /** When it expires. */
  readonly expiresAt: number | undefined
  /** When its early renewal is due. */
  readonly dueAt: number | undefined
  /** Why the last attempt to obtain a token failed; `undefined` after a success. */
  readonly lastError: CountersignError | undefined
  /** Until then no token request is made; `undefined` if one may be made now. */
  readonly nextAttemptAt: number | undefined
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
   * @throws {CountersignError} when a token cannot be obtained, or for a wrong argument.
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
   * Reports that a resource server rejected this token. Synchronous, does no I/O. Ignored unless the current token of a key has the same value: a copy of the object is fine.
   *
   * The token becomes suspect: the next `getAccessToken` renews it, and other callers wait for that
   * renewal. If it fails with a retryable error, they receive the suspect token until it expires.
   * After any other failure the token is dropped, unless `isCertain` is `false`.
   *
   * A token that replaced a rejected one is on probation for its first 5 s. If it is rejected in
   * that time it is kept, and a cool-down starts (5 s, doubling to 60 s) in which rejections change
   * nothing.
   *
   * @throws {ConfigurationError} for anything but an access token.
   * @example
   * ```ts
   * if (response.status === 401) tokens.invalidate(token)
   * ```
   * @see RFC 6750 section 3.1
   */
  invalidate(accessToken: AccessToken, options?: InvalidateOptions): void
  /**
   * Returns the state of each token: first that of the provider's own scope and resources, then
   * those of calls with others. Synchronous, makes no request and starts no renewal.
   *
   * @example
   * ```ts
   * const isHealthy = tokens.status().every(({ lastError }) => lastError === undefined)
   * ```
   */
  status(): readonly TokenStatus[]
  /**
   * Closes the provider, for the end of a program. Later calls reject with `ERR_PROVIDER_CLOSED`, and
   * `currentAccessToken` returns `undefined`. A caller that waits for a token still receives it. A
   * token request that no caller waits for is aborted. Closing again changes nothing.
   *
   * @returns a promise that resolves when no token request is in flight and no lease is held.
   * @example
   * ```ts
   * process.once('SIGTERM', () => tokens.close())
   * ```
   */
  close(): Promise<void>
  /** Calls {@link TokenProvider.close}, for `await using`. */
  [Symbol.asyncDispose](): Promise<void>
  /** The token endpoint as configured. Adapters never authorize a request to it. */
  readonly tokenEndpoint: string | undefined
}

/** What adapters accept: a provider, or a fake with `getAccessToken` and `invalidate`. */
export type TokenSource = Pick<TokenProvider, 'getAccessToken' | 'invalidate'> &
  Partial<TokenProvider>
