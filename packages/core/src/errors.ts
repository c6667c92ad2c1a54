import { createCause, type ErrorCause } from './error-cause.js'
import { isObject, ownMember, snapshot } from './snapshot.js'

const brand = Symbol.for('countersign.error')

/**
 * The base of every error that this library makes. Messages, fields, `cause` and inspection
 * carry no token, assertion, key or form body. `cause` is never the platform's error: it is a new
 * `Error` with the `name`, `code` and `syscall` of that one.
 *
 * `instanceof` fails across two copies of this package: use {@link isCountersignError} and `code`.
 *
 * @example
 * ```ts
 * try {
 *   await tokens.getAccessToken()
 * } catch (error) {
 *   if (isCountersignError(error) && error.retryable) return retryAt(error.nextAttemptAt)
 *   throw error
 * }
 * ```
 */
export abstract class CountersignError extends Error {
  /** Stable across versions. */
  abstract readonly code: string
  /** Whether a later call may succeed without a change of configuration. */
  readonly retryable: boolean
  /** Epoch milliseconds. Until then every caller gets such an error at once, without a request. */
  declare readonly nextAttemptAt?: number

  /** @internal */
  constructor(message: string, retryable = false, cause?: ErrorCause) {
    super(message, cause && { cause })
    this.retryable = retryable
  }

  static {
    Object.defineProperty(this.prototype, brand, { value: true })
  }

  /** Name, code, message and the declared fields; nothing else. */
  toJSON(): Record<string, unknown> {
    return { name: this.name, message: this.message, ...Object.fromEntries(Object.entries(this)) }
  }
}

/** Says until when this error is the answer to every caller. */
export function remember(error: CountersignError, nextAttemptAt: number): void {
  Object.defineProperty(error, 'nextAttemptAt', {
    value: nextAttemptAt,
    enumerable: true,
    configurable: true,
    writable: true,
  })
}

/**
 * Copies an error for one caller: same class, message, fields and cause. A caller may note
 * something on its error, and the next one must not find it.
 */
export function copyError(error: CountersignError): CountersignError {
  const cause = createCause(ownMember(error, 'cause'))
  // The class as new.target: its constructors differ, and the fields are copied anyway.
  const copy = Reflect.construct(Error, [error.message, cause && { cause }], error.constructor)
  for (const [name, value] of Object.entries(error)) {
    Object.defineProperty(copy, name, {
      value: Array.isArray(value) ? [...value] : value,
      enumerable: true,
      configurable: true,
      writable: true,
    })
  }
  // Without new.target on the stack, V8 captures none.
  Error.captureStackTrace?.(copy, copyError)
  return copy
}

/** Called with `this`: a class that names itself inside would be renamed by the bundler. */
function named<T extends abstract new (...input: never[]) => CountersignError>(
  type: T,
  name: string,
): void {
  Object.defineProperty(type.prototype, 'name', { value: name, configurable: true, writable: true })
}

/** An option that cannot work, found at construction (or, for a call's own scope, at the call). */
export class ConfigurationError extends CountersignError {
  readonly code:
    | 'ERR_INVALID_OPTION'
    | 'ERR_INVALID_TOKEN_ENDPOINT'
    | 'ERR_INSECURE_TOKEN_ENDPOINT'
    | 'ERR_INVALID_ORIGIN'
    | 'ERR_INVALID_CLIENT_ID'
    | 'ERR_INVALID_SCOPE'
    | 'ERR_INVALID_RESOURCE'
    | 'ERR_RESERVED_PARAMETER'
    | 'ERR_UNSUPPORTED_ALG'
    | 'ERR_UNSUPPORTED_HOST'
    | 'ERR_CLOCK'
  /** The option's name, as written in the options object. */
  declare readonly option?: string

  /** @internal */
  constructor(code: ConfigurationError['code'], message: string, option?: string) {
    super(message)
    this.code = code
    if (option !== undefined) this.option = option
  }

  static {
    named(this, 'ConfigurationError')
  }
}

/** A private key that cannot be read or used. Never carries key material. */
export class KeyError extends CountersignError {
  readonly code:
    | 'ERR_KEY_FORMAT'
    | 'ERR_NOT_PRIVATE_KEY'
    | 'ERR_WEAK_KEY'
    | 'ERR_KEY_ALG_MISMATCH'
    | 'ERR_KEY_USE'
    | 'ERR_KEY_PROVIDER'

  /** @internal */
  constructor(code: KeyError['code'], message: string, cause?: ErrorCause) {
    super(message, code === 'ERR_KEY_PROVIDER', cause)
    this.code = code
  }

  static {
    named(this, 'KeyError')
  }
}

