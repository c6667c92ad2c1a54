import { type StoredToken, scopeOf } from '../access-token.js'
import type { Clock } from '../clock.js'
import { within } from '../deadline.js'
import { discardBody } from '../discard-body.js'
import {
  ConfigurationError,
  type CountersignError,
  isCountersignError,
  TokenResponseError,
  TokenTransportError,
} from '../errors.js'
import type { Emit } from '../events.js'
import { isScopeReduced, type RequestedAccess } from '../requested-access.js'
import { endpointError, malformedResponse, type SentAssertion } from './error-response.js'
import { readBody } from './response-body.js'
import { backoff, retryAfter } from './retry.js'
import { type TokenFetch, tokenRequest } from './token-request.js'
import { member, parseTokenResponse } from './token-response.js'
import {
  redirectError,
  timeoutError,
  transportError,
  transportRetries,
} from './transport-failure.js'

/** What signs: a new assertion for every attempt, or a server takes the second for a replay. */
interface AssertionSource {
  readonly alg: string
  readonly kid: string | undefined
  sign(now: number): Promise<string>
}

export interface TokenClientSettings {
  readonly clientId: string
  readonly tokenEndpoint: string
  readonly audience: string
  readonly parameters: Readonly<Record<string, string>>
  readonly timeout: number
  readonly fetch: TokenFetch
  readonly clock: Clock
  readonly random: () => number
  readonly emit: Emit
}

export interface TokenRequestCall {
  readonly access: RequestedAccess
  readonly assertions: AssertionSource
  /** Attempts beyond the first. */
  readonly retries: number
  /** Monotonic: no attempt and no pause goes past it. */
  readonly deadline: number
  readonly signal: AbortSignal
}

interface IssuedToken {
  readonly token: StoredToken
  readonly attempts: number
  /** Monotonic: when the token request was sent. */
  readonly sentAt: number
}

/** A failed token request, with what the server asked for in `Retry-After`, in milliseconds. */
export class TokenRequestFailure {
  readonly error: CountersignError
  readonly retryAfter: number | undefined
  constructor(error: CountersignError, retryAfter: number | undefined) {
    this.error = error
    this.retryAfter = retryAfter
  }
}

/**
 * Makes token requests until one is answered: retries network failures, timeouts, 408, 425, 429
 * and 5xx, each time with a new assertion.
 *
 * @throws {TokenRequestFailure}
 */
export async function requestToken(
  settings: TokenClientSettings,
  call: TokenRequestCall,
): Promise<IssuedToken> {
  const { clock, emit, random } = settings
  for (let attempt = 1; ; attempt++) {
    const sentAt = clock.monotonic()
    const outcome = await attemptOnce(settings, call, { attempt, sentAt })
    if (!(outcome instanceof TokenRequestFailure))
      return { token: outcome, attempts: attempt, sentAt }
    const { error } = outcome
    const now = clock.monotonic()
    const retryIn = pauseBefore(attempt, outcome, call, call.deadline - now, random)
    emit({ type: 'token-request-failed', error, attempt, duration: now - sentAt, retryIn })
    if (retryIn === undefined || call.signal.aborted) throw outcome
    await clock.wait(retryIn, call.signal)
  }
}

/** How long until the next attempt; undefined: there is none. */
function pauseBefore(
  attempt: number,
  { error, retryAfter: asked }: TokenRequestFailure,
  { retries }: TokenRequestCall,
  left: number,
  random: () => number,
): number | undefined {
  const worth =
    error instanceof TokenTransportError ? transportRetries(error) : error.retryable ? retries : 0
  if (attempt > Math.min(retries, worth)) return undefined
  const pause = asked ?? backoff(attempt - 1, random())
  return pause < left ? pause : undefined
}

async function attemptOnce(
  settings: TokenClientSettings,
  { access, assertions, deadline, signal }: TokenRequestCall,
  { attempt, sentAt }: { attempt: number; sentAt: number },
): Promise<StoredToken | TokenRequestFailure> {
  const { clock, timeout } = settings
  const issuedAt = clock.now()
  if (!Number.isFinite(issuedAt)) throw unusableClock()
  const clientAssertion = await assertions.sign(issuedAt)
  const { clientId, audience } = settings
  const sent: SentAssertion = { clientId, audience, alg: assertions.alg, kid: assertions.kid }
  const limit = Math.max(0, Math.min(timeout / 2, deadline - clock.monotonic()))
  const late = () =>
    timeoutError(`The token endpoint did not answer within ${Math.round(limit)} ms.`, attempt)
  signal.throwIfAborted()
  return within(clock, limit, late, (attemptSignal) =>
    exchange(settings, access, {
      ...{ clientAssertion, sent, issuedAt, sentAt, attempt },
      signal: attemptSignal,
    }),
  ).catch((error) => {
    if (error instanceof TokenTransportError) return new TokenRequestFailure(error, undefined)
    throw error
  })
}

interface Attempt {
  readonly clientAssertion: string
  readonly sent: SentAssertion
  readonly issuedAt: number
  readonly sentAt: number
  readonly attempt: number
  readonly signal: AbortSignal
}

async function exchange(
  settings: TokenClientSettings,
  access: RequestedAccess,
  { clientAssertion, sent, issuedAt, sentAt, attempt, signal }: Attempt,
): Promise<StoredToken | TokenRequestFailure> {
  const { fetch, tokenEndpoint, emit, clock } = settings
  const init = tokenRequest(settings, access, clientAssertion, signal)
  const response = await fetched(() => fetch(tokenEndpoint, init), attempt)
  if (isRedirect(response)) {
    discardBody(response.body)
    throw redirectError(response, tokenEndpoint, attempt)
  }
  const text = await bodyText(response, attempt)
  if (text instanceof TokenRequestFailure) return text
  const body = jsonObject(text)
  const { status, headers } = response
  const contentType = headers.get('content-type')
  if (!response.ok || isErrorBody(body)) {
    return new TokenRequestFailure(
      endpointError({ status, contentType, body }, sent, attempt),
      retryAfter(headers, clock.now()),
    )
  }
  try {
    if (body === undefined) throw malformedResponse(status, contentType, text.length)
    const { token, warnings } = parseTokenResponse(body, issuedAt)
    const age = Math.max(clock.now() - issuedAt, clock.monotonic() - sentAt)
    if (age >= token.expiresAt - issuedAt) throw overOnArrival()
    for (const warning of warnings) emit({ type: 'response-warning', warning })
    if (isScopeReduced(access.scope, scopeOf(token)))
      emit({ type: 'response-warning', warning: 'scope-reduced' })
    // A response that names no scope has granted what was asked for (RFC 6749 section 5.1).
    return access.scope === undefined ? token : { scope: access.scope, ...token }
  } catch (error) {
    return new TokenRequestFailure(error as CountersignError, undefined)
  }
}

async function bodyText(
  response: Response,
  attempt: number,
): Promise<string | TokenRequestFailure> {
  try {
    return await readBody(response)
  } catch (error) {
    if (!isCountersignError(error)) throw transportError(error, attempt)
    // Of an error response the status counts, whatever its body.
    return response.ok ? new TokenRequestFailure(error, undefined) : ''
  }
}

async function fetched(send: () => Promise<Response>, attempt: number): Promise<Response> {
  try {
    return await send()
  } catch (error) {
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
    'expires_in',
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
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as Record<string, unknown>)
      : undefined
  } catch {
    return undefined
  }
}

function unusableClock(): ConfigurationError {
  return new ConfigurationError(
    'ERR_CLOCK',
    'The clock gave no number; an assertion needs the time of day.',
    'clock',
  )
}
