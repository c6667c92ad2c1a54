import { isTokenValue, type StoredToken } from '../access-token.js'

const longestLife = 86_400_000
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
  if (!isTokenValue(value) || tokenType !== 'Bearer') return false
  if (!Number.isFinite(issuedAt) || !Number.isFinite(expiresAt) || expiresAt - now > longestLife)
    return false
  const window = Math.min(early, (expiresAt - issuedAt) / 5)
  return now < expiresAt - window && value !== refused?.value
}
