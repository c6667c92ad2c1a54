import type { CountersignError } from '../errors.js'

/** A failed token request, and what its answer asks for. */
export class TokenRequestFailure {
  readonly error: CountersignError
  /** `Retry-After`, in milliseconds. */
  readonly retryAfter: number | undefined
  /** By how much the clock would have to be corrected for the assertion to be believed. */
  readonly clockOffset: number | undefined

  constructor(error: CountersignError, retryAfter?: number, clockOffset?: number) {
    this.error = error
    this.retryAfter = retryAfter
    this.clockOffset = clockOffset
  }
}
