import * as base64url from 'jose/base64url'
import type { Algorithm } from '../keys/algorithms.js'

/** What the assertions of one client say, whichever key signs them. */
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

/** What signs, and what the header says about it. */
export interface SigningKey {
  readonly alg: Algorithm
  readonly kid: string | undefined
  /** The thumbprint of the public key (RFC 7638); `undefined` where it is not known. */
  readonly thumbprint: string | undefined
  /** Distinguishes this key from others in a shared store: thumbprint or kid. */
  readonly identity: string | undefined
  readonly sign: Sign
}

/** What all assertions of one form and key have in common. */
export function assertionIdentity(
  { clientId, audience, typ, claims, header }: AssertionForm,
  { alg, kid }: SigningKey,
) {
  return { clientId, audience, alg, kid, typ, claims, header }
}

const backdatedSeconds = 5

/**
 * Returns a new assertion (RFC 7523 section 3) in compact form. Extra claims and header members
 * never replace its own. `now` is in epoch milliseconds, and finite.
 */
export function clientAssertion(
  form: AssertionForm,
  { alg, kid, sign }: SigningKey,
  { now, signal }: { now: number; signal: AbortSignal },
): Promise<string> {
  const header = { ...form.header, alg, ...(kid !== undefined && { kid }), typ: form.typ }
  const iat = Math.floor(now / 1000) - backdatedSeconds
  const claims = {
    ...form.claims,
    iss: form.clientId,
    sub: form.clientId,
    aud: form.audience,
    jti: newJti(),
    iat,
    exp: iat + form.lifetimeSeconds,
  }
  return sign({ header, claims, signal })
}

/** Names one assertion: 128 random bits, so that none comes twice (RFC 7519 section 4.1.7). */
export function newJti(): string {
  return base64url.encode(crypto.getRandomValues(new Uint8Array(16)))
}
