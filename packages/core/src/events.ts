import type { CountersignError } from './errors.js'

/** What happened to the tokens of one provider: plain data, safe to log. */
export type TokenEvent = {
  readonly clientId: string
  readonly tokenEndpoint: string
} & TokenHappening

export type TokenHappening =
  | {
      readonly type: 'token-issued'
      readonly source: 'endpoint' | 'store'
      readonly expiresAt: number
      readonly attempts: number
      readonly duration: number
    }
  | {
      readonly type: 'token-request-failed'
      readonly error: CountersignError
      readonly attempt: number
      readonly duration: number
      readonly retryIn: number | undefined
    }
  | {
      readonly type: 'renewal-failed'
      readonly error: CountersignError
      readonly servesUntil: number | undefined
      readonly nextAttemptAt: number
    }
  | {
      readonly type: 'token-refused'
      readonly action: 'dropped' | 'kept'
      readonly coolDownUntil: number | undefined
    }
  | {
      readonly type: 'response-warning'
      readonly warning:
        | 'expires-in-missing'
        | 'expires-in-clamped'
        | 'token-type-missing'
        | 'scope-reduced'
        | 'token-over-16k'
    }
  /** Server minus local, in milliseconds. */
  | { readonly type: 'clock-skew'; readonly offset: number }
  | { readonly type: 'configuration-warning'; readonly warning: 'audience-on-another-host' }
  | {
      readonly type: 'store-failed'
      readonly operation: 'get' | 'set' | 'delete' | 'lease'
      readonly reason: string
    }

export type Emit = (happening: TokenHappening) => void

/** Calls the user's listener; what it throws or rejects with is swallowed. */
export function eventEmitter(
  origin: { clientId: string; tokenEndpoint: string },
  onEvent: ((event: TokenEvent) => unknown) | undefined,
): Emit {
  if (onEvent === undefined) return () => {}
  return (happening) => {
    try {
      Promise.resolve(onEvent({ ...origin, ...happening })).catch(() => {})
    } catch {}
  }
}
