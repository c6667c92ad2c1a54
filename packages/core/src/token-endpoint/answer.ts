import type { StoredToken } from '../access-token.js'
import type { Clock } from '../clock.js'
import {
  computeClockOffset,
  type Evidence,
  isAboutAssertion,
  isSkewed,
  leastSkew,
} from '../diagnosis/evidence.js'
import { discardBody } from '../discard-body.js'
import { type TokenEndpointError, TokenResponseError } from '../errors.js'
import type { Emit } from '../events.js'
import { TokenRequestFailure } from '../issued-token.js'
import { isScopeReduced, type RequestedAccess } from '../requested-access.js'
import { isObject, snapshot } from '../snapshot.js'
import { createMalformedError, createTokenEndpointError } from './error-response.js'
import type { ServerMemory } from './server-memory.js'
import { parseTokenResponse, readBody } from './token-response.js'
import { createRedirectError } from './transport-failure.js'

export interface ResponseSettings {
  readonly tokenEndpoint: string
  readonly clock: Clock
  readonly emit: Emit
  readonly memory: ServerMemory
  /** What all assertions of the client contain. */
  readonly sent: Evidence['sent']
}

/** The token request that was sent. */
export interface SentRequest {
  readonly access: RequestedAccess
  /** Its number; the first is 1. */
  readonly attempt: number
  /** Monotonic. */
  readonly sentAt: number
  /** When it was sent, by the uncorrected clock, in epoch milliseconds. */
  readonly issuedAt: number
  /** By how much the clock was corrected for the assertion. */
  readonly correction: number
  /** Whether the clock was corrected for this attempt, after a rejection. */
  readonly isCorrected: boolean
}

/**
 * A larger offset is reported and not corrected: with a false `Date` a server could ask for
 * assertions that are valid for a day.
 */
const largestCorrection = 3_600_000

/**
 * Returns the token of a success response.
 *
 * @throws {TokenRequestFailure} for an error response.
 * @throws {CountersignError} for any other response.
 */
export async function readResponse(
  response: Response,
  settings: ResponseSettings,
  request: SentRequest,
): Promise<StoredToken> {
  const { sent, tokenEndpoint, clock, emit, memory } = settings
  const { attempt, issuedAt, correction, isCorrected } = request
  const receivedAt = clock.now()
  if (isRedirect(response)) {
    discardBody(response.body)
    throw createRedirectError(response, { tokenEndpoint, attempts: attempt })
  }
  const { ok, status, headers } = response
  const offset = computeClockOffset(
    headers.get('date'),
    issuedAt + correction,
    receivedAt + correction,
  )
  if (isSkewed(offset) && memory.forget(correction)) emit({ type: 'clock-skew', offset: 0 })
  // For an error response the status counts, even if its body cannot be read.
  const text = await (ok ? readBody(response) : readBody(response).catch(() => ''))
  const body = parseJsonObject(text)
  const answer = { status, contentType: headers.get('content-type'), body }
  // Some servers answer 200 with an error; the other members do not count then.
  if (!ok || (typeof body?.error === 'string' && body.error !== '')) {
    const error = createTokenEndpointError(answer, attempt, {
      sent,
      tokenEndpoint,
      isCorrected,
      accepted: memory.acceptedKey,
      clockOffset: isCorrected ? correction : offset,
    })
    throw new TokenRequestFailure(error, {
      retryAfter: readRetryAfter(headers, receivedAt),
      clockOffset: isSkewed(offset) ? chooseCorrection(error, correction + offset) : undefined,
    })
  }
  if (body === undefined) throw createMalformedError(answer, text.length)
  return readToken(body, settings, request)
}

/**
 * Returns what to correct the clock by for one more attempt. 0 if the response is not an OAuth
 * error: what answered in the server's place has another clock, so the request is only repeated.
 */
function chooseCorrection(error: TokenEndpointError, offset: number): number | undefined {
  if (!isAboutAssertion(error)) return undefined
  if (error.error === undefined || Math.abs(offset) < leastSkew) return 0
  return Math.abs(offset) <= largestCorrection ? offset : undefined
}

function readToken(
  body: Record<string, unknown>,
  { clock, emit }: ResponseSettings,
  { access, issuedAt, sentAt }: SentRequest,
): StoredToken {
  const { token, warnings } = parseTokenResponse(body, issuedAt)
  const [wall, elapsed] = [clock.now() - issuedAt, clock.monotonic() - sentAt]
  const lifetime = token.expiresAt - issuedAt
  if (Math.max(wall, elapsed) >= lifetime) {
    const error = new TokenResponseError(
      'ERR_TOKEN_RESPONSE_INVALID',
      'The token had expired when its response arrived: expires_in counts from when the request was sent.',
      { field: 'expires_in', retryable: lifetime > 0 },
    )
    // Some servers return a token until it expires: the next response has a new one. A wall clock
    // that was set meanwhile needs no pause.
    const isClockSet = lifetime > 0 && Math.abs(wall - elapsed) >= leastSkew
    throw new TokenRequestFailure(error, { expiredPause: isClockSet ? 0 : 1_000 })
  }
  for (const warning of warnings) emit({ type: 'response-warning', warning })
  if (isScopeReduced(access.scope, snapshot(token).scope))
    emit({ type: 'response-warning', warning: 'scope-reduced' })
  // A response without a scope grants the requested one (RFC 6749 section 5.1).
  return access.scope === undefined ? token : { scope: access.scope, ...token }
}

function isRedirect({ status, type, redirected }: Response): boolean {
  return redirected || type === 'opaqueredirect' || [0, 301, 302, 303, 307, 308].includes(status)
}

function parseJsonObject(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text)
    return isObject(value) && !Array.isArray(value)
      ? snapshot(value as Record<string, unknown>)
      : undefined
  } catch {
    return undefined
  }
}

/**
 * Returns `Retry-After` (RFC 9110 section 10.2.3) in milliseconds from now; undefined if it is
 * missing, invalid or past. A date is compared with the server's own `Date`, if it sent one.
 */
export function readRetryAfter(headers: Headers, now: number): number | undefined {
  const value = headers.get('retry-after')?.trim()
  if (!value) return undefined
  if (/^\d+$/.test(value)) return Number(value) * 1000 || undefined
  if (!/^[A-Z][a-z]{2,8},? /.test(value)) return undefined
  const serverNow = Date.parse(headers.get('date') ?? '')
  const wait = Date.parse(value) - (Number.isNaN(serverNow) ? now : serverNow)
  return wait > 0 ? wait : undefined
}
