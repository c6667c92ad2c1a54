import { snapshot } from './snapshot.js'

/**
 * An access token. Its members can be destructured; spread, `JSON.stringify`, `structuredClone` and
 * `util.inspect` show `[redacted]` or nothing.
 */
export interface AccessToken {
  /** The token itself: printable ASCII without spaces. */
  readonly value: string
  /** How it is sent to a resource server (RFC 6750). */
  readonly tokenType: 'Bearer'
  /** The value of the `Authorization` header: `Bearer`, a space, and the token. */
  readonly authorization: string
  /** The granted scope, or the requested one if the token response has none. */
  readonly scope: string | undefined
  /** When the token request was sent, in epoch milliseconds. */
  readonly issuedAt: number
  /** When the token expires, in epoch milliseconds. */
  readonly expiresAt: number
}

/** An access token as plain data, as a shared store keeps it. */
export interface StoredToken {
  /** The token itself. Everyone who can read the store can use it. */
  readonly value: string
  /** How it is sent to a resource server (RFC 6750). */
  readonly tokenType: 'Bearer'
  /** The granted scope, or the requested one. Absent if there is neither. */
  readonly scope?: string
  /** When the token request was sent, in epoch milliseconds. */
  readonly issuedAt: number
  /** When the token expires, in epoch milliseconds. */
  readonly expiresAt: number
}

/** Whether it is printable ASCII without spaces, so that a header can contain it (RFC 6749 appendix A.12). */
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

  /** Node.js and Deno print what this returns. */
  [Symbol.for('nodejs.util.inspect.custom')](): Record<string, unknown> {
    return this.toJSON()
  }
}
