import { isTokenValue, type StoredToken } from '../access-token.js'
import { discardBody } from '../discard-body.js'
import { TokenResponseError } from '../errors.js'
import type { TokenHappening } from '../events.js'

type ResponseWarning = Extract<TokenHappening, { type: 'response-warning' }>['warning']

const assumedLifetime = 300
const longestLifetime = 86_400
const longestBody = 65_536

/**
 * Returns the token of a success response (RFC 6749 section 5.1), checked and translated once.
 * `issuedAt` is when the request was sent, in epoch milliseconds.
 *
 * @throws {TokenResponseError} that names the invalid member.
 */
export function parseTokenResponse(body: Record<string, unknown>, issuedAt: number) {
  const warnings: ResponseWarning[] = []
  const value = readAccessToken(readMember(body, 'access_token'))
  const tokenType = readMember(body, 'token_type')
  if (tokenType === undefined) warnings.push('token-type-missing')
  else if (!isBearer(tokenType)) {
    throw new TokenResponseError(
      'ERR_TOKEN_TYPE_UNSUPPORTED',
      "The token response's token_type is not Bearer, so the token was discarded.",
      { field: 'token_type', hints: ['Ask the operator of the server for Bearer tokens.'] },
    )
  } else if (tokenType.toLowerCase() !== 'bearer') warnings.push('token-type-variant')
  const seconds = readLifetime(readMember(body, 'expires_in'), warnings)
  const scope = readScope(readMember(body, 'scope'))
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

/** Returns a member of the response; null counts as missing. */
export function readMember(body: Record<string, unknown>, name: string): unknown {
  return body[name] ?? undefined
}

function readAccessToken(value: unknown): string {
  if (isTokenValue(value)) return value
  throw createFieldError('access_token', 'is missing or not printable ASCII without spaces')
}

function readLifetime(value: unknown, warnings: ResponseWarning[]): number {
  if (value === undefined) {
    warnings.push('expires-in-missing')
    return assumedLifetime
  }
  const given = typeof value === 'string' && /^\d{1,10}$/.test(value) ? Number(value) : value
  if (typeof given !== 'number' || !Number.isFinite(given) || given < 0) {
    throw createFieldError('expires_in', 'is not a number of seconds')
  }
  const seconds = Math.floor(given)
  if (seconds <= longestLifetime) return seconds
  warnings.push('expires-in-clamped')
  return longestLifetime
}

function readScope(value: unknown): string | undefined {
  if (value === undefined) return undefined
  if (typeof value === 'string' && /^[\x20-\x7e]*$/.test(value)) return value.trim() || undefined
  throw createFieldError('scope', 'is not a string of scope tokens')
}

function createFieldError(field: string, what: string): TokenResponseError {
  return new TokenResponseError(
    'ERR_TOKEN_RESPONSE_INVALID',
    `The token response's ${field} ${what} (RFC 6749 section 5.1). The token was discarded.`,
    { field },
  )
}

/**
 * Returns the body as text, at most 64 KiB after decoding; the rest is never read.
 *
 * @throws {TokenResponseError} for a longer body.
 */
export async function readBody(response: Response): Promise<string> {
  if (Number(response.headers.get('content-length')) > longestBody) {
    discardBody(response.body)
    throw createSizeError()
  }
  // Responses of XMLHttpRequest polyfills and React Native have no stream, and some fetch
  // implementations return a Node stream.
  const body = response.body ?? [new TextEncoder().encode(await response.text())]
  const decoder = new TextDecoder()
  let text = ''
  let size = 0
  // Leaving the loop cancels the stream.
  for await (const chunk of body as AsyncIterable<Uint8Array>) {
    size += chunk.byteLength
    if (size > longestBody) throw createSizeError()
    text += decoder.decode(chunk, { stream: true })
  }
  return text + decoder.decode()
}

function createSizeError(): TokenResponseError {
  return new TokenResponseError(
    'ERR_TOKEN_RESPONSE_TOO_LARGE',
    `The token endpoint answered with more than ${longestBody} bytes.`,
    { hints: ['Check that the URL is that of a token endpoint.'] },
  )
}
