import type { SentAssertion, ShownKey } from './sent-assertion.js'

/** What an error may have come from, apart from the answer itself. */
export interface Circumstances {
  readonly sent: SentAssertion
  readonly tokenEndpoint: string
  /** Server minus local, in milliseconds, by the server's `Date`; undefined: it told none. */
  readonly clockOffset: number | undefined
  /** The assertion was corrected by that already. */
  readonly isCorrected: boolean
  /** Of the last assertion that got a token. */
  readonly accepted: ShownKey | undefined
}

/** What is known of a refused token request. Texts of the server are safe to show already. */
export interface Evidence extends Circumstances {
  readonly status: number
  readonly isHtml: boolean
  readonly error: string | undefined
  readonly description: string | undefined
}

/** Whether it was the assertion that was refused, so that another one may do better. */
export function isAboutAssertion({ status, error }: { status: number; error?: unknown }): boolean {
  if (error === undefined) return [400, 401, 403].includes(status)
  return isFinal(status) && (error === 'invalid_client' || error === 'invalid_grant')
}

/** Neither in trouble nor too busy to judge. */
export function isFinal(status: number): boolean {
  return status < 500 && !isRetryableStatus(status)
}

/** Whether the clock is off by more than the network explains. */
export function isSkewed(clockOffset: number | undefined): clockOffset is number {
  return clockOffset !== undefined && Math.abs(clockOffset) >= leastSkew
}

/** Statuses of a URL where no token endpoint is. */
export function isWrongUrl(status: number): boolean {
  return [404, 405, 410, 415, 501].includes(status)
}

/** May the same request, with a new assertion, be answered otherwise in a moment? */
export function isRetryableStatus(status: number): boolean {
  return status === 408 || status === 425 || status === 429 || (status >= 500 && status !== 501)
}

/** A smaller distance, in milliseconds, is the network's and not the clock's. */
export const leastSkew = 5_000

/**
 * How far the server's `Date`, which is a whole second, lies outside the time between sending and
 * receiving, in milliseconds: 0 within it, undefined for a value that is not a date (RFC 9110 section 5.6.7).
 */
export function clockOffset(
  date: string | null,
  sentAt: number,
  receivedAt: number,
): number | undefined {
  const second = date?.endsWith(' GMT') ? Date.parse(date) : Number.NaN
  if (Number.isNaN(second)) return undefined
  if (second > receivedAt) return second - receivedAt
  return Math.min(0, second + 999 - sentAt)
}

/** What a refusal may come from. */
export interface Cause {
  /**
   * 4: beyond doubt; 3: the server's words name it; 2: its error code does, or what is known here;
   * 1: usual for such an answer; 0: not this.
   */
  readonly weight: (evidence: Evidence) => number
  /** What to check or do, without a secret. */
  readonly say: (evidence: Evidence) => string
  /** The option to check or change, as named in the options object. */
  readonly option?: string
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
