import type { CryptoKey } from 'jose'
import * as base64url from 'jose/base64url'
import { KeyError } from '../errors.js'
import type { Algorithm } from './assertion-signer.js'
import type { Jwk } from './key-input.js'

const members: Readonly<Record<string, readonly string[]>> = {
  EC: ['crv', 'x', 'y', 'd'],
  RSA: ['n', 'e', 'd', 'p', 'q', 'dp', 'dq', 'qi'],
}
const leastRsaBits = 2048

/** The own members that matter of a private JWK, on an object without a prototype. */
export function privateJwk(input: object): Jwk {
  const own = (name: string): unknown =>
    Object.hasOwn(input, name) ? Reflect.get(input, name) : undefined
  const kty = own('kty')
  if (kty === 'oct')
    throw new KeyError('ERR_NOT_PRIVATE_KEY', 'The JWK is symmetric (oct). Give a private key.')
  if (typeof kty !== 'string') throw format('The JWK has no kty.')
  if (own('d') === undefined) {
    throw new KeyError(
      'ERR_NOT_PRIVATE_KEY',
      'The JWK has no d: it is a public key. Give the private key.',
    )
  }
  checkUse(own('use'), own('key_ops'))
  if (own('oth') !== undefined) throw format('The JWK is an RSA key of more than two primes.')
  const jwk: Record<string, unknown> & { kty: string } = Object.assign(Object.create(null), { kty })
  for (const name of Object.hasOwn(members, kty) ? (members[kty] ?? []) : ['crv']) {
    const value = own(name)
    if (typeof value !== 'string' || value === '')
      throw format(`The ${kty} JWK lacks the member ${name}.`)
    if (name !== 'crv' && !/^[\w-]+$/.test(value))
      throw format(`The member ${name} of the JWK is not base64url.`)
    jwk[name] = value
  }
  for (const name of ['kid', 'alg']) {
    const value = own(name)
    if (value === undefined) continue
    if (typeof value !== 'string') throw format(`The member ${name} of the JWK must be a string.`)
    jwk[name] = value
  }
  return jwk
}

/** Throws unless the JWK is of the kind and strength that the algorithm needs. */
export function checkJwk(jwk: Jwk, alg: Algorithm): void {
  const kind = alg === 'ES256' ? 'EC P-256' : 'RSA'
  const got = jwkKind(jwk)
  if (got !== kind) throw mismatch(alg, got)
  if (jwk.alg !== undefined && jwk.alg !== alg) {
    throw new KeyError('ERR_KEY_ALG_MISMATCH', `The alg of the JWK is not ${alg}.`)
  }
  if (kind === 'RSA') checkStrength(bitLength(String(jwk.n)))
}

/** Throws unless the CryptoKey may sign with the algorithm. */
export function checkCryptoKey(key: CryptoKey, alg: Algorithm): void {
  const made = cryptoKeyAlgorithm(key)
  if (made !== alg) throw mismatch(alg, cryptoKeyKind(key))
  if (made !== 'ES256') checkStrength(Number(Reflect.get(key.algorithm, 'modulusLength')))
}

/** Throws unless the CryptoKey is a private key for signing. */
export function checkCryptoKeyUse(key: CryptoKey): void {
  if (key.type !== 'private') {
    const shape = key.type === 'public' ? 'public' : 'symmetric'
    throw new KeyError('ERR_NOT_PRIVATE_KEY', `The CryptoKey is ${shape}. Give a private key.`)
  }
  if (!key.usages.includes('sign')) {
    throw new KeyError('ERR_KEY_USE', "The CryptoKey was made without the usage 'sign'.")
  }
}

/** The only algorithm that a CryptoKey was made for, if it is one of ours. */
export function cryptoKeyAlgorithm(key: CryptoKey): Algorithm | undefined {
  const kinds: Readonly<Record<string, Algorithm>> = {
    'ECDSA P-256': 'ES256',
    'RSA-PSS SHA-256': 'PS256',
    'RSASSA-PKCS1-v1_5 SHA-256': 'RS256',
  }
  return Object.entries(kinds).find(([kind]) => kind === cryptoKeyKind(key))?.[1]
}

/** Such as `EC P-256` or `RSA`. */
export function jwkKind(jwk: Jwk): string {
  if (jwk.kty === 'RSA') return 'RSA'
  return `${printable(jwk.kty)} ${printable(String(jwk.crv))}`
}

export function mismatch(alg: Algorithm, got: string): KeyError {
  const kind = alg === 'ES256' ? 'an EC P-256 key' : 'an RSA key'
  const hash =
    got.startsWith('RSA') && got !== 'RSA' && alg !== 'ES256' ? ` made for ${alg} (SHA-256)` : ''
  return new KeyError('ERR_KEY_ALG_MISMATCH', `${alg} needs ${kind}${hash}, got ${got}.`)
}

/** Such as `ECDSA P-256` or `RSA-PSS SHA-256`. */
export function cryptoKeyKind(key: CryptoKey): string {
  const { name, namedCurve, hash } = key.algorithm as {
    name: string
    namedCurve?: string
    hash?: { name: string }
  }
  return [name, namedCurve ?? hash?.name].filter((part) => part !== undefined).join(' ')
}

function checkUse(use: unknown, operations: unknown): void {
  if (use !== undefined && use !== 'sig')
    throw new KeyError('ERR_KEY_USE', "The use of the JWK is not 'sig'.")
  if (operations === undefined || (Array.isArray(operations) && operations.includes('sign'))) return
  throw new KeyError('ERR_KEY_USE', "The key_ops of the JWK do not include 'sign'.")
}

function checkStrength(bits: number): void {
  if (bits >= leastRsaBits) return
  throw new KeyError(
    'ERR_WEAK_KEY',
    `The RSA key has ${bits} bits and needs ${leastRsaBits} or more. Make a new one: openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:${leastRsaBits} -out key.pkcs8.pem`,
  )
}

function bitLength(n: string): number {
  const bytes = decoded(n)
  const first = bytes.findIndex((byte) => byte !== 0)
  if (first === -1) return 0
  return (bytes.length - first) * 8 - (Math.clz32(bytes[first] ?? 0) - 24)
}

function decoded(n: string): Uint8Array {
  try {
    return base64url.decode(n)
  } catch {
    throw format('The member n of the JWK is not base64url.')
  }
}

function printable(text: string): string {
  return /^[\w-]{1,16}$/.test(text) ? text : 'of an unknown kind'
}

function format(message: string): KeyError {
  return new KeyError('ERR_KEY_FORMAT', message)
}
