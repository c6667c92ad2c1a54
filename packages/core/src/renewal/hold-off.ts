import { type CountersignError, TokenEndpointError } from '../errors.js'
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

export type HoldOff = ReturnType<typeof createHoldOff>

const firstPause = 1_000
const longestPause = 30_000
const longestRetryAfter = 3_600_000

/**
 * Remembers failed renewals: no token request is made for 1 s, doubling to 30 s, or for the
 * server's `Retry-After`, up to an hour. Token requests that fail together double it once.
 */
export function createHoldOff() {
  let failure: Failure | undefined
  return {
    /** Returns the failure whose hold-off has not ended yet. */
    current: (now: Instant) =>
      failure !== undefined && isBefore(now, failure.until) ? failure : undefined,
    /** Whether the next token request is a single attempt. */
    isFailing: () => failure !== undefined,
    /** Starts a hold-off. `startedAt` is when the failed renewal started, on the monotonic clock. */
    fail({
      error,
      now,
      retryAfter,
      startedAt,
    }: {
      readonly error: CountersignError
      readonly now: Instant
      readonly retryAfter: number | undefined
      readonly startedAt: number
    }): Failure {
      const before = failure
      const isConcurrent = before !== undefined && startedAt <= before.at
      const doubled = before ? Math.min(before.pause * 2, longestPause) : firstPause
      const pause = isConcurrent ? before.pause : doubled
      const wait = retryAfter ? Math.min(retryAfter, longestRetryAfter) : pause
      let until = addMilliseconds(now, wait)
      if (isConcurrent && isBefore(until, before.until)) until = before.until
      failure = { error, at: now.monotonic, pause, until }
      return failure
    },
    /** Ends the hold-off, unless the token request was in flight when another one failed. */
    succeed(startedAt: number): void {
      if (failure !== undefined && startedAt > failure.at) failure = undefined
    },
  }
}

/** What all token caches of one provider share. */
export interface ProviderHoldOff extends HoldOff {
  /** The single attempt after a hold-off; token requests for other scopes wait for it. */
  attempt: RequestInFlight | undefined
}

export function createProviderHoldOff(): ProviderHoldOff {
  return { ...createHoldOff(), attempt: undefined }
}

/** RFC 6749 section 5.2, RFC 8707 section 2, and what servers send instead. */
const accessErrors = new Set<string | undefined>([
  'invalid_scope',
  'insufficient_scope',
  'invalid_target',
  'invalid_resource',
  'access_denied',
  'consent_required',
  'interaction_required',
])

/** Whether the server rejected the requested scope or resource, and not the client. */
export function isAccessFailure(error: CountersignError): boolean {
  return (
    error instanceof TokenEndpointError &&
    error.code === 'ERR_OAUTH' &&
    accessErrors.has(error.error)
  )
}
