import type { CountersignError } from './errors.js'

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
