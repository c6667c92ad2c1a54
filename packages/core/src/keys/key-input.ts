import type { Algorithm } from './algorithms.js'

/**
 * The platform's `CryptoKey`, which has different names in the types of Node.js and of the DOM.
 *
 * @inline
 */
export type CryptoKey = Extract<
  Awaited<ReturnType<typeof crypto.subtle.generateKey>>,
  { type: string }
>

// Not an interface: Node's type has an index signature.
/**
 * A JSON Web Key (RFC 7517, RFC 7518 section 6). The JWK types of `node:crypto`, Web Crypto and jose
 * are assignable to it and from it. Only own members are read.
 *
 * @example
 * ```ts
 * const key: Jwk = privateKey.export({ format: 'jwk' })
 * ```
 */
export type Jwk = {
  /** The key type: `EC` or `RSA`. */
  readonly kty?: string
  /** The key ID, sent as `kid` in the assertion header unless the option `kid` is set. */
  readonly kid?: string
  /** The algorithm of the key, such as `ES256`. The option `alg` must be equal if it is set. */
  readonly alg?: string
  /** The use of the key: `sig`. Any other use is rejected. */
  readonly use?: string
  /** The operations of the key. They must include `sign`, unless the list is empty. */
  readonly key_ops?: string[]
  /** Whether Web Crypto may export the key. It is not read. */
  readonly ext?: boolean
  /** The curve of an EC key: `P-256`. */
  readonly crv?: string
  /** The x coordinate of an EC key. */
  readonly x?: string
  /** The y coordinate of an EC key. */
  readonly y?: string
  /** The modulus of an RSA key. */
  readonly n?: string
  /** The public exponent of an RSA key. */
  readonly e?: string
  /** The private key of an EC key, or the private exponent of an RSA key. */
  readonly d?: string
  /** The first prime factor of a private RSA key. */
  readonly p?: string
  /** The second prime factor of a private RSA key. */
  readonly q?: string
  /** The exponent of the first prime factor. */
  readonly dp?: string
  /** The exponent of the second prime factor. */
  readonly dq?: string
  /** The coefficient of the Chinese remainder theorem. */
  readonly qi?: string
}

/** The part of a `KeyObject` of `node:crypto` that Countersign uses. */
export interface KeyObjectLike {
  /** The type of the key: `private`, or `public` for `publicJwks`. */
  readonly type: string
  /** The kind of the key, such as `ec` or `rsa`. */
  readonly asymmetricKeyType?: string | undefined
  /** Returns the key as a JWK. */
  export(options: { format: 'jwk' }): object
}

/**
 * A private key and the options that belong to it. A key function returns it to rotate a key and its
 * `kid` together.
 *
 * @example
 * ```ts
 * const key = async (): Promise<KeyWithHeader> => ({ key: await readKey('2026-07'), kid: '2026-07' })
 * ```
 */
export interface KeyWithHeader {
  /** The private key: PEM, a JWK, bytes of one of these or of DER, a `CryptoKey` or a `KeyObject`. */
  key: string | Uint8Array | Jwk | CryptoKey | KeyObjectLike
  /**
   * The signature algorithm of the key. A JWK with another `alg` is rejected. The option `alg` of the
   * provider takes precedence.
   *
   * @default the JWK's `alg`, or `ES256` for a P-256 key
   */
  alg?: Algorithm
  /**
   * The key ID registered with the authorization server, sent as `kid` in the assertion header. The
   * option `kid` of the provider takes precedence.
   *
   * @default the JWK's `kid`; without one, the header has no `kid`
   */
  kid?: string
  /**
   * The passphrase of an encrypted PKCS#8 key.
   *
   * @default the option `passphrase` of the provider
   */
  passphrase?: string
}

/**
 * A private key in any accepted format: PEM, a JWK or a JWK Set as an object or as text, the bytes of
 * a file with one of these or with DER, a `CryptoKey`, or a `KeyObject`. What you pass is read
 * immediately and not kept.
 *
 * @example
 * ```ts
 * const key: KeyInput = readFileSync('private-key.pem')
 * ```
 */
export type KeyInput =
  | string
  | Uint8Array
  | Jwk
  | {
      /** The keys of a JWK Set (RFC 7517 section 5). */
      keys: readonly Jwk[]
    }
  | CryptoKey
  | KeyObjectLike
  | KeyWithHeader
