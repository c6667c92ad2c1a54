import { snapshot } from './snapshot.js'

/**
 * An access token as it was issued. Members are getters on the prototype over private fields:
 * destructuring works; spread, JSON, `structuredClone` and `util.inspect` show `[redacted]` or
 * nothing.
 */
export interface AccessToken {
  /** The token itself: printable ASCII without a space, checked on arrival. */
  readonly value: string
  /** How it is shown to a resource server (RFC 6750). */
  readonly tokenType: 'Bearer'
  /** `Bearer ${value}`, built once. */
  readonly authorization: string
  /** As granted: the response's scope, else the one asked for. */
  readonly scope: string | undefined
  /** Epoch milliseconds at which the token request was sent. */
  readonly issuedAt: number
  /** `issuedAt` plus the lifetime that the server gave. */
  readonly expiresAt: number
}

/** An access token as plain data: what a token response says and a shared store keeps. */
export interface StoredToken {
  /** The token itself: whoever reads the store can use it. */
  readonly value: string
  /** How it is shown to a resource server. */
  readonly tokenType: 'Bearer'
  /** As granted; left out when neither the response nor the request had one. */
  readonly scope?: string
  /** Epoch milliseconds at which the token request was sent. */
  readonly issuedAt: number
  /** Epoch milliseconds. */
  readonly expiresAt: number
}

/** Printable ASCII without a space: what may stand in a header (RFC 6749 appendix A.12). */
export function isTokenValue(value: unknown): value is string {
  return typeof value === 'string' && /^[\x21-\x7e]+$/.test(value)
}

export function createAccessToken(stored: StoredToken): AccessToken {
  return new RedactedAccessToken(stored)
}

const redacted = '[redacted]'

class RedactedAccessToken implements AccessToken {
  readonly #token: StoredToken
  readonly #authorization: string

  constructor(stored: StoredToken) {
    this.#token = snapshot(stored)
    this.#authorization = `${stored.tokenType} ${stored.value}`
  }

  get value(): string {
    return this.#token.value
  }
  get tokenType(): 'Bearer' {
    return this.#token.tokenType
  }
  get authorization(): string {
    return this.#authorization
  }
  get scope(): string | undefined {
    return this.#token.scope
  }
  get issuedAt(): number {
    return this.#token.issuedAt
  }
  get expiresAt(): number {
    return this.#token.expiresAt
  }

  toJSON(): Record<string, unknown> {
    const { tokenType, scope, issuedAt, expiresAt } = this
    return { value: redacted, tokenType, authorization: redacted, scope, issuedAt, expiresAt }
  }

  toString(): string {
    return redacted
  }

  /** Node's and Deno's inspection; the plain object is what they print. */
  [Symbol.for('nodejs.util.inspect.custom')](): Record<string, unknown> {
    return this.toJSON()
  }
}
