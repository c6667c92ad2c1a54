import { type CountersignError, copyError } from './errors.js'

/** What happened to the tokens of one provider: plain data, safe to log. */
export type TokenEvent = {
  /** The client ID of the provider. */
  readonly clientId: string
  /** The provider's token endpoint, without its query, which may hold a gateway's key. */
  readonly tokenEndpoint: string
  /** The requested scope: scope tokens joined by a space. `undefined` if none is requested. */
  readonly scope: string | undefined
  /** The requested resource indicators. */
  readonly resource: readonly string[]
} & TokenHappening

/**
 * The members of each type of event. Instants are epoch milliseconds, durations milliseconds.
 *
 * @inline
 */
export type TokenHappening =
  | {
      /** A token was obtained. */
      readonly type: 'token-issued'
      /** Where it came from. */
      readonly source: 'endpoint' | 'store'
      /** When it expires. */
      readonly expiresAt: number
      /** Token requests sent for it. */
      readonly attempts: number
      /** From the first call for it to its arrival: key, attempts and pauses. */
      readonly duration: number
      /** The duration of the attempt that obtained it; undefined for a token from a store. */
      readonly attemptDuration: number | undefined
    }
  | {
      /** One token request failed. */
      readonly type: 'token-request-failed'
      /** The reason. */
      readonly error: CountersignError
      /** The number of the attempt; the first is 1. */
      readonly attempt: number
      /** The duration of this attempt. */
      readonly duration: number
      /** The pause before the next attempt; undefined if there is none. */
      readonly retryIn: number | undefined
    }
  | {
      /** All attempts failed. */
      readonly type: 'renewal-failed'
      /** The reason. */
      readonly error: CountersignError
      /** When the current token expires; undefined if there is none. */
      readonly servesUntil: number | undefined
      /** Until then the provider makes no token request. */
      readonly nextAttemptAt: number
    }
  | {
      /** A resource server rejected the current token. */
      readonly type: 'token-rejected'
      /**
       * `suspect`: it is renewed, and used again only if the renewal fails with a retryable error.
       * `kept`: it had just replaced a rejected one, so a new token would not help.
       */
      readonly action: 'suspect' | 'kept'
      /** Until then further rejections are ignored. */
      readonly coolDownUntil: number | undefined
    }
  | {
      /** A token response was usable, but not as it should be. */
      readonly type: 'response-warning'
      /** The problem. */
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
      /** The options work, but are probably not what was meant. */
      readonly type: 'configuration-warning'
      /** `assertion.audience` names another host than `tokenEndpoint`. */
      readonly warning: 'audience-on-another-host'
    }
  | {
      /** The shared store failed or took too long; the provider continues without it. */
      readonly type: 'store-failed'
      /** The operation that failed. */
      readonly operation: 'get' | 'set' | 'delete' | 'lease'
      /** The name or code of its error. */
      readonly reason: string
    }

export type Emit = (happening: TokenHappening) => void

/** The members of all events of one token cache. */
export type EventSource = Pick<TokenEvent, 'clientId' | 'tokenEndpoint' | 'scope' | 'resource'>

/** Creates a function that calls the listener with its own copy of the error. */
export function createEventEmitter(
  source: EventSource,
  onEvent: ((event: TokenEvent) => unknown) | undefined,
): Emit {
  const report = createReport(onEvent)
  if (report === undefined) return () => {}
  return (happening) => {
    const own = 'error' in happening ? { error: copyError(happening.error) } : {}
    report({ ...source, ...happening, ...own } as TokenEvent)
  }
}

/**
 * Creates a function that calls the listener and ignores its errors. With `NODE_DEBUG=countersign`
 * it also prints each event to stderr, on one line. Returns `undefined` if nobody listens.
 */
export function createReport<Event>(
  onEvent: ((event: Event) => unknown) | undefined,
): ((event: Event) => void) | undefined {
  // An import would keep bundles from running on platforms without Node.js' modules. On Cloudflare
  // Workers, debuglog prints even without the variable.
  const { env, getBuiltinModule } = globalThis.process ?? {}
  const debug = env?.NODE_DEBUG
    ? getBuiltinModule?.('node:util').debuglog('countersign')
    : undefined
  const print = debug?.enabled ? debug : undefined
  if (onEvent === undefined && print === undefined) return undefined
  return (event) => {
    try {
      print?.('%s', JSON.stringify(event))
      Promise.resolve(onEvent?.(event)).catch(() => {})
    } catch {}
  }
}
