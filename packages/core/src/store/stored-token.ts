import { isTokenValue, type StoredToken, scopeOf } from '../access-token.js'

const longestLife = 86_400_000
/** Between the clocks of two members. */
const mostSkew = 300_000
const members = ['value', 'tokenType', 'issuedAt', 'expiresAt']

/**
 * May a token from a shared store be used? It must have the shape of one, be neither due nor over
 * nor too good to be true, and not be the one that was refused.
 */
export function isUsable(
  token: StoredToken,
  { now, early, refused }: { now: number; early: number; refused: StoredToken | undefined },
): boolean {
  if (!members.every((name) => Object.hasOwn(token, name))) return false
  const { value, tokenType, issuedAt, expiresAt } = token
  if (!isTokenValue(value) || tokenType !== 'Bearer' || !isScope(scopeOf(token))) return false
  if (!Number.isFinite(issuedAt) || !Number.isFinite(expiresAt)) return false
  const life = expiresAt - issuedAt
  if (life <= 0 || life > longestLife || issuedAt - now > mostSkew) return false
  return now < expiresAt - Math.min(early, life / 5) && value !== refused?.value
}

/** What a database makes of a scope that is missing is none. */
function isScope(scope: unknown): boolean {
  return scope === undefined || typeof scope === 'string'
}
