import type { CountersignError, TokenEndpointError } from '../errors.js'
import { addMilliseconds, type Instant, isBefore } from './freshness.js'
import type { RequestInFlight } from './single-flight.js'

/** A failed renewal, remembered until a success. */
interface Failure {
  readonly error: CountersignError
  /** Monotonic: when it failed. */
  readonly at: number
  readonly until: Instant
  /** The length of this hold-off without a `Retry-After`; the next hold-off is twice as long. */
  readonly pause: number
}

interface FailedRenewal {
  readonly error: CountersignError
  readonly now: Instant
  readonly retryAfter: number | undefined
  /** Monotonic. */
  readonly startedAt: number
}

const firstPause = 1_000
const longestPause = 30_000
const longestRetryAfter = 3_600_000

export type HoldOff = ReturnType<typeof createHoldOff>

/**
 * Remembers failed renewals: no token request is made for 1 s, doubling to 30 s, or for the
 * server's `Retry-After`, up to an hour. Token requests that fail together double it once.
 */
export function createHoldOff() {
  let failure: Failure | undefined
  return {
    /** The single attempt after a hold-off. Token requests for other scopes wait for it. */
    attempt: undefined as RequestInFlight | undefined,
    /** Returns the failure whose hold-off has not ended yet. */
    current: (now: Instant) => (failure && isBefore(now, failure.until) ? failure : undefined),
    /** Returns the last failure, until a success. The next token request is a single attempt. */
    last: () => failure,
    fail({ error, now, retryAfter, startedAt }: FailedRenewal): Failure {
      const before = failure
      const isConcurrent = before !== undefined && startedAt <= before.at
      const doubled = before ? Math.min(before.pause * 2, longestPause) : firstPause
      const pause = isConcurrent ? before.pause : doubled
      const wait = retryAfter ? Math.min(retryAfter, longestRetryAfter) : pause
      const ends = addMilliseconds(now, wait)
      const until = isConcurrent && isBefore(ends, before.until) ? before.until : ends
      failure = { error, at: now.monotonic, pause, until }
      return failure
    },
    /** Ends the hold-off, unless the token request was in flight when another one failed. */
    succeed(startedAt: number): void {
      if (failure !== undefined && startedAt > failure.at) failure = undefined
    },
  }
}

/** RFC 6749 section 5.2, RFC 8707 section 2, and what servers send instead. */
const accessError =
  /^(invalid_(scope|target|resource)|insufficient_scope|access_denied|(consent|interaction)_required)$/

/** Whether the server rejected the requested scope or resource, and not the client. */
export function isAccessFailure(error: CountersignError): boolean {
  const { code, error: name } = error as TokenEndpointError
  return code === 'ERR_OAUTH' && accessError.test(String(name))
}
