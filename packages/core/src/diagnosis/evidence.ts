import { leastSkew } from './clock-skew.js'
import { isRetryableStatus } from './retry.js'
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
