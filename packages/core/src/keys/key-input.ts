import type { CryptoKey } from 'jose'
import { isObject } from '../snapshot.js'
import type { Algorithm } from './algorithms.js'

/** A JSON Web Key (RFC 7517). Only its own members are read. */
export interface Jwk {
  /** The type of the key: `EC` or `RSA`. */
  readonly kty: string
  /** Becomes the `kid` of the assertion's header. */
  readonly kid?: string
  /** The algorithm that the key is meant for. */
  readonly alg?: string
  /** The members of its type, `d` of a private key among them. */
  readonly [member: string]: unknown
}

/** What is used of a `KeyObject` of `node:crypto`. */
export interface KeyObjectLike {
  /** `private` */
  readonly type: string
  /** Such as `ec` or `rsa`. */
  readonly asymmetricKeyType?: string | undefined
  /** The key as a JWK. */
  export(options: { format: 'jwk' }): object
}

/** A key together with the header members that belong to it, so that they rotate as one pair. */
export interface KeyWithHeader {
  /** The private key. */
  key: string | Jwk | CryptoKey | KeyObjectLike
  /** What the key signs; a JWK that says another is refused. */
  alg?: Algorithm
  /** The `kid` of the assertion's header. */
  kid?: string
  /** Of an encrypted PKCS#8 key. */
  passphrase?: string
}

/** A private key: PEM text of any kind, a JWK or JWK Set or their text, a `CryptoKey`, a `KeyObject`. */
export type KeyInput =
  | string
  | Jwk
  | {
      /** A JWK set (RFC 7517 section 5). */
      keys: readonly Jwk[]
    }
  | CryptoKey
  | KeyObjectLike
  | KeyWithHeader

/** Tells whether the value is an object with a key and its header members. */
export function isKeyWithHeader(input: unknown): input is object {
  return isObject(input) && Object.hasOwn(input, 'key')
}
