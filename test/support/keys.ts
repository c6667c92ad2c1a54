import { generateKeyPairSync, type KeyObject } from 'node:crypto'
import type { Jwk } from '@countersign/core'

export interface Pair {
  readonly privateKey: KeyObject
  readonly publicJwk: Jwk
}

export function ecPair(): Pair {
  return exported(generateKeyPairSync('ec', { namedCurve: 'P-256' }))
}

export function rsaPair(): Pair {
  return exported(generateKeyPairSync('rsa', { modulusLength: 2048 }))
}

function exported(pair: { privateKey: KeyObject; publicKey: KeyObject }): Pair {
  return {
    privateKey: pair.privateKey,
    publicJwk: pair.publicKey.export({ format: 'jwk' }),
  }
}
