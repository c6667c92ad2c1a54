import { createCause, type ErrorCause } from './error-cause.js'
import { isObject, readOwnMember, snapshot } from './snapshot.js'

const brand = Symbol.for('countersign.error')

const retryableCodes = /^ERR_(KEY_PROVIDER|TOKEN_(NETWORK|TIMEOUT))$/

/**
 * The base of every error of this library. Messages, fields, `cause` and inspection contain no
 * token, assertion, key or form body. `cause` is never the platform's error: it is a new `Error`
 * with its `name`, `code` and `syscall`.
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
  declare readonly retryable: boolean
  /** Epoch milliseconds. Until then every caller gets such an error at once, without a request. */
  declare readonly nextAttemptAt?: number

  /** @internal */
  constructor(code: string, message: string, fields: ErrorFields = {}) {
    const { cause, retryable = retryableCodes.test(code), ...own } = snapshot(fields)
    super(message, cause && { cause })
    for (const [name, value] of Object.entries({ code, retryable, ...own }))
      if (value !== undefined) defineField(this, name, value)
  }

  /** Returns name, code, message and the declared fields, and nothing else. */
  toJSON(): Record<string, unknown> {
    return { name: this.name, message: this.message, ...Object.fromEntries(Object.entries(this)) }
  }
}

/** Records until when every caller gets this error. */
export function remember(error: CountersignError, nextAttemptAt: number): void {
  defineField(error, 'nextAttemptAt', nextAttemptAt)
}

/**
 * Copies an error for one caller: same class, message, fields and cause. A caller may change its
 * error, and the next caller must not see that.
 */
export function copyError(error: CountersignError): CountersignError {
  const cause = createCause(readOwnMember(error, 'cause'))
  // The class as new.target: its constructors differ, and the fields are copied anyway.
  const copy = Reflect.construct(Error, [error.message, cause && { cause }], error.constructor)
  for (const [name, value] of Object.entries(error))
    defineField(
      copy,
      name,
      Array.isArray(value) ? [...value] : isObject(value) ? { ...value } : value,
    )
  // Without new.target on the stack, V8 captures none.
  Error.captureStackTrace?.(copy, copyError)
  return copy
}

/** Assignment would fail where a field of `Object.prototype` is read-only. */
function defineField(error: object, name: string, value: unknown): void {
  Object.defineProperty(error, name, {
    value,
    enumerable: true,
    configurable: true,
    writable: true,
  })
}

/** An option that cannot work, found at construction or, for a call's own scope, at the call. */
export class ConfigurationError extends CountersignError {
  declare readonly code:
    | 'ERR_INVALID_OPTION'
    | 'ERR_INVALID_TOKEN_ENDPOINT'
    | 'ERR_INSECURE_TOKEN_ENDPOINT'
    | 'ERR_INVALID_ORIGIN'
    | 'ERR_INVALID_CLIENT_ID'
    | 'ERR_INVALID_SCOPE'
    | 'ERR_INVALID_RESOURCE'
    | 'ERR_RESERVED_PARAMETER'
    | 'ERR_UNSUPPORTED_ALG'
    | 'ERR_UNSUPPORTED_CLIENT'
    | 'ERR_CLOCK'
  /** The option's name, as written in the options object. */
  declare readonly option?: string

  /** @internal */
  constructor(code: ConfigurationError['code'], message: string, option?: string) {
    super(code, message, { option })
  }
}

/** A private key that cannot be read or used. Never contains key material. */
export class KeyError extends CountersignError {
  declare readonly code:
    | 'ERR_KEY_FORMAT'
    | 'ERR_NOT_PRIVATE_KEY'
    | 'ERR_WEAK_KEY'
    | 'ERR_KEY_ALG_MISMATCH'
    | 'ERR_KEY_USE'
    | 'ERR_KEY_PROVIDER'
}

/** The token endpoint sent no usable HTTP response: network, timeout, TLS, protocol or redirect. */
export class TokenTransportError extends CountersignError {
  declare readonly code:
    | 'ERR_TOKEN_NETWORK'
    | 'ERR_TOKEN_TIMEOUT'
    | 'ERR_TOKEN_TLS'
    | 'ERR_TOKEN_PROTOCOL'
    | 'ERR_TOKEN_REDIRECT'
  /** Token requests sent for this failure. */
  declare readonly attempts: number
  /** What to check or do, most likely first. The message ends with the first. */
  declare readonly hints: readonly string[]

  /** @internal */
  constructor(
    code: TokenTransportError['code'],
    message: string,
    fields: ErrorFields & { attempts: number },
  ) {
    super(code, appendHint(message, fields), { hints: [], ...fields })
  }
}

