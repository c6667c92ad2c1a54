import { createCause } from '../error-cause.js'
import { type CountersignError, isCountersignError, KeyError } from '../errors.js'

const genpkey = 'openssl genpkey -out new-key.pem -algorithm'

/** Creates a P-256 key in PKCS#8. */
export const createKeyCommand = `${genpkey} EC -pkeyopt ec_paramgen_curve:P-256`

const createRsaKeyCommand = `${genpkey} RSA -pkeyopt rsa_keygen_bits:2048`
const minRsaBits = 2048

/** The error for a key that cannot be read. */
export function createFormatError(message: string): KeyError {
  return new KeyError('ERR_KEY_FORMAT', message)
}

/** The error for something other than a private key; `got` is for example `a certificate`. */
export function createNotPrivateError(got: string): KeyError {
  return new KeyError(
    'ERR_NOT_PRIVATE_KEY',
    `The key is ${got}. Pass the private key, or create and register a new one: ${createKeyCommand}`,
  )
}

/** The error for a key that is not meant for signing. */
export function createUseError(message: string): KeyError {
  return new KeyError('ERR_KEY_USE', message)
}

/** The error for a key that Web Crypto cannot read. Any other RSA key signs PS256. */
export function createRsaPssError(): KeyError {
  return createFormatError(
    `Web Crypto does not support keys with the OID of RSA-PSS. Create an RSA key, which signs PS256 too: ${createRsaKeyCommand}`,
  )
}

/** The error for a PEM whose content is not a key. */
export function createPemError(): KeyError {
  return createFormatError(
    'The PEM is damaged or truncated. Check the file: openssl pkey -in key.pem -noout',
  )
}

/** The error for a private key whose members are well-formed and do not match. */
export function createPairError(): KeyError {
  return createFormatError(
    'The private key is damaged: its public and private members do not match. Export the key again.',
  )
}

/** Throws if an RSA key is shorter than RFC 7518 sections 3.3 and 3.5 require. */
export function checkRsaLength(bits: number): void {
  if (bits >= minRsaBits) return
  throw new KeyError(
    'ERR_WEAK_KEY',
    `The RSA key has ${bits} bits, but at least ${minRsaBits} are required. Create and register a new key: ${createRsaKeyCommand}`,
  )
}

/** Returns a text from outside as a message may quote it: only if it is short and plain. */
export function toPrintable(text: unknown, maxLength = 16): string {
  if (text === undefined) return '(none)'
  const isPlain =
    typeof text === 'string' && text.length <= maxLength && /^[\x20-\x7e]+$/.test(text)
  return isPlain ? text : '(not shown)'
}

/**
 * Returns the error to report when reading a key or signing with it failed. Errors of getters,
 * proxies, polyfills and jose may quote the key, so only their name and code are kept.
 */
export function toKeyError(thrown: unknown): CountersignError {
  if (isCountersignError(thrown)) return thrown
  return new KeyError(
    'ERR_KEY_FORMAT',
    'Reading the key or signing with it failed. Pass PEM or a plain JWK.',
    { cause: createCause(thrown) },
  )
}
