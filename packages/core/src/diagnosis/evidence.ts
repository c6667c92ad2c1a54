import type { SentAssertion } from '../errors.js'

/** What identifies a signing key: nothing secret. */
export type KeyIdentity = Pick<SentAssertion, 'kid' | 'thumbprint'>

/** The facts about a rejected token request. The server's text is already safe to show. */
export interface Evidence {
  readonly sent: SentAssertion & { readonly clientId: string }
  readonly tokenEndpoint: string
  /** Server minus local, in milliseconds, by the server's `Date` header, if it sent one. */
  readonly clockOffset: number | undefined
  /** Whether the assertion was already corrected by that offset. */
  readonly isCorrected: boolean
  /** The key of the last assertion that got a token. */
  readonly accepted: KeyIdentity | undefined
  readonly status: number
  readonly isHtml: boolean
  readonly error: string | undefined
  readonly description: string | undefined
}

/** Whether the server rejected the assertion, so that another assertion may be accepted. */
export function isAboutAssertion({ status, error }: { status: number; error?: unknown }): boolean {
  return /^(40[013] undefined|(?!408|425|429|5)\d+ invalid_(client|grant))$/.test(
    `${status} ${error}`,
  )
}

/** Whether the same request, with a new assertion, may succeed in a moment. */
export function isRetryableStatus(status: number): boolean {
  return /^(408|425|429|5(?!01))/.test(`${status}`)
}

/** A smaller clock offset, in milliseconds, may come from the network. */
export const leastSkew = 5_000

/** Whether the clock is off by more than the network explains. */
export function isSkewed(clockOffset: number | undefined): clockOffset is number {
  return clockOffset !== undefined && Math.abs(clockOffset) >= leastSkew
}

/**
 * Returns how far the server's `Date`, which is a whole second, lies outside the time between
 * sending and receiving, in milliseconds: 0 within it, undefined for a value that is not a date
 * (RFC 9110 section 5.6.7).
 */
export function computeClockOffset(
  date: string | null,
  sentAt: number,
  receivedAt: number,
): number | undefined {
  const second = date?.endsWith(' GMT') ? Date.parse(date) : Number.NaN
  if (Number.isNaN(second)) return undefined
  if (second > receivedAt) return second - receivedAt
  return Math.min(0, second + 999 - sentAt)
}

/**
 * Returns how the audience differs from the token endpoint: by a slash at the end, by its host,
 * as the issuer that the token endpoint lies below, or otherwise; undefined if it does not.
 */
export function compareAudience(
  audience: string,
  tokenEndpoint: string,
): 'slash' | 'host' | 'issuer' | 'other' | undefined {
  if (audience === tokenEndpoint) return undefined
  const issuer = audience.replace(/\/$/, '')
  if (issuer === tokenEndpoint.replace(/\/$/, '')) return 'slash'
  if (tokenEndpoint.startsWith(`${issuer}/`)) return 'issuer'
  const host = URL.canParse(audience) ? new URL(audience).host : ''
  return host === '' || host === new URL(tokenEndpoint).host ? 'other' : 'host'
}
