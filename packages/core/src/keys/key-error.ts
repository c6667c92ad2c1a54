import type { Algorithm } from '../assertion/assertion-signer.js'
import { KeyError } from '../errors.js'

/** Makes a P-256 key in PKCS#8. */
export const newKey = 'openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out key.pem'

const newRsaKey = 'openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:2048 -out key.pem'
const leastRsaBits = 2048

/** The input is not in a form that can be read; the message says what mends it. */
export function keyFormat(message: string): KeyError {
  return new KeyError('ERR_KEY_FORMAT', message)
}

/** `got` is such as `a certificate`. */
export function notPrivate(got: string): KeyError {
  return new KeyError(
    'ERR_NOT_PRIVATE_KEY',
    `The key is ${got}. Give the private key that belongs to it; if that is lost, make a new pair and register it: ${newKey}`,
  )
}

/** The key is made for something else. */
export function keyUse(message: string): KeyError {
  return new KeyError('ERR_KEY_USE', message)
}

/** `got` is such as `EC P-384` or `RSA-PSS SHA-512`. */
export function mismatch(alg: Algorithm, got: string): KeyError {
  const kind = alg === 'ES256' ? 'an EC P-256 key' : 'an RSA key'
  const hash =
    got.startsWith('RSA') && got !== 'RSA' && alg !== 'ES256' ? ` made for ${alg} (SHA-256)` : ''
  return new KeyError('ERR_KEY_ALG_MISMATCH', `${alg} needs ${kind}${hash}, got ${got}.`)
}

/** The JWK says what it is for. */
export function otherAlgorithm(alg: Algorithm, own: string): KeyError {
  return new KeyError(
    'ERR_KEY_ALG_MISMATCH',
    `The alg of the JWK is ${printable(own)}, not ${alg}. Choose one with 'assertion.alg'.`,
  )
}

/** Neither RSA nor EC P-256, by what its encoding says. */
export function otherKind(): KeyError {
  return new KeyError(
    'ERR_KEY_ALG_MISMATCH',
    `The key is neither RSA nor EC P-256. Make one: ${newKey}`,
  )
}

/** Web Crypto reads no such key, and signs PS256 with any other RSA key. */
export function rsaPssOid(): KeyError {
  return keyFormat(
    `The key is bound to RSA-PSS by its OID, which Web Crypto cannot read. Make an RSA key (it signs PS256 too): ${newRsaKey}`,
  )
}

/** Throws for an RSA key of fewer bits than RFC 7518 sections 3.3 and 3.5 ask. */
export function checkStrength(bits: number): void {
  if (bits >= leastRsaBits) return
  throw new KeyError(
    'ERR_WEAK_KEY',
    `The RSA key has ${bits} bits and needs ${leastRsaBits} or more. Make a new one: ${newRsaKey}`,
  )
}

/** A word of a key that may be told: short and harmless. */
export function printable(text: unknown): string {
  return isPrintable(text) ? text : 'of an unknown kind'
}

export function isPrintable(text: unknown): text is string {
  return typeof text === 'string' && /^[\w-]{1,16}$/.test(text)
}
