import * as base64url from 'jose/base64url'
import { snapshot } from '../snapshot.js'
import { type Algorithm, algorithms, mismatch, otherAlgorithm, rowOfKind } from './algorithms.js'
import {
  checkStrength,
  foreignParts,
  keyFormat,
  keyUse,
  notPrivate,
  printable,
} from './key-error.js'
import type { Jwk } from './key-input.js'
import { nodeCrypto } from './platform-key.js'

/** The members of a JWK from outside, on an object without a prototype. */
export type JwkMembers = Readonly<Record<string, unknown>>

const publicNames: ReadonlyMap<unknown, readonly string[]> = new Map([
  ['EC', ['crv', 'x', 'y']],
  ['OKP', ['crv', 'x']],
  ['RSA', ['n', 'e']],
])
const rsaPrivateNames = ['d', 'p', 'q', 'dp', 'dq', 'qi']

/** Copies a JWK from outside. Serializers write `null` for a member that is not there. */
export function snapshotJwk(input: object): JwkMembers {
  const members: Record<string, unknown> = snapshot({})
  for (const [name, value] of Object.entries(input))
    if (value !== undefined && value !== null) members[name] = value
  return members
}

/** Returns the members of a private JWK that matter, in their canonical form. */
export function readPrivateJwk(input: JwkMembers): Jwk {
  const { kty } = input
  if (kty === 'oct') throw notPrivate('a symmetric JWK (oct)')
  if (typeof kty !== 'string') throw keyFormat('The JWK has no kty.')
  if (input.d === undefined) throw notPrivate('a public JWK: it has no d')
  const other = otherUse(input)
  if (other !== undefined) throw keyUse(other)
  const names = publicNames.get(kty) ?? ['crv']
  const jwk: Record<string, unknown> & Jwk = snapshot({ kty })
  for (const name of [...names, ...(kty === 'RSA' ? rsaPrivateNames : ['d'])]) {
    const value = input[name]
    if (typeof value !== 'string' || value === '')
      throw keyFormat(`The ${printable(kty)} JWK lacks the member ${name}.`)
    jwk[name] = name === 'crv' ? value : readMember(input, name, value)
  }
  for (const name of ['kid', 'alg']) {
    const value = input[name]
    if (value === undefined) continue
    if (typeof value !== 'string' || value === '')
      throw keyFormat(`The member ${name} of the JWK must be a string.`)
    jwk[name] = value
  }
  return jwk
}

/** Returns the public members of a JWK, in their canonical form. */
export function readPublicJwk(input: JwkMembers): Jwk {
  const names = publicNames.get(input.kty) ?? []
  const lacking = names.find((name) => typeof input[name] !== 'string' || input[name] === '')
  if (lacking !== undefined) throw keyFormat(`The public JWK is not whole: it lacks ${lacking}.`)
  const read = (name: string) =>
    name === 'crv' ? input[name] : readMember(input, name, String(input[name]))
  return {
    kty: String(input.kty),
    ...Object.fromEntries(names.map((name) => [name, read(name)])),
  }
}

/** Throws unless the JWK is of the kind and strength that the algorithm needs. */
export function checkJwk(jwk: Jwk, alg: Algorithm): void {
  const got = jwkKind(jwk)
  if (got !== algorithms[alg].kind) throw mismatch(alg, got)
  if (jwk.alg !== undefined && jwk.alg !== alg) throw otherAlgorithm(alg, jwk.alg)
  if (got === 'RSA') checkStrength(integer(jwk.n).toString(2).length)
}

/**
 * Throws where the private part of a JWK does not match its public part. For an EC key only
 * `node:crypto` can tell at once; elsewhere its import tells.
 */
export function checkPair(jwk: Jwk): void {
  const { curve, kind } = rowOfKind(jwkKind(jwk)) ?? {}
  if (kind === 'RSA' && !isRsaPair(jwk)) throw foreignParts()
  const crypto = nodeCrypto()
  if (curve === undefined || crypto?.createECDH === undefined) return
  let point: Uint8Array
  try {
    const ecdh = crypto.createECDH(curve.name)
    ecdh.setPrivateKey(String(jwk.d), 'base64url')
    point = ecdh.getPublicKey()
  } catch {
    throw foreignParts()
  }
  const x = base64url.encode(point.subarray(1, 1 + curve.octets))
  const y = base64url.encode(point.subarray(1 + curve.octets))
  if (x !== jwk.x || y !== jwk.y) throw foreignParts()
}

/** Such as `EC P-256` or `RSA`. */
export function jwkKind(jwk: { readonly kty?: unknown; readonly crv?: unknown }): string {
  const kty = printable(jwk.kty)
  return kty === 'RSA' ? kty : `${kty} ${printable(jwk.crv)}`
}

/** Tells whether the JWK is meant for signatures, as far as it says. */
export function isForSigning(jwk: JwkMembers): boolean {
  return otherUse(jwk) === undefined
}

/** Returns why the JWK may not sign, by what it says of its use. */
function otherUse({ use, key_ops: operations }: JwkMembers): string | undefined {
  if (use !== undefined && use !== 'sig')
    return "The use of the JWK is not 'sig'. Give a key for signing, or leave out use."
  if (operations === undefined || isEmptyList(operations)) return undefined
  if (Array.isArray(operations) && operations.includes('sign')) return undefined
  return "The key_ops of the JWK do not include 'sign'. Give a key for signing."
}

function isEmptyList(value: unknown): boolean {
  return Array.isArray(value) && value.length === 0
}

/**
 * Numbers lose zeros in front, or gain one for the sign, where Java, Go or PHP wrote them (RFC 7518
 * sections 6.2 and 6.3): a coordinate is as long as its curve needs, an RSA number has no zeros.
 */
function readMember(jwk: JwkMembers, name: string, value: string): string {
  const bytes = decode(name, value)
  const { kind, curve } = rowOfKind(jwkKind(jwk)) ?? {}
  if (curve === undefined && kind !== 'RSA') return value
  const first = bytes.findIndex((byte) => byte !== 0)
  const digits = first === -1 ? new Uint8Array(0) : bytes.subarray(first)
  if (curve === undefined) return base64url.encode(digits)
  if (digits.length > curve.octets) {
    throw keyFormat(
      `The member ${name} of the JWK has ${bytes.length} octets, not ${curve.octets}.`,
    )
  }
  const padded = new Uint8Array(curve.octets)
  padded.set(digits, curve.octets - digits.length)
  return base64url.encode(padded)
}

function decode(name: string, value: string): Uint8Array {
  try {
    if (/^[\w-]+$/.test(value)) return base64url.decode(value)
  } catch {}
  throw keyFormat(`The member ${name} of the JWK is not base64url.`)
}

/** RFC 8017 section 3.2: n is p times q, e undoes d, dp and dq, and qi undoes q. */
function isRsaPair(jwk: Jwk): boolean {
  const names = ['n', 'e', 'd', 'p', 'q', 'dp', 'dq', 'qi'] as const
  const [n, e, d, p, q, dp, dq, qi] = names.map((name) => integer(jwk[name])) as RsaNumbers
  const undoes = (it: bigint, prime: bigint) => (e * it) % (prime - 1n) === 1n
  const isPair = p * q === n && undoes(d, p) && undoes(d, q)
  return isPair && undoes(dp, p) && undoes(dq, q) && (qi * q) % p === 1n
}

type RsaNumbers = [bigint, bigint, bigint, bigint, bigint, bigint, bigint, bigint]

function integer(member: unknown): bigint {
  return base64url
    .decode(String(member))
    .reduce((value, byte) => (value << 8n) | BigInt(byte), 0n) as bigint
}
