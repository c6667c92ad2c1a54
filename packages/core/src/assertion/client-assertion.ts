import * as base64url from 'jose/base64url'
import type { Algorithm } from './assertion-signer.js'
import { assertionClaims } from './claims.js'
import { newJti } from './jti.js'
import type { Sign } from './local-signer.js'

/** What the assertions of one client say, whichever key signs them. */
export interface AssertionForm {
  readonly clientId: string
  readonly audience: string
  readonly lifetimeSeconds: number
  readonly alg: Algorithm | undefined
  readonly kid: string | undefined
  readonly typ: string
  readonly claims: Readonly<Record<string, unknown>>
  readonly header: Readonly<Record<string, unknown>>
}

/** What signs, and what the header says of it. */
export interface SigningKey {
  readonly alg: Algorithm
  readonly kid: string | undefined
  /** Of the public key (RFC 7638); undefined where it cannot be told. */
  readonly thumbprint: string | undefined
  /** What tells this key from others in a shared store: thumbprint or kid. */
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

/** A new assertion (RFC 7523 section 3) in compact form. `now` is in epoch milliseconds. */
export async function clientAssertion(
  form: AssertionForm,
  { alg, kid, sign }: SigningKey,
  { now, signal }: { now: number; signal: AbortSignal },
): Promise<string> {
  const header = { ...form.header, alg, ...(kid !== undefined && { kid }), typ: form.typ }
  const claims = assertionClaims({ ...form, now, jti: newJti() })
  const input = `${encoded(header)}.${encoded(claims)}`
  const signature = await sign(new TextEncoder().encode(input), signal)
  return `${input}.${base64url.encode(signature)}`
}

function encoded(json: object): string {
  return base64url.encode(JSON.stringify(json))
}
