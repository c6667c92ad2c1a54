import type { Evidence } from './evidence.js'
import { isRetryableStatus } from './retry.js'

/** What a refusal may come from. */
export interface Cause {
  /**
   * 4: beyond doubt; 3: the server's words name it; 2: its error code does, or what is known here;
   * 1: usual for such an answer; 0: not this.
   */
  readonly weight: (evidence: Evidence) => number
  /** What to check or do, without a secret. */
  readonly say: (evidence: Evidence) => string
}

const examples = /\(e\.g\.[^)]*\)?|unknown client, no client authentication included.*/g

/**
 * 3 where the server's own words match. What it says when it is busy names no cause, nor do the
 * examples that RFC 6749 section 5.2 gives for each code, which some servers repeat.
 */
export function named({ status, description }: Evidence, words: RegExp): number {
  if (isRetryableStatus(status) && status !== 500) return 0
  const said = description?.toLowerCase().replace(examples, '')
  return said !== undefined && words.test(said) ? 3 : 0
}
