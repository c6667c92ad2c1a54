import type { CryptoKey } from 'jose'
import type { Algorithm } from '../assertion/assertion-signer.js'
import { checkStrength, isPrintable, keyUse, mismatch, notPrivate } from './key-error.js'

/** Throws unless the CryptoKey is a private key for signing. */
export function checkCryptoKeyUse(key: CryptoKey): void {
  if (key.type !== 'private')
    throw notPrivate(`${isPrintable(key.type) ? `a ${key.type}` : 'no'} CryptoKey`)
  if (!key.usages.includes('sign')) {
    throw keyUse("The CryptoKey was made without the usage 'sign'. Import it with ['sign'].")
  }
}

/** Throws unless the CryptoKey may sign with the algorithm. */
export function checkCryptoKey(key: CryptoKey, alg: Algorithm): void {
  const made = cryptoKeyAlgorithm(key)
  if (made !== alg) throw mismatch(alg, cryptoKeyKind(key))
  if (made !== 'ES256') checkStrength(Number(Reflect.get(key.algorithm, 'modulusLength')))
}

/** The only algorithm that a CryptoKey was made for, if it is one of ours. */
export function cryptoKeyAlgorithm(key: CryptoKey): Algorithm | undefined {
  return algorithms.get(cryptoKeyKind(key))
}

const algorithms: ReadonlyMap<string, Algorithm> = new Map([
  ['ECDSA P-256', 'ES256'],
  ['RSA-PSS SHA-256', 'PS256'],
  ['RSASSA-PKCS1-v1_5 SHA-256', 'RS256'],
])

/** Such as `ECDSA P-256` or `RSA-PSS SHA-256`. */
export function cryptoKeyKind(key: CryptoKey): string {
  const { name, namedCurve, hash } = key.algorithm as {
    name: string
    namedCurve?: string
    hash?: { name: string }
  }
  return [name, namedCurve ?? hash?.name].filter((part) => part !== undefined).join(' ')
}
