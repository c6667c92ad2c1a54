import type { CountersignError } from '../errors.js'
import { type Instant, isBefore, later } from './freshness.js'

/** A failed flight, remembered until a success. */
export interface Failure {
  readonly error: CountersignError
  readonly until: Instant
  /** How long this hold-off is without a word from the server; the next one is twice that. */
  readonly pause: number
}

const firstPause = 1_000
const longestPause = 30_000
const longestRetryAfter = 3_600_000

/** 1 s, doubling to 30 s; or what the server asked for, up to an hour. */
export function holdOff(
  before: Failure | undefined,
  error: CountersignError,
  now: Instant,
  retryAfter: number | undefined,
): Failure {
  const pause = before === undefined ? firstPause : Math.min(before.pause * 2, longestPause)
  const wait = retryAfter ? Math.min(retryAfter, longestRetryAfter) : pause
  return { error, until: later(now, wait), pause }
}

export function isHeldOff(failure: Failure, now: Instant): boolean {
  return isBefore(now, failure.until)
}
