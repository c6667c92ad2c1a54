/** The signature algorithms of a client assertion (RFC 7518 section 3.1). */
export type Algorithm = 'ES256' | 'PS256' | 'RS256'

/**
 * Signs where the private key lives, such as in a KMS or an HSM.
 *
 * `sign` gets the signing input (header and payload, ASCII) and resolves to the raw JWS signature:
 * for ES256 the 64 bytes of r and s, not DER. It hashes with SHA-256 itself, keeps no reference to
 * the bytes and rejects soon after `signal` aborts. `alg` and `kid` stay the same for the life of
 * the object. It may be called several times at once.
 */
export interface AssertionSigner {
  /** The `alg` of the assertion's header. */
  readonly alg: Algorithm
  /** The `kid` of the header, and the key's identity in a shared store. */
  readonly kid: string
  /** The signature of the signing input. */
  sign(bytes: Uint8Array, signal: AbortSignal): Promise<Uint8Array>
}
