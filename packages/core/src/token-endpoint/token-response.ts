import { isTokenValue, type StoredToken } from '../access-token.js'
import { TokenResponseError } from '../errors.js'
import type { TokenHappening } from '../events.js'

type ResponseWarning = Extract<TokenHappening, { type: 'response-warning' }>['warning']

export interface TokenResponse {
  readonly token: StoredToken
  readonly warnings: readonly ResponseWarning[]
}

const assumedLifetime = 300
const longestLifetime = 86_400

/**
 * The token of a success response (RFC 6749 section 5.1), checked and translated once: inside,
 * there is no `expires_in`. `issuedAt` is when the request was sent.
 *
 * @throws {TokenResponseError} naming the member at fault.
 */
export function parseTokenResponse(body: Record<string, unknown>, issuedAt: number): TokenResponse {
  const warnings: ResponseWarning[] = []
  const value = accessToken(member(body, 'access_token'))
  const tokenType = member(body, 'token_type')
  if (tokenType === undefined) warnings.push('token-type-missing')
  else if (!isBearer(tokenType)) throw unsupportedType()
  else if (tokenType.toLowerCase() !== 'bearer') warnings.push('token-type-variant')
  const seconds = lifetimeSeconds(member(body, 'expires_in'), warnings)
  const scope = grantedScope(member(body, 'scope'))
  if (value.length > 16_384) warnings.push('token-over-16k')
  const token: StoredToken = {
    value,
    tokenType: 'Bearer',
    issuedAt,
    expiresAt: issuedAt + seconds * 1000,
    ...(scope === undefined ? {} : { scope }),
  }
  return { token, warnings }
}

/** Some servers write `BearerToken` or `Bearer ` and mean Bearer. */
function isBearer(tokenType: unknown): tokenType is string {
  return typeof tokenType === 'string' && /^\s*bearer[\s_-]*(token)?\s*$/i.test(tokenType)
}

/** Null counts as missing. */
export function member(body: Record<string, unknown>, name: string): unknown {
  return body[name] ?? undefined
}

function accessToken(value: unknown): string {
  if (isTokenValue(value)) return value
  throw invalid('access_token', 'is missing or not printable ASCII without spaces')
}

function lifetimeSeconds(value: unknown, warnings: ResponseWarning[]): number {
  if (value === undefined) {
    warnings.push('expires-in-missing')
    return assumedLifetime
  }
  const given = typeof value === 'string' && /^\d{1,10}$/.test(value) ? Number(value) : value
  if (typeof given !== 'number' || !Number.isFinite(given) || given < 0) {
    throw invalid('expires_in', 'is not a number of seconds')
  }
  const seconds = Math.floor(given)
  if (seconds <= longestLifetime) return seconds
  warnings.push('expires-in-clamped')
  return longestLifetime
}

function grantedScope(value: unknown): string | undefined {
  if (value === undefined) return undefined
  if (typeof value === 'string' && /^[\x20-\x7e]*$/.test(value)) return value.trim() || undefined
  throw invalid('scope', 'is not a string of scope tokens')
}

function invalid(field: string, what: string): TokenResponseError {
  return new TokenResponseError(
    'ERR_TOKEN_RESPONSE_INVALID',
    `The token response's ${field} ${what} (RFC 6749 section 5.1). The token was not kept.`,
    { field },
  )
}

function unsupportedType(): TokenResponseError {
  return new TokenResponseError(
    'ERR_TOKEN_TYPE_UNSUPPORTED',
    "The token response's token_type is not Bearer. The token was not kept: ask the authorization server for Bearer tokens.",
    { field: 'token_type', hints: ['Ask the authorization server for Bearer tokens.'] },
  )
}
