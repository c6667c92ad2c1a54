import { generateKeyPairSync, type KeyObject } from 'node:crypto'
import type { Jwk } from '@countersign/core'

/** A key pair in the formats that tests pass on. */
export interface Pair {
  readonly privateKey: KeyObject
  readonly publicKey: KeyObject
  readonly publicJwk: Jwk
  readonly jwk: Jwk & { readonly d: string }
  /** The private key in PKCS#8. */
  readonly pem: string
  /** The public key as a client registers it. */
  readonly jwks: { readonly keys: readonly [Jwk] }
}

/** Returns a pair that no other test has; {@link clientKey} is faster where that is not needed. */
export function ecPair(): Pair {
  return describePair(generateKeyPairSync('ec', { namedCurve: 'P-256' }))
}

export function rsaPair(): Pair {
  return describePair(generateKeyPairSync('rsa', { modulusLength: 2048 }))
}

/** The pair of the client in tests that need no pair of their own. */
export const clientKey = ecPair()

/** A second pair, for another client or a key that the server does not know. */
export const otherKey = ecPair()

let rsaKey: Pair | undefined

/** Returns the one RSA pair of this process: it takes long to generate. */
export function sharedRsaPair(): Pair {
  rsaKey ??= rsaPair()
  return rsaKey
}

function describePair({ privateKey, publicKey }: { privateKey: KeyObject; publicKey: KeyObject }) {
  const publicJwk = publicKey.export({ format: 'jwk' }) as Jwk
  return {
    ...{ privateKey, publicKey, publicJwk, jwks: { keys: [publicJwk] as const } },
    jwk: privateKey.export({ format: 'jwk' }) as Pair['jwk'],
    pem: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
  }
}
