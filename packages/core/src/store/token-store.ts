import { isTokenValue, type StoredToken } from '../access-token.js'

/**
 * Shares tokens between processes: one record per key. A key is 64 hexadecimal characters, the
 * SHA-256 of everything that changes the token, including the thumbprint of the signing key.
 *
 * A provider calls its store only when the token in its memory is due for renewal or missing, never
 * per request. Each call has 250 ms. A call that fails counts as a miss and emits `store-failed`.
 *
 * @example
 * ```ts
 * const store: TokenStore = {
 *   get: async (key) => JSON.parse((await redis.get(key)) ?? 'null') ?? undefined,
 *   set: async (key, token) => {
 *     await redis.set(key, JSON.stringify(token), { PXAT: token.expiresAt })
 *   },
 *   delete: async (key, token) => deleteIfEqual(redis, key, JSON.stringify(token)),
 * }
 * ```
 */
export interface TokenStore {
  /** Returns the record, or `undefined` if it is missing, expired or unreadable. */
  get(key: string, call: { signal: AbortSignal }): Promise<StoredToken | undefined>
  /** Keeps the record until `token.expiresAt` at most. */
  set(key: string, token: StoredToken, call: { signal: AbortSignal }): Promise<void>
  /** Deletes the record if it still is this token, and returns whether it did. */
  delete(key: string, token: StoredToken, call: { signal: AbortSignal }): Promise<boolean>
  /**
   * Returns the right to make the token request, or `undefined` while another process has it. The
   * lease ends after `duration` milliseconds. Without this method, every process may make one.
   */
  acquireLease?(
    key: string,
    call: { duration: number; signal: AbortSignal },
  ): Promise<
    | {
        /** Returns the right before its end, if it is still held. */
        release(): Promise<void>
      }
    | undefined
  >
}

const longestLifetime = 86_400_000
/** The most by which the clocks of two processes may differ. */
const longestSkew = 300_000

/**
 * Whether a token from a store can be used: it is complete, not due for renewal, not from the
 * future, and not the token that was rejected.
 */
export function isUsable(
  token: StoredToken,
  { now, early, rejected }: { now: number; early: number; rejected: StoredToken | undefined },
): boolean {
  const { value, tokenType, scope, issuedAt, expiresAt } = token
  const lifetime = expiresAt - issuedAt
  return (
    isTokenValue(value) &&
    value !== rejected?.value &&
    tokenType === 'Bearer' &&
    (scope === undefined || typeof scope === 'string') &&
    Number.isFinite(issuedAt) &&
    Number.isFinite(expiresAt) &&
    lifetime > 0 &&
    lifetime <= longestLifetime &&
    issuedAt - now <= longestSkew &&
    now < expiresAt - Math.min(early, lifetime / 5)
  )
}
