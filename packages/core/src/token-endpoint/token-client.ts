import { type IssuedToken, type TokenCall, TokenRequestFailure } from '../issued-token.js'
import { type AttemptSettings, attemptOnce } from './attempt.js'
import { isTransportError, transportRetries } from './transport-failure.js'

export interface TokenClientSettings extends AttemptSettings {
  readonly random: () => number
  /** Attempts beyond the first, unless the call is a single attempt. */
  readonly retries: number
}

const mostExpired = 2

/**
 * Makes token requests until one is answered: retries network failures, timeouts, 408, 425, 429
 * and 5xx, each time with a new assertion. An assertion that is refused by a server whose clock is
 * elsewhere is followed by one more, by that clock, whatever `retries` says; a token that had
 * expired on arrival by two more.
 *
 * @throws {TokenRequestFailure}
 */
export async function requestToken(
  settings: TokenClientSettings,
  call: TokenCall,
): Promise<IssuedToken> {
  const { emit, skew } = settings
  let takeBack = () => {}
  const correct = (offset: number) => {
    takeBack = skew.learn(offset)
    emit({ type: 'clock-skew', offset })
  }
  try {
    return await untilAnswered(settings, call, correct)
  } catch (thrown) {
    // A correction that got no token is not kept: a `Date` may lie.
    takeBack()
    throw thrown
  }
}

async function untilAnswered(
  settings: TokenClientSettings,
  call: TokenCall,
  correct: (offset: number) => void,
): Promise<IssuedToken> {
  const { clock, emit, random } = settings
  const retries = call.isProbe ? 0 : settings.retries
  let isCorrected = false
  let isAskedAgain = false
  let expired = 0
  for (let attempt = 1; ; attempt++) {
    const sentAt = clock.monotonic()
    const outcome = await attemptOnce(settings, call, { attempt, sentAt, isCorrected })
    if (!(outcome instanceof TokenRequestFailure))
      return { token: outcome, source: 'endpoint', attempts: attempt, sentAt }
    const { error, clockOffset } = outcome
    const now = clock.monotonic()
    const left = call.deadline - now
    const offset: number | undefined = isAskedAgain || left <= 0 ? undefined : clockOffset
    const retry = attempt - expired - (isAskedAgain ? 1 : 0)
    const { expiredPause } = outcome
    if (expiredPause !== undefined) expired += 1
    const pause =
      expiredPause !== undefined
        ? expired <= mostExpired
          ? expiredPause
          : undefined
        : offset === undefined
          ? pauseBefore(retry, outcome, { retries, random })
          : 0
    const retryIn = pause !== undefined && pause < left ? pause : undefined
    emit({ type: 'token-request-failed', error, attempt, duration: now - sentAt, retryIn })
    if (retryIn === undefined || call.signal.aborted) throw outcome
    if (offset === undefined) await clock.wait(retryIn, call.signal)
    else if (offset !== 0) correct(offset)
    isAskedAgain ||= offset !== undefined
    isCorrected ||= Boolean(offset)
  }
}

/** How long until that retry; undefined: there is none. */
function pauseBefore(
  retry: number,
  { error, retryAfter }: TokenRequestFailure,
  { retries, random }: Pick<TokenClientSettings, 'retries' | 'random'>,
): number | undefined {
  const worth = isTransportError(error) ? transportRetries(error) : error.retryable ? retries : 0
  if (retry > Math.min(retries, worth)) return undefined
  return retryAfter ?? backoff(retry - 1, random())
}

/** Full jitter over 200 ms x 2^n, n = 0 for the first retry. */
export function backoff(retry: number, random: number): number {
  return random * 200 * 2 ** retry
}
