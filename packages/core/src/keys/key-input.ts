import type { Algorithm } from './algorithms.js'

/**
 * The platform's `CryptoKey`, whose name differs between the types of Node and of the DOM.
 *
 * @inline
 */
export type CryptoKey = Extract<
  Awaited<ReturnType<typeof crypto.subtle.generateKey>>,
  { type: string }
>

/**
 * A JSON Web Key (RFC 7517, RFC 7518 section 6). The JWK types of `node:crypto`, of Web Crypto and of
 * jose are assignable to it, and it is assignable to them, which an interface would not be: Node's has
 * an index signature. Only its own members are read.
 */
export type Jwk = {
  /** The type of the key: `EC` or `RSA`. */
  readonly kty?: string
  /** Becomes the `kid` of the assertion's header. */
  readonly kid?: string
  /** The algorithm that the key is meant for. */
  readonly alg?: string
  /** `sig` for a key that signs. */
  readonly use?: string
  /** The operations that the key is meant for, `sign` among them. */
  readonly key_ops?: string[]
  /** Whether Web Crypto may export the key again; it is not read. */
  readonly ext?: boolean
  /** The curve of an EC key. */
  readonly crv?: string
  /** The x coordinate of an EC key. */
  readonly x?: string
  /** The y coordinate of an EC key. */
  readonly y?: string
  /** The modulus of an RSA key. */
  readonly n?: string
  /** The public exponent of an RSA key. */
  readonly e?: string
  /** The private part of a key. */
  readonly d?: string
  /** The first prime of a private RSA key. */
  readonly p?: string
  /** The second prime of a private RSA key. */
  readonly q?: string
  /** The exponent of the first prime. */
  readonly dp?: string
  /** The exponent of the second prime. */
  readonly dq?: string
  /** The coefficient of the first prime. */
  readonly qi?: string
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
  key: string | Uint8Array | Jwk | CryptoKey | KeyObjectLike
  /** The algorithm that the key signs; a JWK with another `alg` is rejected. */
  alg?: Algorithm
  /** The `kid` of the assertion's header. */
  kid?: string
  /** The passphrase of an encrypted PKCS#8 key. */
  passphrase?: string
}

/**
 * A private key: PEM text of any kind, a JWK or JWK Set or their text, the bytes of a file that holds
 * one of these or DER, a `CryptoKey`, a `KeyObject`. Bytes are read at once and not kept.
 */
export type KeyInput =
  | string
  | Uint8Array
  | Jwk
  | {
      /** A JWK set (RFC 7517 section 5). */
      keys: readonly Jwk[]
    }
  | CryptoKey
  | KeyObjectLike
  | KeyWithHeader
