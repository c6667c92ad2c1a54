import type { StoredToken } from '../access-token.js'
import { type Clock, within } from '../clock.js'
import type { SentAssertion, ShownKey } from '../diagnosis/sent-assertion.js'
import { ConfigurationError, isCountersignError } from '../errors.js'
import { type TokenCall, TokenRequestFailure } from '../issued-token.js'
import { type AnswerSettings, readAnswer } from './answer.js'
import type { AcceptedKey, ClockSkew } from './server-memory.js'
import { type TokenFetch, tokenRequest } from './token-request.js'
import { isTransportError, timeoutError, transportError } from './transport-failure.js'

/** What signs: a new assertion for every attempt, or a server takes the second for a replay. */
interface AssertionSource extends ShownKey {
  readonly alg: string
  sign(now: number, signal: AbortSignal): Promise<string>
}

export interface AttemptSettings extends Omit<AnswerSettings, 'forgetSkew'> {
  readonly clientId: string
  readonly assertion: Omit<SentAssertion, 'alg' | keyof ShownKey>
  readonly assertions: AssertionSource
  readonly parameters: Readonly<Record<string, string>>
  readonly timeout: number
  readonly fetch: TokenFetch
  /** The name of one that names a proxy which `fetch` passes by. */
  readonly proxyVariable: () => string | undefined
  readonly skew: ClockSkew
  readonly accepted: AcceptedKey
}

interface Attempt {
  readonly attempt: number
  /** Monotonic. */
  readonly sentAt: number
  /** The clock was corrected for this attempt, after a refusal. */
  readonly isCorrected: boolean
}

/** One token request, with an assertion of its own. */
export async function attemptOnce(
  settings: AttemptSettings,
  { access, deadline, signal }: TokenCall,
  { attempt, sentAt, isCorrected }: Attempt,
): Promise<StoredToken | TokenRequestFailure> {
  const { clock, timeout, tokenEndpoint, assertions, skew, accepted } = settings
  const issuedAt = wallTime(clock)
  const correction = skew.correction()
  const clientAssertion = await assertions.sign(issuedAt + correction, signal)
  const limit = Math.max(0, Math.min(timeout / 2, deadline - clock.monotonic()))
  const late = () =>
    timeoutError(
      `The token endpoint did not answer within ${Math.round(limit)} ms.`,
      attempt,
      settings.proxyVariable(),
    )
  signal.throwIfAborted()
  const exchange = async (attemptSignal: AbortSignal) => {
    const init = tokenRequest({ ...settings, access, clientAssertion, signal: attemptSignal })
    const response = await fetched(settings, init, attempt)
    const sent = { ...settings.assertion, ...assertions }
    const forgetSkew = () => {
      // Another answer may have forgotten or replaced it.
      if (correction === 0 || skew.correction() !== correction) return
      skew.forget()
      settings.emit({ type: 'clock-skew', offset: 0 })
    }
    return readAnswer(
      response,
      { ...settings, forgetSkew },
      {
        ...{ access, attempt, issuedAt, sentAt, correction },
        circumstances: { sent, tokenEndpoint, isCorrected, accepted: accepted.last() },
      },
    )
  }
  try {
    const outcome = await within({ clock, ms: limit, late }, exchange)
    if (!(outcome instanceof TokenRequestFailure)) accepted.note(assertions)
    return outcome
  } catch (error) {
    const isOurs = isCountersignError(error)
    if (isOurs && !isTransportError(error)) throw error
    // Such as of a fetch that resolved with no response.
    return new TokenRequestFailure(isOurs ? error : transportError(error, attempt))
  }
}

async function fetched(
  settings: AttemptSettings,
  init: RequestInit,
  attempt: number,
): Promise<Response> {
  const { fetch, tokenEndpoint, proxyVariable } = settings
  try {
    return await fetch(tokenEndpoint, init)
  } catch (error) {
    throw transportError(error, attempt, proxyVariable())
  }
}

function wallTime(clock: Clock): number {
  const now = clock.now()
  if (Number.isFinite(now)) return now
  throw new ConfigurationError(
    'ERR_CLOCK',
    'The clock gave no number; an assertion needs the time of day.',
    'clock',
  )
}
