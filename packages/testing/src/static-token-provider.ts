import type { AccessToken, TokenProvider } from '@countersign/core'

/** A provider that always has the same token, and remembers what was said against it. */
export interface StaticTokenProvider extends TokenProvider {
  /** The values of the tokens that `invalidate` was called with, in order. */
  readonly invalidated: readonly string[]
}

/** The last instant that a `Date` can hold, in epoch milliseconds. */
const endOfTime = 8.64e15

/**
 * For unit tests of programs that use this library: never does I/O, never renews, and gives the
 * same object each time. Options other than an aborted `signal` change nothing.
 *
 * @param value - The token itself; 'test-token' when left out.
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
    expiresAt: endOfTime,
  })
  const invalidated: string[] = []
  return {
    getAccessToken: async ({ signal } = {}) => {
      signal?.throwIfAborted()
      return accessToken
    },
    currentAccessToken: () => accessToken,
    invalidate: (refused) => {
      invalidated.push(refused.value)
    },
    tokenEndpoint: undefined,
    invalidated,
  }
}
