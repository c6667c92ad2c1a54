import type { AccessToken, TokenProvider, TokenStatus } from '@countersign/core'

/** A provider that always returns the same token and records the tokens that are invalidated. */
export interface StaticTokenProvider extends TokenProvider {
  /** The values of the tokens that `invalidate` was called with, in order. */
  readonly invalidated: readonly string[]
}

/**
 * Creates a provider for unit tests of programs that use this library. It does no I/O, never renews
 * the token, and returns the same object each time. An aborted `signal` rejects
 * the call; its other options have no effect.
 *
 * @param value - The token. `@default` 'test-token'
 *
 * @example
 * ```ts
 * const tokens = staticTokenProvider('t')
 * const get = authorizedFetch(tokens, { origins: ['https://api.example.com'], fetch: stub })
 * ```
 */
export function staticTokenProvider(value: string = 'test-token'): StaticTokenProvider {
  const accessToken: AccessToken = Object.freeze({
    value,
    tokenType: 'Bearer',
    authorization: `Bearer ${value}`,
    scope: undefined,
    issuedAt: 0,
    // The last instant that a `Date` can hold.
    expiresAt: 8.64e15,
  })
  const status: TokenStatus = {
    ...{ scope: undefined, resource: [], state: 'fresh', expiresAt: accessToken.expiresAt },
    ...{ dueAt: accessToken.expiresAt, lastError: undefined, nextAttemptAt: undefined },
  }
  const invalidated: string[] = []
  return {
    getAccessToken: async ({ signal } = {}) => {
      signal?.throwIfAborted()
      return accessToken
    },
    currentAccessToken: () => accessToken,
    invalidate: (rejected) => void invalidated.push(rejected.value),
    tokenEndpoint: undefined,
    status: () => [status],
    close: async () => {},
    [Symbol.asyncDispose]: async () => {},
    invalidated,
  }
}
