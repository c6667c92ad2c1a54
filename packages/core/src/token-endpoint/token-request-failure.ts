import type { CountersignError } from '../errors.js'

/** A failed token request, and what its answer asks for. */
export class TokenRequestFailure {
  readonly error: CountersignError
  /** `Retry-After`, in milliseconds. */
  readonly retryAfter: number | undefined
  /** What to correct the clock by for one more attempt; 0: as it is; undefined: no attempt. */
  readonly clockOffset: number | undefined

  /** Milliseconds after which to ask again for a token that had expired on arrival. */
  readonly expiredPause: number | undefined

  constructor(
    error: CountersignError,
    {
      retryAfter,
      clockOffset,
      expiredPause,
    }: {
      retryAfter?: number | undefined
      clockOffset?: number | undefined
      expiredPause?: number | undefined
    } = {},
  ) {
    this.error = error
    this.retryAfter = retryAfter
    this.clockOffset = clockOffset
    this.expiredPause = expiredPause
  }
}

/** Full jitter over 200 ms x 2^n, n = 0 for the first retry. */
export function backoff(retry: number, random: number): number {
  return random * 200 * 2 ** retry
}

/**
 * `Retry-After` (RFC 9110 section 10.2.3) in milliseconds from now; undefined for what is missing,
 * garbage or past. A date is read against the server's own `Date`, where there is one.
 */
export function retryAfter(headers: Headers, now: number): number | undefined {
  const value = headers.get('retry-after')?.trim()
  if (!value) return undefined
  if (/^\d+$/.test(value)) return Number(value) * 1000 || undefined
  if (!/^[A-Z][a-z]{2,8},? /.test(value)) return undefined
  const serverNow = Date.parse(headers.get('date') ?? '')
  const wait = Date.parse(value) - (Number.isNaN(serverNow) ? now : serverNow)
  return wait > 0 ? wait : undefined
}
