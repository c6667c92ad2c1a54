import { type StoredToken, scopeOf } from '../access-token.js'
import type { Clock } from '../clock.js'
import { discardBody } from '../discard-body.js'
import { type CountersignError, isCountersignError, TokenResponseError } from '../errors.js'
import type { Emit } from '../events.js'
import { isObject } from '../own-members.js'
import { isScopeReduced, type RequestedAccess } from '../requested-access.js'
import { clockOffset, largestCorrection } from './clock-skew.js'
import { endpointError, malformedResponse } from './error-response.js'
import { type Circumstances, isAboutAssertion, isSkewed } from './evidence.js'
import { readBody } from './response-body.js'
import { retryAfter } from './retry.js'
import { TokenRequestFailure } from './token-request-failure.js'
import { member, parseTokenResponse } from './token-response.js'
import { redirectError, transportError } from './transport-failure.js'

export interface AnswerSettings {
  readonly tokenEndpoint: string
  readonly clock: Clock
  readonly emit: Emit
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
  const text = await bodyText(response, attempt)
  if (text instanceof TokenRequestFailure) return text
  const body = jsonObject(text)
  if (!response.ok || isErrorBody(body)) return refusal(response, body, request, receivedAt)
  try {
    const { status, headers } = response
    if (body === undefined)
      throw malformedResponse(status, headers.get('content-type'), text.length, sent)
    return acceptedToken(body, settings, request)
  } catch (error) {
    return new TokenRequestFailure(error as CountersignError)
  }
}

function refusal(
  { status, headers }: Response,
  body: Record<string, unknown> | undefined,
  { attempt, issuedAt, correction, circumstances }: AnsweredRequest,
  receivedAt: number,
): TokenRequestFailure {
  const offset = clockOffset(headers.get('date'), issuedAt + correction, receivedAt + correction)
  const error = endpointError(
    { status, contentType: headers.get('content-type'), body },
    { ...circumstances, clockOffset: circumstances.isCorrected ? correction : offset },
    attempt,
  )
  const mayBeItsClock =
    isSkewed(offset) &&
    isAboutAssertion(error) &&
    Math.abs(correction + offset) <= largestCorrection
  return new TokenRequestFailure(
    error,
    retryAfter(headers, receivedAt),
    mayBeItsClock ? correction + offset : undefined,
  )
}

function acceptedToken(
  body: Record<string, unknown>,
  { clock, emit }: AnswerSettings,
  { access, issuedAt, sentAt }: AnsweredRequest,
): StoredToken {
  const { token, warnings } = parseTokenResponse(body, issuedAt)
  const age = Math.max(clock.now() - issuedAt, clock.monotonic() - sentAt)
  if (age >= token.expiresAt - issuedAt) throw overOnArrival()
  for (const warning of warnings) emit({ type: 'response-warning', warning })
  if (isScopeReduced(access.scope, scopeOf(token)))
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

function overOnArrival(): TokenResponseError {
  return new TokenResponseError(
    'ERR_TOKEN_RESPONSE_INVALID',
    'The token was over before its response arrived: its lifetime (expires_in) counts from when the request was sent.',
    { field: 'expires_in' },
  )
}

/** Some servers answer 200 with an error; whatever else stands beside it does not count. */
function isErrorBody(body: Record<string, unknown> | undefined): boolean {
  const error = body && member(body, 'error')
  return typeof error === 'string' && error !== ''
}

function jsonObject(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text)
    return isObject(value) && !Array.isArray(value) ? (value as Record<string, unknown>) : undefined
  } catch {
    return undefined
  }
}
