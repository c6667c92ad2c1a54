import type { StoredToken } from '../access-token.js'
import type { Clock } from '../clock.js'
import {
  type Circumstances,
  clockOffset,
  isAboutAssertion,
  isSkewed,
  leastSkew,
} from '../diagnosis/evidence.js'
import { discardBody } from '../discard-body.js'
import {
  type CountersignError,
  isCountersignError,
  type TokenEndpointError,
  TokenResponseError,
} from '../errors.js'
import type { Emit } from '../events.js'
import { TokenRequestFailure } from '../issued-token.js'
import { isScopeReduced, type RequestedAccess } from '../requested-access.js'
import { isObject, snapshot } from '../snapshot.js'
import { endpointError, malformedResponse } from './error-response.js'
import { readBody } from './response-body.js'
import { largestCorrection } from './server-memory.js'
import { member, parseTokenResponse } from './token-response.js'
import { redirectError, transportError } from './transport-failure.js'

export interface AnswerSettings {
  readonly tokenEndpoint: string
  readonly clock: Clock
  readonly emit: Emit
  /** A response contradicts the corrected clock: the correction is not used again. */
  readonly forgetSkew: () => void
}

/** The token request that was answered. */
interface AnsweredRequest {
  readonly access: RequestedAccess
  readonly attempt: number
  /** Epoch milliseconds: when it was sent, by the clock as it is. */
  readonly issuedAt: number
  /** Monotonic. */
  readonly sentAt: number
  /** By how much the clock was corrected for the assertion. */
  readonly correction: number
  readonly circumstances: Omit<Circumstances, 'clockOffset'>
}

/**
 * The token of a success response, or what the answer means instead.
 *
 * @throws {TokenTransportError} for a redirect, and for a body that breaks off.
 */
export async function readAnswer(
  response: Response,
  settings: AnswerSettings,
  request: AnsweredRequest,
): Promise<StoredToken | TokenRequestFailure> {
  const { attempt, circumstances } = request
  const { sent } = circumstances
  const receivedAt = settings.clock.now()
  if (isRedirect(response)) {
    discardBody(response.body)
    throw redirectError(response, settings.tokenEndpoint, { attempts: attempt, sent })
  }
  const { status, headers } = response
  const { issuedAt, correction } = request
  const offset = clockOffset(headers.get('date'), issuedAt + correction, receivedAt + correction)
  if (correction !== 0 && isSkewed(offset)) settings.forgetSkew()
  const text = await bodyText(response, attempt)
  if (text instanceof TokenRequestFailure) return text
  const body = jsonObject(text)
  if (!response.ok || isErrorBody(body))
    return refusal(response, request, { body, receivedAt, offset })
  try {
    if (body === undefined)
      throw malformedResponse(
        { status, contentType: headers.get('content-type') },
        text.length,
        sent,
      )
    return acceptedToken(body, settings, request)
  } catch (error) {
    return new TokenRequestFailure(error as CountersignError)
  }
}

function refusal(
  { status, headers }: Response,
  { attempt, correction, circumstances }: AnsweredRequest,
  {
    body,
    receivedAt,
    offset,
  }: {
    body: Record<string, unknown> | undefined
    receivedAt: number
    offset: number | undefined
  },
): TokenRequestFailure {
  const error = endpointError(
    { status, contentType: headers.get('content-type'), body },
    { ...circumstances, clockOffset: circumstances.isCorrected ? correction : offset },
    attempt,
  )
  return new TokenRequestFailure(error, {
    retryAfter: retryAfter(headers, receivedAt),
    clockOffset: isSkewed(offset) ? correctionAfter(error, correction + offset) : undefined,
  })
}

/**
 * What to correct the clock by for one more attempt. 0 where the answer is no OAuth error: what
 * answered in the server's place has a clock of its own, so the server is asked once more by ours.
 */
function correctionAfter(error: TokenEndpointError, offset: number): number | undefined {
  if (!isAboutAssertion(error)) return undefined
  if (error.error === undefined || Math.abs(offset) < leastSkew) return 0
  return Math.abs(offset) <= largestCorrection ? offset : undefined
}

function acceptedToken(
  body: Record<string, unknown>,
  { clock, emit }: AnswerSettings,
  { access, issuedAt, sentAt }: AnsweredRequest,
): StoredToken | TokenRequestFailure {
  const { token, warnings } = parseTokenResponse(body, issuedAt)
  const [wall, elapsed] = [clock.now() - issuedAt, clock.monotonic() - sentAt]
  const life = token.expiresAt - issuedAt
  if (Math.max(wall, elapsed) >= life)
    return expiredOnArrival(life, Math.abs(wall - elapsed) >= leastSkew)
  for (const warning of warnings) emit({ type: 'response-warning', warning })
  if (isScopeReduced(access.scope, snapshot(token).scope))
    emit({ type: 'response-warning', warning: 'scope-reduced' })
  // A response that names no scope has granted what was asked for (RFC 6749 section 5.1).
  return access.scope === undefined ? token : { scope: access.scope, ...token }
}

async function bodyText(
  response: Response,
  attempt: number,
): Promise<string | TokenRequestFailure> {
  // Of an error response the status counts, whatever its body: one that cannot be read is empty.
  if (!response.ok) return readBody(response).catch(() => '')
  try {
    return await readBody(response)
  } catch (error) {
    if (isCountersignError(error)) return new TokenRequestFailure(error)
    throw transportError(error, attempt)
  }
}

function isRedirect({ status, type, redirected }: Response): boolean {
  return (
    redirected ||
    type === 'opaqueredirect' ||
    status === 0 ||
    [301, 302, 303, 307, 308].includes(status)
  )
}

/**
 * A server that returns the same token until it expires says `expires_in: 0` in its last second:
 * the next answer has a new one. A wall clock that was set meanwhile needs no pause.
 */
function expiredOnArrival(life: number, isClockSet: boolean): TokenRequestFailure {
  const why =
    life === 0
      ? 'its lifetime (expires_in) is 0'
      : isClockSet
        ? 'the wall clock was set while the request was under way'
        : 'its lifetime (expires_in) counts from when the request was sent'
  const error = new TokenResponseError(
    'ERR_TOKEN_RESPONSE_INVALID',
    `The token had expired when its response arrived: ${why}.`,
    { field: 'expires_in', retryable: life > 0 },
  )
  return new TokenRequestFailure(error, { expiredPause: life > 0 && isClockSet ? 0 : 1_000 })
}

/** Some servers answer 200 with an error; whatever else stands beside it does not count. */
function isErrorBody(body: Record<string, unknown> | undefined): boolean {
  const error = body && member(body, 'error')
  return typeof error === 'string' && error !== ''
}

function jsonObject(text: string): Record<string, unknown> | undefined {
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
 * `Retry-After` (RFC 9110 section 10.2.3) in milliseconds from now; undefined for what is missing,
 * garbage or past. A date is read against the server's own `Date`, where there is one.
 */
export function retryAfter(headers: Headers, now: number): number | undefined {
  const value = headers.get('retry-after')?.trim()
  if (!value) return undefined
  if (/^\d+$/.test(value)) return Number(value) * 1000 || undefined
  if (!/^[A-Z][a-z]{2,8},? /.test(value)) return undefined
  const serverNow = Date.parse(headers.get('date') ?? '')
  const wait = Date.parse(value) - (Number.isNaN(serverNow) ? now : serverNow)
  return wait > 0 ? wait : undefined
}
