import type { AccessToken, TokenProvider, TokenStatus } from '@countersign/core'

/** A provider with fixed tokens, which records those that are invalidated. */
export interface StaticTokenProvider extends TokenProvider {
  /** The values of the tokens that `invalidate` was called with, in order. */
  readonly invalidated: readonly string[]
}

/**
 * Creates a provider for unit tests of programs that use this library. It does no I/O, and returns
 * the same object until it is invalidated. An aborted `signal` rejects the call; other options of a
 * call have no effect.
 *
 * @param values - The token, or several: each is current until it is invalidated, and the last one
 * stays. `@default` 'test-token'
 * @returns the provider.
 * @throws TypeError for an empty list.
 *
 * @example
 * ```ts
 * const tokens = staticTokenProvider(['expired', 'renewed'])
 * const get = authorizedFetch(tokens, { origins: ['https://api.example.com'], fetch: stub })
 * ```
 */
export function staticTokenProvider(
  values: string | readonly string[] = 'test-token',
): StaticTokenProvider {
  const [first, ...later] = [values].flat().map(createToken)
  if (first === undefined) throw new TypeError('a static provider needs at least one token')
  let token = first
  const invalidated: string[] = []
  return {
    async getAccessToken({ signal } = {}) {
      signal?.throwIfAborted()
      return token
    },
    currentAccessToken: () => token,
    invalidate({ value }) {
      invalidated.push(value)
      if (value === token.value) token = later.shift() ?? token
    },
    status: () => [describe(token)],
    close: async () => {},
    [Symbol.asyncDispose]: async () => {},
    tokenEndpoint: undefined,
    invalidated,
  }
}

function createToken(value: string): AccessToken {
  return Object.freeze({
    ...({ value, tokenType: 'Bearer', authorization: `Bearer ${value}` } as const),
    // It expires at the last instant that a `Date` can hold.
    ...{ scope: undefined, issuedAt: 0, expiresAt: 8.64e15 },
  })
}

function describe({ expiresAt }: AccessToken): TokenStatus {
  return {
    ...{ scope: undefined, resource: [], state: 'fresh', expiresAt, dueAt: expiresAt },
    ...{ lastError: undefined, nextAttemptAt: undefined },
  }
}
