import type { Algorithm } from '../assertion/assertion-signer.js'
import type { KeyError } from '../errors.js'
import { ownMember, withoutPrototype } from '../own-members.js'
import {
  checkStrength,
  keyFormat,
  keyUse,
  mismatch,
  newKey,
  notPrivate,
  otherAlgorithm,
  printable,
} from './key-error.js'
import type { Jwk } from './key-input.js'
import { nodeCrypto } from './node-crypto.js'

const members: ReadonlyMap<string, readonly string[]> = new Map([
  ['EC', ['crv', 'x', 'y', 'd']],
  ['RSA', ['n', 'e', 'd', 'p', 'q', 'dp', 'dq', 'qi']],
])

/** The own members that matter of a private JWK, on an object without a prototype. */
export function privateJwk(input: object): Jwk {
  const own = (name: string): unknown => ownMember(input, name)
  const kty = own('kty')
  if (kty === 'oct') throw notPrivate('a symmetric JWK (oct)')
  if (typeof kty !== 'string') throw keyFormat('The JWK has no kty.')
  if (own('d') === undefined) throw notPrivate('a public JWK: it has no d')
  const other = otherUse(input)
  if (other !== undefined) throw keyUse(other)
  if (own('oth') !== undefined) {
    throw keyFormat(`The JWK is an RSA key of more than two primes. Make another: ${newKey}`)
  }
  const jwk: Record<string, unknown> & { kty: string } = withoutPrototype({ kty })
  for (const name of members.get(kty) ?? ['crv']) {
    const value = own(name)
    if (typeof value !== 'string' || value === '')
      throw keyFormat(`The ${printable(kty)} JWK lacks the member ${name}.`)
    if (name !== 'crv' && !/^[\w-]+$/.test(value))
      throw keyFormat(`The member ${name} of the JWK is not base64url.`)
    jwk[name] = value
  }
  for (const name of ['kid', 'alg']) {
    const value = own(name)
    if (value === undefined) continue
    if (typeof value !== 'string' || value === '')
      throw keyFormat(`The member ${name} of the JWK must be a string.`)
    jwk[name] = value
  }
  return jwk
}

/** Throws unless the JWK is of the kind and strength that the algorithm needs. */
export function checkJwk(jwk: Jwk, alg: Algorithm): void {
  const kind = alg === 'ES256' ? 'EC P-256' : 'RSA'
  const got = jwkKind(jwk)
  if (got !== kind) throw mismatch(alg, got)
  if (jwk.alg !== undefined && jwk.alg !== alg) throw otherAlgorithm(alg, jwk.alg)
  if (kind === 'RSA') checkStrength(integer(jwk.n).toString(2).length)
}

/**
 * Throws where the private part of a JWK belongs to another public part. Of an EC key only
 * `node:crypto` can tell at once; elsewhere its import tells.
 */
export function checkPair(jwk: Jwk): void {
  const kind = jwkKind(jwk)
  if (kind === 'RSA' && !isRsaPair(jwk)) throw foreignParts()
  const ecdh = kind === 'EC P-256' ? nodeCrypto()?.createECDH('prime256v1') : undefined
  if (ecdh === undefined) return
  let point: string
  try {
    ecdh.setPrivateKey(String(jwk.d), 'base64url')
    point = ecdh.getPublicKey('hex')
  } catch {
    throw foreignParts()
  }
  if (point !== `04${hex(jwk.x)}${hex(jwk.y)}`) throw foreignParts()
}

/** RFC 8017 section 3.2: n is p times q, and e undoes d. */
function isRsaPair(jwk: Jwk): boolean {
  const [n, e, d, p, q] = [jwk.n, jwk.e, jwk.d, jwk.p, jwk.q].map(integer) as RsaNumbers
  return p > 1n && q > 1n && p * q === n && [p, q].every((it) => (e * d) % (it - 1n) === 1n)
}

type RsaNumbers = [bigint, bigint, bigint, bigint, bigint]

/** Such as `EC P-256` or `RSA`. */
export function jwkKind(jwk: object): string {
  const kty = printable(ownMember(jwk, 'kty'))
  return kty === 'RSA' ? kty : `${kty} ${printable(ownMember(jwk, 'crv'))}`
}

/** Whether the JWK is meant for signatures, as far as it says. */
export function isForSigning(jwk: object): boolean {
  return otherUse(jwk) === undefined
}

/** The JWK is whole by its form, and no key. */
export function foreignParts(): KeyError {
  return keyFormat(
    `The private key is damaged: its members do not belong together. Take it anew from where it was made, or make another: ${newKey}`,
  )
}

/** Why the JWK may not sign, by what it says of its use. */
function otherUse(jwk: object): string | undefined {
  const [use, operations] = [ownMember(jwk, 'use'), ownMember(jwk, 'key_ops')]
  if (use !== undefined && use !== 'sig')
    return "The use of the JWK is not 'sig'. Give a key for signing, or leave out use."
  if (operations === undefined || (Array.isArray(operations) && operations.includes('sign')))
    return undefined
  return "The key_ops of the JWK do not include 'sign'. Give a key for signing."
}

function integer(base64url: unknown): bigint {
  return BigInt(`0x0${hex(base64url)}`)
}

function hex(base64url: unknown): string {
  try {
    const bytes = atob(String(base64url).replaceAll('-', '+').replaceAll('_', '/'))
    return Array.from(bytes, (byte) => byte.charCodeAt(0).toString(16).padStart(2, '0')).join('')
  } catch {
    throw keyFormat('A member of the JWK is not base64url.')
  }
}
