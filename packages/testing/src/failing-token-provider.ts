import { generateKeyPairSync } from 'node:crypto'
import { createTokenProvider, type TokenProvider } from '@countersign/core'
import { requireKnownMembers } from './loopback-server.js'

/** The answer of the token endpoint of a failing provider. */
export interface TokenFailure {
  /** The HTTP status. @default 503 */
  status?: number | undefined
  /** The `error` of an OAuth error response, such as `invalid_client`. @default None. */
  error?: string | undefined
}

/**
 * Creates a provider that never has a token, for tests of what a program does then. It does no I/O.
 * Its errors are those of a real provider: by default `ERR_TOKEN_UNAVAILABLE`, which is retryable.
 *
 * @param failure - The answer of its token endpoint.
 * @returns the provider.
 * @throws TypeError for an unknown member.
 *
 * @example
 * ```ts
 * const tokens = failingTokenProvider({ status: 401, error: 'invalid_client' })
 * await tokens.getAccessToken() // rejects with ERR_OAUTH
 * ```
 */
export function failingTokenProvider(failure: TokenFailure = {}): TokenProvider {
  requireKnownMembers('a failure', failure, ['status', 'error'])
  const { status = 503, error } = failure
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  return createTokenProvider({
    ...{ clientId: 'test-client', tokenEndpoint: 'https://login.example.com/token' },
    ...{ key: privateKey, retries: 0 },
    fetch: async () => Response.json(error === undefined ? {} : { error }, { status }),
  })
}