/** The token endpoint gave no usable HTTP answer: network, timeout, TLS, protocol or redirect. */
export class TokenTransportError extends CountersignError {
  readonly code:
    | 'ERR_TOKEN_NETWORK'
    | 'ERR_TOKEN_TIMEOUT'
    | 'ERR_TOKEN_TLS'
    | 'ERR_TOKEN_PROTOCOL'
    | 'ERR_TOKEN_REDIRECT'
  /** Token requests sent for this failure. */
  readonly attempts: number
  /** What may be wrong and what to do, most likely first. Empty when nothing is known. */
  readonly hints: readonly string[]

  /** @internal */
  constructor(
    code: TokenTransportError['code'],
    message: string,
    details: {
      attempts: number
      cause?: ErrorCause | undefined
      hints?: readonly string[]
      retryable?: boolean
    },
  ) {
    const isTransient = code === 'ERR_TOKEN_NETWORK' || code === 'ERR_TOKEN_TIMEOUT'
    const { attempts, cause, hints = [], retryable = isTransient } = snapshot(details)
    super(message, retryable, cause)
    this.code = code
    this.attempts = attempts
    this.hints = hints
  }

  static {
    named(this, 'TokenTransportError')
  }
}

/** A success response that is not a token response (RFC 6749 section 5.1). */
export class TokenResponseError extends CountersignError {
  readonly code:
    | 'ERR_TOKEN_RESPONSE_TOO_LARGE'
    | 'ERR_TOKEN_RESPONSE_MALFORMED'
    | 'ERR_TOKEN_RESPONSE_INVALID'
    | 'ERR_TOKEN_TYPE_UNSUPPORTED'
  /** The member at fault, by its name on the wire. */
  declare readonly field?: string
  /** What may be wrong and what to do, most likely first. Empty when nothing is known. */
  readonly hints: readonly string[]

  /** @internal */
  constructor(
    code: TokenResponseError['code'],
    message: string,
    details: { field?: string; hints?: readonly string[]; retryable?: boolean } = {},
  ) {
    const { field, hints = [], retryable = false } = snapshot(details)
    super(message, retryable)
    this.code = code
    if (field !== undefined) this.field = field
    this.hints = hints
  }

  static {
    named(this, 'TokenResponseError')
  }
}

/** The token endpoint refused (RFC 6749 section 5.2). */
export class TokenEndpointError extends CountersignError {
  readonly code: 'ERR_OAUTH' | 'ERR_TOKEN_HTTP' | 'ERR_TOKEN_RATE_LIMITED' | 'ERR_TOKEN_UNAVAILABLE'
  /** The HTTP status of the response. */
  readonly status: number
  /** `error` of the response, cut to 64 printable characters. */
  declare readonly error?: string
  /** `error_description`, the server's text: at most 512 characters, token-like runs and URL queries removed. */
  declare readonly errorDescription?: string
  /** Token requests sent for this failure. */
  readonly attempts: number
  /**
   * What may be wrong and what to do, a sentence each, most likely first, three at the most.
   * Empty when nothing is known. For people: the sentences change between versions.
   */
  readonly hints: readonly string[]
  /** The names of the options to check, such as `scope`; empty when none is suspected. */
  readonly options: readonly string[]

  /** @internal */
  constructor(
    code: TokenEndpointError['code'],
    message: string,
    fields: {
      status: number
      attempts: number
      retryable: boolean
      error?: string | undefined
      errorDescription?: string | undefined
      hints?: readonly string[]
      options?: readonly string[]
    },
  ) {
    super(message, fields.retryable)
    this.code = code
    this.status = fields.status
    this.attempts = fields.attempts
    if (fields.error !== undefined) this.error = fields.error
    if (fields.errorDescription !== undefined) this.errorDescription = fields.errorDescription
    this.hints = fields.hints ?? []
    this.options = fields.options ?? []
  }

  static {
    named(this, 'TokenEndpointError')
  }
}

/** A request to an origin that was not named, with `onForeignOrigin: 'throw'`. Nothing was sent. */
export class ForeignOriginError extends CountersignError {
  readonly code = 'ERR_FOREIGN_ORIGIN'
  /** Scheme, host and port that were asked for. */
  readonly origin: string

  /** @internal */
  constructor(message: string, origin: string) {
    super(message)
    this.origin = origin
  }

  static {
    named(this, 'ForeignOriginError')
  }
}

/**
 * True for an error of any copy of this library.
 *
 * @example
 * ```ts
 * api.interceptors.response.use(undefined, (error) => {
 *   if (isCountersignError(error.cause)) report(error.cause.code)
 *   throw error
 * })
 * ```
 */
export function isCountersignError(error: unknown): error is CountersignError {
  return isObject(error) && brand in error
}
