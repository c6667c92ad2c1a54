import { isTokenValue, type StoredToken } from '../access-token.js'

/**
 * One record per key for many processes. `key` is 64 hexadecimal characters: the SHA-256 of
 * everything that changes the token, the signing key's thumbprint included. A store is asked only
 * when the local token is due or gone, never per request. Every call is bounded (250 ms), and
 * every failure becomes an event and a miss: a store may fail, and must not lie.
 */
export interface TokenStore {
  /** The record; missing, expired or unreadable: undefined. */
  get(key: string, call: { signal: AbortSignal }): Promise<StoredToken | undefined>
  /** Kept no longer than `token.expiresAt`. */
  set(key: string, token: StoredToken, call: { signal: AbortSignal }): Promise<void>
  /** Compare-and-delete: only if the record is still this token. */
  delete(key: string, token: StoredToken, call: { signal: AbortSignal }): Promise<boolean>
  /**
   * The right to make the token request: undefined while another member has it. Ends by itself
   * after `duration` milliseconds. Absent: every member may make it.
   */
  acquireLease?(
    key: string,
    call: { duration: number; signal: AbortSignal },
  ): Promise<
    | {
        /** Gives the right back; only if it is still held. */
        release(): Promise<void>
      }
    | undefined
  >
}

const longestLife = 86_400_000
/** Between the clocks of two members. */
const mostSkew = 300_000

/**
 * May a token from a shared store be used? It must have the shape of one, be neither due nor over
 * nor too good to be true, and not be the one that was refused.
 */
export function isUsable(
  token: StoredToken,
  { now, early, refused }: { now: number; early: number; refused: StoredToken | undefined },
): boolean {
  const { value, tokenType, issuedAt, expiresAt } = token
  if (!isTokenValue(value) || tokenType !== 'Bearer' || !isScope(token.scope)) return false
  if (!Number.isFinite(issuedAt) || !Number.isFinite(expiresAt)) return false
  const life = expiresAt - issuedAt
  if (life <= 0 || life > longestLife || issuedAt - now > mostSkew) return false
  return now < expiresAt - Math.min(early, life / 5) && value !== refused?.value
}

/** What a database makes of a scope that is missing is none. */
function isScope(scope: unknown): boolean {
  return scope === undefined || typeof scope === 'string'
}
