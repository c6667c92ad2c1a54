import * as base64url from 'jose/base64url'
import { hex } from '../sha256.js'
import { isObject, snapshot } from '../snapshot.js'
import {
  type Algorithm,
  algorithms,
  createKindError,
  createMismatchError,
  findAlgorithms,
  readAlgorithm,
} from './algorithms.js'
import {
  checkRsaLength,
  createFormatError,
  createNotPrivateError,
  createPairError,
  toPrintable,
} from './key-error.js'
import type { Jwk } from './key-input.js'
import { getNodeCrypto } from './platform-key.js'

/** The members of a JWK from outside, on an object without a prototype. */
export type JwkMembers = Readonly<Record<string, unknown>>

/** Copies a JWK from outside. Some serializers write `null` for a missing member. */
export function snapshotJwk(input: object): JwkMembers {
  const members = Object.entries(input).filter(([, value]) => (value ?? undefined) !== undefined)
  return snapshot(Object.fromEntries(members))
}

/** For example `EC P-256` or `RSA`. */
function describeKind({ kty, crv }: JwkMembers): string {
  return kty === 'RSA' ? kty : `${toPrintable(kty)} ${toPrintable(crv)}`
}

/** Whether the JWK may sign, as far as `use` and `key_ops` say. */
export function isForSigning({ use = 'sig', key_ops: operations }: JwkMembers): boolean {
  const isRestricted = Array.isArray(operations) && operations.length > 0
  return use === 'sig' && (!isRestricted || operations.includes('sign'))
}

/**
 * Returns the algorithms that a JWK can sign, by its kind and its own `alg`; only the chosen one if
 * there is one. Throws if there are none.
 */
export function findJwkAlgorithms(
  members: JwkMembers,
  chosen: Algorithm | undefined,
): readonly [Algorithm, ...Algorithm[]] {
  const [first, ...others] = listAlgorithms(members, chosen)
  if (first !== undefined) return [first, ...others]
  const kind = describeKind(members)
  const own = readAlgorithm(members.alg)
  const alg = chosen ?? own
  if (alg === undefined) throw createKindError(kind)
  const got = own === undefined ? kind : `${kind} with alg ${own}`
  throw createMismatchError(alg, `an ${algorithms[alg].kind} key`, got)
}

function listAlgorithms(members: JwkMembers, chosen: Algorithm | undefined): readonly Algorithm[] {
  const kind = describeKind(members)
  return findAlgorithms(
    (row, name) => row.kind === kind && (members.alg ?? name) === name && (chosen ?? name) === name,
  )
}

/** The options that choose a key of a JWK Set. */
export interface KeyChoice {
  readonly kid: string | undefined
  readonly alg: Algorithm | undefined
}

/**
 * Returns the private key of a JWK Set with this `kid`; without one, the only private key that can
 * sign `alg`.
 */
export function chooseJwk(keys: unknown, { kid, alg }: KeyChoice): JwkMembers {
  const privateKeys = (Array.isArray(keys) ? keys : [])
    .filter(isObject)
    .map(snapshotJwk)
    .filter(({ d }) => d !== undefined)
  if (privateKeys.length === 0) throw createNotPrivateError('a JWK Set without a private key')
  const [only, ...others] = privateKeys.filter((key) =>
    kid === undefined ? isForSigning(key) && listAlgorithms(key, alg).length > 0 : key.kid === kid,
  )
  if (only !== undefined && others.length === 0) return only
  const list = privateKeys
    .slice(0, 4)
    .map((key) => `${toPrintable(key.kid, 64)} (${describeKind(key)})`)
  throw createFormatError(
    `${only ? others.length + 1 : 0} private keys of the JWK Set match. Choose one with 'kid' or 'alg': ${list.join(', ')}.`,
  )
}

/**
 * Returns the members that matter in their canonical form. Throws if the key is too short, or if its
 * private part does not match its public part.
 */
export function readJwk(members: JwkMembers, alg: Algorithm, part: 'public' | 'private'): Jwk {
  const { kind, numbers, curve } = algorithms[alg]
  const [kty, crv] = kind.split(' ')
  const jwk = snapshot<Record<string, string | undefined>>({ kty, ...(crv && { crv }) })
  for (const name of numbers[part]) jwk[name] = readNumber(members, name, curve?.octets)
  if (curve === undefined) checkRsaLength(readInteger(jwk, 'n').toString(2).length)
  if (part === 'public' || isPair(jwk, curve?.name)) return jwk
  throw createPairError()
}

/** Reads the `kid` of a JWK, or the one passed next to a key. */
export function readKid(kid: unknown): string | undefined {
  if (kid === undefined || (typeof kid === 'string' && kid !== '')) return kid
  throw createFormatError('The kid of the key must be a non-empty string.')
}

/** Decodes base64 or base64url, with whitespace anywhere; throws for anything else. */
export function decodeBase64(text: string): Uint8Array {
  return base64url.decode(text.replace(/\s/g, '').replaceAll('+', '-').replaceAll('/', '_'))
}

/**
 * Java, Go and PHP drop leading zeros of a number or add one for the sign (RFC 7518 sections 6.2 and
 * 6.3). A coordinate is as long as its curve requires, and an RSA number has no leading zeros.
 */
function readNumber(members: JwkMembers, name: string, octets: number | undefined): string {
  try {
    const bytes = decodeBase64(members[name] as string)
    const digits = bytes.subarray(bytes.findIndex((byte) => byte !== 0))
    const padded = new Uint8Array(octets ?? digits.length)
    padded.set(digits, padded.length - digits.length)
    if (digits.length > 0) return base64url.encode(padded)
  } catch {}
  throw createFormatError(`Member '${name}' of the JWK is missing, too long or not base64url.`)
}

function isPair(jwk: Jwk, curve: string | undefined): boolean {
  try {
    return curve === undefined ? isRsaPair(jwk) : isEcPair(jwk, curve)
  } catch {
    return false
  }
}

/** Needs `node:crypto`. Elsewhere the import of a key fails if its parts do not match. */
function isEcPair(jwk: Jwk, curve: string): boolean {
  const ecdh = getNodeCrypto()?.createECDH?.(curve)
  if (ecdh === undefined) return true
  ecdh.setPrivateKey(String(jwk.d), 'base64url')
  return ecdh.getPublicKey('hex') === `04${toHex(jwk, 'x')}${toHex(jwk, 'y')}`
}

/** RFC 8017 section 3.2: n is p times q, d, dp and dq invert e, and qi inverts q. */
function isRsaPair(jwk: Jwk): boolean {
  const [e, p, q] = [readInteger(jwk, 'e'), readInteger(jwk, 'p'), readInteger(jwk, 'q')]
  const isInverse = (name: keyof Jwk, value: bigint, modulus: bigint) =>
    (readInteger(jwk, name) * value) % modulus === 1n
  const isExponent = isInverse('d', e, p - 1n) && isInverse('d', e, q - 1n)
  const isChinese =
    isInverse('dp', e, p - 1n) && isInverse('dq', e, q - 1n) && isInverse('qi', q, p)
  return p * q === readInteger(jwk, 'n') && isExponent && isChinese
}

function readInteger(jwk: Jwk, name: keyof Jwk): bigint {
  return BigInt(`0x0${toHex(jwk, name)}`)
}

function toHex(jwk: Jwk, name: keyof Jwk): string {
  return hex(base64url.decode(String(jwk[name])))
}
