import type { StoredToken } from './access-token.js'
import type { CountersignError } from './errors.js'
import type { RequestedAccess } from './requested-access.js'

/** A token that was obtained. */
export interface IssuedToken {
  readonly token: StoredToken
  readonly source: 'endpoint' | 'store'
  /** How many token requests were sent for it. */
  readonly attempts: number
  /** Monotonic: when the token request was sent. Unknown for a token from the store. */
  readonly sentAt?: number
  /** The duration of the attempt that obtained it, in milliseconds. Unknown for a token from the store. */
  readonly attemptDuration?: number
}

/** A call for a token, from the token cache through the store to the token endpoint. */
export interface TokenCall {
  readonly access: RequestedAccess
  /** A single attempt, without retries: the last token request failed. */
  readonly isProbe: boolean
  /** The store must not answer. */
  readonly forceRenewal: boolean
  /** Returns the caller's own token, how long it still lasts, and the window of its early renewal. */
  readonly ownToken: () => {
    readonly value?: string
    readonly spare: number
    readonly window: number
  }
  /** Returns the token that was rejected last, which the store may still contain. */
  readonly rejected: () => { readonly token: StoredToken; readonly isCertain: boolean } | undefined
  /** Monotonic: no attempt and no pause goes past it. */
  readonly deadline: number
  readonly signal: AbortSignal
  /** Aborts when the provider is closed and no caller waits. Unlike at the deadline, work ends early. */
  readonly closing: AbortSignal
}

/** A renewal that waits for another member of the fleet: the own token still lasts. */
export interface PostponedRenewal {
  /** Milliseconds until the next attempt. */
  readonly pause: number
}

/** A failed token request, and what its answer asks for. */
export class TokenRequestFailure {
  readonly error: CountersignError
  /** `Retry-After`, in milliseconds. */
  readonly retryAfter?: number | undefined
  /** What to correct the clock by for one more attempt; 0: as it is; undefined: no attempt. */
  readonly clockOffset?: number | undefined
  /** Milliseconds after which to request a token again that had expired on arrival. */
  readonly expiredPause?: number | undefined

  constructor(error: CountersignError, advice: Omit<TokenRequestFailure, 'error'> = {}) {
    this.error = error
    Object.assign(this, advice)
  }
}
