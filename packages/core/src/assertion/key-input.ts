import type { CryptoKey } from 'jose'
import type { Algorithm } from './assertion-signer.js'

/** A JSON Web Key (RFC 7517). Only its own members are read. */
export interface Jwk {
  readonly kty: string
  readonly kid?: string
  readonly alg?: string
  readonly [member: string]: unknown
}

/** What is used of a `KeyObject` of `node:crypto`. */
export interface KeyObjectLike {
  readonly type: string
  readonly asymmetricKeyType?: string | undefined
  export(options: { format: 'jwk' }): object
}

/** A key together with the header members that belong to it, so that they rotate as one pair. */
export interface KeyWithHeader {
  key: string | Jwk | CryptoKey | KeyObjectLike
  alg?: Algorithm
  kid?: string
  passphrase?: string
}

/** A private key: PKCS#8 PEM text, a JWK, a `CryptoKey` or a `KeyObject`. */
export type KeyInput =
  | string
  | Jwk
  | { keys: readonly Jwk[] }
  | CryptoKey
  | KeyObjectLike
  | KeyWithHeader
