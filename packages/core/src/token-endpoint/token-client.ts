import type { StoredToken } from '../access-token.js'
import { raceAbort, runWithin } from '../clock.js'
import type { ErrorCause } from '../error-cause.js'
import { ConfigurationError, isCountersignError } from '../errors.js'
import { type IssuedToken, type TokenCall, TokenRequestFailure } from '../issued-token.js'
import { type ResponseSettings, readResponse, type SentRequest } from './answer.js'
import { createTokenRequest, type TokenFetch } from './token-request.js'
import { createTimeoutError, createTransportError } from './transport-failure.js'

export interface TokenClientSettings extends ResponseSettings {
  readonly clientId: string
  readonly parameters: Readonly<Record<string, string>>
  /** Signs a new assertion for each attempt, because a server takes a second one for a replay. */
  readonly sign: (now: number, signal: AbortSignal) => Promise<string>
  readonly timeout: number
  readonly random: () => number
  /** Attempts after the first, unless the call is a single attempt. */
  readonly retries: number
  readonly fetch: TokenFetch
  /** Returns the name of an environment variable of a proxy that `fetch` ignores. */
  readonly proxyVariable: () => string | undefined
}

const mostExpired = 2

/**
 * Makes token requests until one succeeds: retries network failures, timeouts, 408, 425, 429 and
 * 5xx, each time with a new assertion. If a server with another clock rejects the assertion, one
 * more follows by that clock, whatever `retries` says. A token that has expired on arrival is
 * requested again, twice at most.
 *
 * @throws {TokenRequestFailure}
 */
export async function requestToken(
  settings: TokenClientSettings,
  call: TokenCall,
): Promise<IssuedToken> {
  const { clock, emit, memory } = settings
  let [retried, expired] = [0, 0]
  let isRepeated = false
  /** By how much this call has corrected the clock. */
  let learnt = 0

  function pauseAfter(failure: TokenRequestFailure): number | undefined {
    const { expiredPause, clockOffset, retryAfter } = failure
    if (expiredPause !== undefined) return ++expired <= mostExpired ? expiredPause : undefined
    if (clockOffset !== undefined && !isRepeated) return 0
    if (++retried > countRetries(failure, call.isProbe ? 0 : settings.retries)) return undefined
    return retryAfter ?? computeBackoff(retried - 1, settings.random())
  }

  try {
    for (let attempt = 1; ; attempt++) {
      const sentAt = clock.monotonic()
      const isCorrected = learnt !== 0
      const outcome = await attemptOnce(settings, call, { attempt, sentAt, isCorrected })
      const now = clock.monotonic()
      const attemptDuration = now - sentAt
      if (!(outcome instanceof TokenRequestFailure))
        return { token: outcome, source: 'endpoint', attempts: attempt, sentAt, attemptDuration }
      const pause = pauseAfter(outcome)
      const retryIn = pause !== undefined && pause < call.deadline - now ? pause : undefined
      const { error, clockOffset } = outcome
      emit({ type: 'token-request-failed', error, attempt, duration: attemptDuration, retryIn })
      if (retryIn === undefined || call.signal.aborted) throw outcome
      if (clockOffset === undefined || isRepeated) {
        await clock.wait(retryIn, call.signal)
        continue
      }
      isRepeated = true
      if (clockOffset === 0) continue
      learnt = clockOffset
      memory.learn(learnt)
      emit({ type: 'clock-skew', offset: clockOffset })
    }
  } catch (thrown) {
    // A correction that got no token is not kept: a `Date` may be false.
    memory.forget(learnt)
    throw thrown
  }
}

/** A host name that does not resolve is retried once. */
function countRetries({ error }: TokenRequestFailure, retries: number): number {
  if (!error.retryable) return 0
  const { code } = Object(error.cause) as ErrorCause
  return code === 'ENOTFOUND' ? Math.min(1, retries) : retries
}

/** Full jitter over 200 ms x 2^n, n = 0 for the first retry. */
export function computeBackoff(retry: number, random: number): number {
  return random * 200 * 2 ** retry
}

/** Makes one token request, with an assertion of its own. */
async function attemptOnce(
  settings: TokenClientSettings,
  { access, deadline, signal, closing }: TokenCall,
  request: Pick<SentRequest, 'attempt' | 'sentAt' | 'isCorrected'>,
): Promise<StoredToken | TokenRequestFailure> {
  const { clock, tokenEndpoint, memory } = settings
  const issuedAt = clock.now()
  if (!Number.isFinite(issuedAt)) {
    const message = 'clock.now() must return epoch milliseconds.'
    throw new ConfigurationError('ERR_CLOCK', message, 'clock')
  }
  const correction = memory.correction()
  const clientAssertion = await settings.sign(issuedAt + correction, signal)
  const ms = Math.max(0, Math.min(settings.timeout / 2, deadline - clock.monotonic()))
  const describeRequest = () => {
    const proxyVariable = settings.proxyVariable()
    return { tokenEndpoint, attempts: request.attempt, proxyVariable }
  }
  signal.throwIfAborted()
  try {
    const late = () => createTimeoutError(ms, describeRequest())
    const attempt = runWithin({ clock, ms, late, signal: closing }, async (attemptSignal) => {
      const response = await send(
        createTokenRequest({ ...settings, access, clientAssertion, signal: attemptSignal }),
      )
      return readResponse(response, settings, { ...request, access, issuedAt, correction })
    })
    const token = await raceAbort(closing, attempt)
    memory.acceptedKey = settings.sent
    return token
  } catch (thrown) {
    closing.throwIfAborted()
    if (thrown instanceof TokenRequestFailure) return thrown
    // Such as of a fetch that resolved with no response.
    return new TokenRequestFailure(
      isCountersignError(thrown) ? thrown : createTransportError(thrown, describeRequest()),
    )
  }

  async function send(init: RequestInit): Promise<Response> {
    try {
      return await settings.fetch(tokenEndpoint, init)
    } catch (thrown) {
      // Also for an error of another provider that `fetch` asks.
      throw createTransportError(thrown, describeRequest())
    }
  }
}
