import type { CountersignError } from '../errors.js'
import { type Instant, isBefore, later } from './freshness.js'
import type { Flight } from './single-flight.js'

/** A failed renewal, remembered until a success. */
interface Failure {
  readonly error: CountersignError
  /** Monotonic: when it failed. */
  readonly at: number
  readonly until: Instant
  /** The length of this hold-off without a `Retry-After`; the next hold-off is twice as long. */
  readonly pause: number
}

export interface HoldOff {
  /** The failure whose hold-off has not ended yet. */
  current(now: Instant): Failure | undefined
  /** Whether the next token request is a single attempt. */
  readonly isFailing: () => boolean
  /**
   * Starts a hold-off: 1 s, doubling to 30 s, or the server's `Retry-After`, up to an hour.
   * Token requests that were in flight together double it once.
   */
  fail(failed: {
    readonly error: CountersignError
    readonly now: Instant
    readonly retryAfter: number | undefined
    /** Monotonic: when the renewal started. */
    readonly since: number
  }): Failure
  /** Ends it, unless the answer is to a token request that was in flight when another one failed. */
  succeed(since: number): void
}

/** What all token caches of one provider share. */
export interface ProviderHoldOff extends HoldOff {
  /** The single attempt after a hold-off; token requests for other scopes wait for it. */
  probe: Flight | undefined
}

export function providerHoldOff(): ProviderHoldOff {
  return { ...createHoldOff(), probe: undefined }
}

const firstPause = 1_000
const longestPause = 30_000
const longestRetryAfter = 3_600_000

export function createHoldOff(): HoldOff {
  let failure: Failure | undefined
  return {
    current: (now) => (failure !== undefined && isBefore(now, failure.until) ? failure : undefined),
    isFailing: () => failure !== undefined,
    fail({ error, now, retryAfter, since }) {
      const before = failure
      const isConcurrent = before !== undefined && since <= before.at
      const pause = isConcurrent ? before.pause : nextPause(before)
      const wait = retryAfter ? Math.min(retryAfter, longestRetryAfter) : pause
      const until = later(now, wait)
      failure = {
        ...{ error, at: now.monotonic, pause },
        until: isConcurrent && isBefore(until, before.until) ? before.until : until,
      }
      return failure
    },
    succeed(since) {
      if (failure !== undefined && since > failure.at) failure = undefined
    },
  }
}

function nextPause(before: Failure | undefined): number {
  return before === undefined ? firstPause : Math.min(before.pause * 2, longestPause)
}
