import { type CountersignError, copyError } from './errors.js'

/** What happened to the tokens of one provider: plain data, safe to log. */
export type TokenEvent = {
  /** Of the provider. */
  readonly clientId: string
  /** The provider's token endpoint, without its query, which may hold a gateway's key. */
  readonly tokenEndpoint: string
} & TokenHappening

/**
 * What is peculiar to each type of event. Instants are epoch milliseconds, durations milliseconds.
 *
 * @inline
 */
export type TokenHappening =
  | {
      /** There is a new token. */
      readonly type: 'token-issued'
      /** Where it comes from. */
      readonly source: 'endpoint' | 'store'
      /** When it ends. */
      readonly expiresAt: number
      /** Token requests sent for it. */
      readonly attempts: number
      /** From the wish for it to its arrival. */
      readonly duration: number
    }
  | {
      /** One token request failed. */
      readonly type: 'token-request-failed'
      /** Why. */
      readonly error: CountersignError
      /** Its number; the first is 1. */
      readonly attempt: number
      /** Of this attempt. */
      readonly duration: number
      /** The pause before the next attempt; undefined: there is none. */
      readonly retryIn: number | undefined
    }
  | {
      /** All attempts failed. */
      readonly type: 'renewal-failed'
      /** Why. */
      readonly error: CountersignError
      /** When the kept token ends; undefined: there is none. */
      readonly servesUntil: number | undefined
      /** Until then nobody asks the token endpoint again. */
      readonly nextAttemptAt: number
    }
  | {
      /** A resource server rejected the kept token. */
      readonly type: 'token-refused'
      /**
       * `suspect`: it is renewed, and used again only if the renewal fails with a retryable error.
       * `kept`: it had just replaced a rejected one, so a new token would not help.
       */
      readonly action: 'suspect' | 'kept'
      /** Until then rejections change nothing. */
      readonly coolDownUntil: number | undefined
    }
  | {
      /** A token response was usable and yet not as it should be. */
      readonly type: 'response-warning'
      /** What was wrong. */
      readonly warning:
        | 'expires-in-missing'
        | 'expires-in-clamped'
        | 'token-type-missing'
        | 'token-type-variant'
        | 'scope-reduced'
        | 'token-over-16k'
    }
  | {
      /** The correction of the clock for assertions has changed. */
      readonly type: 'clock-skew'
      /** Server minus local, in milliseconds; 0 when a response showed the right time again. */
      readonly offset: number
    }
  | {
      /** The options work, and are probably not what was meant. */
      readonly type: 'configuration-warning'
      /** `assertion.audience` names another host than `tokenEndpoint`. */
      readonly warning: 'audience-on-another-host'
    }
  | {
      /** The shared store failed or took too long; the provider goes on without it. */
      readonly type: 'store-failed'
      /** What was asked of it. */
      readonly operation: 'get' | 'set' | 'delete' | 'lease'
      /** The name or code of its error. */
      readonly reason: string
    }

export type Emit = (happening: TokenHappening) => void

/**
 * Calls the user's listener with an error of its own; what it throws or rejects with is swallowed.
 */
export function eventEmitter(
  origin: { clientId: string; tokenEndpoint: string },
  onEvent: ((event: TokenEvent) => unknown) | undefined,
): Emit {
  if (onEvent === undefined) return () => {}
  const tokenEndpoint = origin.tokenEndpoint.replace(/\?.*/, '')
  return (happening) => {
    try {
      const own = 'error' in happening ? { error: copyError(happening.error) } : {}
      const event = { ...origin, tokenEndpoint, ...happening, ...own } as TokenEvent
      Promise.resolve(onEvent(event)).catch(() => {})
    } catch {}
  }
}
