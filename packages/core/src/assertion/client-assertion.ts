import * as base64url from 'jose/base64url'
import type { Algorithm } from '../keys/algorithms.js'
import type { ImportedKey } from '../keys/key-loader.js'

/** The contents of a client's assertions, apart from its key. */
export interface AssertionForm {
  readonly clientId: string
  readonly audience: string
  readonly lifetimeSeconds: number
  readonly typ: string
  readonly claims: Readonly<Record<string, unknown>>
  readonly header: Readonly<Record<string, unknown>>
}

/** Signs header and claims, and returns the JWS in compact form (RFC 7515 section 7.1). */
export type Sign = (unsigned: {
  readonly header: Readonly<Record<string, unknown>> & { readonly alg: Algorithm }
  readonly claims: Readonly<Record<string, unknown>>
  readonly signal: AbortSignal
}) => Promise<string>

/** A key that signs assertions: its header members, and its name in a shared store. */
export interface SigningKey extends Omit<ImportedKey, 'key'> {
  /** Identifies this key in a shared store: its thumbprint or kid. */
  readonly identity: string | undefined
  readonly sign: Sign
}

/** Returns what is the same in all assertions of one form and key. */
export function describeAssertion(
  { clientId, audience, typ, claims, header }: AssertionForm,
  { alg, kid }: SigningKey,
) {
  return { clientId, audience, alg, kid, typ, claims, header }
}

/**
 * Signs a new assertion (RFC 7523 section 3). Extra claims and header members never replace those
 * that are set here. `now` is a finite number of epoch milliseconds.
 */
export function createAssertion(
  form: AssertionForm,
  { alg, kid, sign }: SigningKey,
  { now, signal }: { now: number; signal: AbortSignal },
): Promise<string> {
  const header = { ...form.header, alg, ...(kid !== undefined && { kid }), typ: form.typ }
  // The server's clock may be behind.
  const iat = Math.floor(now / 1000) - 5
  const claims = {
    ...form.claims,
    iss: form.clientId,
    sub: form.clientId,
    aud: form.audience,
    jti: createJti(),
    iat,
    exp: iat + form.lifetimeSeconds,
  }
  return sign({ header, claims, signal })
}

/** Creates an identifier of 128 random bits, so that no two are equal (RFC 7519 section 4.1.7). */
export function createJti(): string {
  return base64url.encode(crypto.getRandomValues(new Uint8Array(16)))
}
