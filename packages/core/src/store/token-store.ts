import { isTokenValue, type StoredToken } from '../access-token.js'

/**
 * Shares tokens between processes: one record per key. A key is 64 hexadecimal characters, the
 * SHA-256 of everything that changes the token, including the thumbprint of the signing key.
 *
 * A provider calls its store only when the token in its memory is due for renewal or missing, never
 * per request. A call has 250 ms, or 1 s while the provider can wait. One that fails counts as a miss
 * and emits `store-failed` with the `code` or the name of its error.
 *
 * @example
 * ```ts
 * const store: TokenStore = {
 *   get: async (key) => JSON.parse((await database.read(key)) ?? 'null') ?? undefined,
 *   set: (key, token) => database.write(key, JSON.stringify(token), token.expiresAt),
 *   delete: (key, token) => database.removeIfToken(key, token.value),
 * }
 * ```
 */
export interface TokenStore {
  /** Returns the record, or `undefined` if it is missing, expired or unreadable. */
  get(key: string, call: { signal: AbortSignal }): Promise<StoredToken | undefined>
  /** Keeps the record until `token.expiresAt` at most. A record that has expired removes the one before. */
  set(key: string, token: StoredToken, call: { signal: AbortSignal }): Promise<void>
  /**
   * Deletes the record if its `value` is still that of this token, and returns whether it did.
   * Nothing else is compared.
   */
  delete(key: string, token: StoredToken, call: { signal: AbortSignal }): Promise<boolean>
  /**
   * Returns the right to make the token request, or `undefined` while another process has it. The
   * lease ends after `duration`, which is whole milliseconds from 1,000 to 5,000. A lease that is
   * granted after `signal` has aborted is released. Without this method, every process may make a
   * token request.
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

/** Whether a token from a store can be used: it is complete, not due, and not from the future. */
export function isUsable(
  token: StoredToken,
  { now, early }: { now: number; early: number },
): boolean {
  const { value, tokenType, scope, issuedAt, expiresAt } = token
  const lifetime = expiresAt - issuedAt
  return (
    isTokenValue(value) &&
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