/** A success response that is not a token response (RFC 6749 section 5.1). */
export class TokenResponseError extends CountersignError {
  declare readonly code:
    | 'ERR_TOKEN_RESPONSE_TOO_LARGE'
    | 'ERR_TOKEN_RESPONSE_MALFORMED'
    | 'ERR_TOKEN_RESPONSE_INVALID'
    | 'ERR_TOKEN_TYPE_UNSUPPORTED'
  /** The invalid member, by its name on the wire. */
  declare readonly field?: string
  /** What to check or do, most likely first. The message ends with the first. */
  declare readonly hints: readonly string[]

  /** @internal */
  constructor(code: TokenResponseError['code'], message: string, fields: ErrorFields) {
    super(code, appendHint(message, fields), { hints: [], ...fields })
  }
}

/** The public facts about an assertion. */
export type SentAssertion = TokenEndpointError['sent']

/** The token endpoint rejected the request (RFC 6749 section 5.2). */
export class TokenEndpointError extends CountersignError {
  declare readonly code:
    | 'ERR_OAUTH'
    | 'ERR_TOKEN_HTTP'
    | 'ERR_TOKEN_RATE_LIMITED'
    | 'ERR_TOKEN_UNAVAILABLE'
  /** The HTTP status of the response. */
  declare readonly status: number
  /** `error` of the response, cut to 64 printable characters. */
  declare readonly error?: string
  /**
   * `error_description`, the server's text: at most 512 characters, without anything that looks
   * like a token and without the queries of URLs. The message quotes as much as fits.
   */
  declare readonly errorDescription?: string
  /** Token requests sent for this failure. */
  declare readonly attempts: number
  /**
   * What may be wrong and what to do, a sentence each, most likely first, three at most. The
   * message ends with the first. Empty if nothing is known. The sentences change between versions.
   */
  declare readonly hints: readonly string[]
  /** The names of the options to check, such as `scope`; empty if none is suspected. */
  declare readonly options: readonly string[]
  /** The contents of the rejected assertion, to compare with what is registered. Nothing secret. */
  declare readonly sent: {
    /** The algorithm of the signature. */
    readonly alg: string
    /** The key ID in the header. */
    readonly kid: string | undefined
    /** The `aud` claim, without the query of a URL. */
    readonly audience: string
    /** The lifetime, in seconds. */
    readonly lifetimeSeconds: number
    /** The thumbprint (RFC 7638) of the public key; undefined if the key cannot be exported. */
    readonly thumbprint: string | undefined
  }
}

/** A request to an origin that is not listed, with `onForeignOrigin: 'throw'`. Nothing was sent. */
export class ForeignOriginError extends CountersignError {
  declare readonly code: 'ERR_FOREIGN_ORIGIN'
  /** Scheme, host and port of the request. */
  declare readonly origin: string
}

/** The provider was closed before the call. Nothing was sent. */
export class ProviderClosedError extends CountersignError {
  declare readonly code: 'ERR_PROVIDER_CLOSED'

  /** @internal */
  constructor() {
    super(
      'ERR_PROVIDER_CLOSED',
      'The token provider is closed: close() was called. Create a provider for later calls.',
    )
  }
}

Object.defineProperty(CountersignError.prototype, brand, { value: true })
// Outside of the classes: a bundler renames a class that names itself inside.
for (const [name, { prototype }] of Object.entries({
  ConfigurationError,
  KeyError,
  TokenTransportError,
  TokenResponseError,
  TokenEndpointError,
  ForeignOriginError,
  ProviderClosedError,
}))
  Object.defineProperty(prototype, 'name', { value: name, configurable: true, writable: true })

/** The members of an error; those that are undefined are left out. */
interface ErrorFields {
  readonly retryable?: boolean | undefined
  readonly cause?: ErrorCause | undefined
  readonly hints?: readonly string[]
  readonly [name: string]: unknown
}

function appendHint(message: string, fields: ErrorFields): string {
  const hint = snapshot(fields).hints?.[0]
  return hint === undefined ? message : `${message} ${hint}`
}

const longestChain = 8

/**
 * Returns the Countersign error that an error of an HTTP client stands for: the error itself, or one
 * in its chain of causes. Never throws.
 *
 * @param error - What a call rejected with.
 * @returns the Countersign error, or `undefined` if the failure is another one.
 * @example
 * ```ts
 * const tokenError = tokenErrorOf(error)
 * if (tokenError?.retryable) return retryAt(tokenError.nextAttemptAt)
 * ```
 */
export function tokenErrorOf(error: unknown): CountersignError | undefined {
  let at = error
  for (let depth = 0; depth < longestChain && isObject(at); depth += 1) {
    if (isCountersignError(at)) return at
    try {
      at = Reflect.get(at, 'cause')
    } catch {
      return undefined
    }
  }
  return undefined
}

/**
 * Returns whether an error comes from any copy of this library.
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
