import { createCause } from '../error-cause.js'
import { type CountersignError, isCountersignError, KeyError } from '../errors.js'

/** The command that makes a P-256 key in PKCS#8. */
export const newKey = 'openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out key.pem'

const newRsaKey = 'openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:2048 -out key.pem'
const leastRsaBits = 2048

/** The error for a key that cannot be read; the message says how to fix it. */
export function keyFormat(message: string): KeyError {
  return new KeyError('ERR_KEY_FORMAT', message)
}

/** The error for something else than a private key; `got` is such as `a certificate`. */
export function notPrivate(got: string): KeyError {
  return new KeyError(
    'ERR_NOT_PRIVATE_KEY',
    `The key is ${got}. Give the private key that belongs to it; if that is lost, make a new pair and register it: ${newKey}`,
  )
}

/** The error for a key that is meant for another use. */
export function keyUse(message: string): KeyError {
  return new KeyError('ERR_KEY_USE', message)
}

/** Web Crypto does not read such a key, and signs PS256 with any other RSA key. */
export function rsaPssOid(): KeyError {
  return keyFormat(
    `The key is bound to RSA-PSS by its OID, which Web Crypto cannot read. Make an RSA key (it signs PS256 too): ${newRsaKey}`,
  )
}

/** The error for a PEM whose content cannot be read. */
export function damagedPem(): KeyError {
  return keyFormat(
    'The PEM text is damaged or truncated: its content is not a key. Check the file it came from: openssl pkey -in key.pem -noout',
  )
}

/** The error for a key whose members are well-formed and do not match. */
export function foreignParts(): KeyError {
  return keyFormat(
    `The private key is damaged: its members do not belong together. Take it anew from where it was made, or make another: ${newKey}`,
  )
}

/** Throws for an RSA key with fewer bits than RFC 7518 sections 3.3 and 3.5 require. */
export function checkStrength(bits: number): void {
  if (bits >= leastRsaBits) return
  throw new KeyError(
    'ERR_WEAK_KEY',
    `The RSA key has ${bits} bits and needs ${leastRsaBits} or more. Make a new one: ${newRsaKey}`,
  )
}

/** Returns the word if a message may quote it: it is short and plain. */
export function printable(text: unknown): string {
  return isPrintable(text) ? text : 'of an unknown kind'
}

export function isPrintable(text: unknown): text is string {
  return typeof text === 'string' && /^[\w-]{1,16}$/.test(text)
}

/**
 * Returns the error to report for whatever was thrown while a key was read or used. Getters,
 * proxies, polyfills and jose may quote the key, so only name and code of their errors are kept.
 */
export function keyFailure(thrown: unknown): CountersignError {
  if (isCountersignError(thrown)) return thrown
  return new KeyError(
    'ERR_KEY_FORMAT',
    'The key failed while it was read or used to sign. Give it as PEM text or as a plain JWK.',
    createCause(thrown),
  )
}
