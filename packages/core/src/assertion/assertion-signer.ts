/** The signature algorithms of a client assertion (RFC 7518 section 3.1). */
export type Algorithm = 'ES256' | 'PS256' | 'RS256'

/**
 * Signs where the private key lives, such as in a KMS or an HSM. It is read once, at construction,
 * and may be called several times at once, for each token request and each retry of one.
 *
 * @example
 * ```ts
 * const signer: AssertionSigner = {
 *   alg: 'ES256',
 *   kid: 'key-1',
 *   sign: (bytes, signal) => hsm.sign('key-1', bytes, { signal }),
 * }
 * const tokens = createTokenProvider({ clientId, tokenEndpoint, signer })
 * ```
 * @see RFC 7515 section 5.1, RFC 7518 sections 3.3 to 3.5
 */
export interface AssertionSigner {
  /** The `alg` of the assertion's header. */
  readonly alg: Algorithm
  /**
   * Under which the authorization server knows the public key. Stands in the assertion's header,
   * unless `assertion.kid` does, and is the key's identity in a shared store.
   */
  readonly kid: string
  /**
   * Hashes the bytes with SHA-256 and signs them. They are the JWS signing input, ASCII, and are
   * the signer's to keep. What it throws becomes `ERR_KEY_PROVIDER` without its words.
   *
   * @param signal - Aborts when the time of the token request is over; nobody waits from then on.
   * @returns Of ES256 the 64 bytes of r and s, or DER; of PS256 (32 bytes of salt) and RS256 the
   *   signature as it is.
   */
  sign(bytes: Uint8Array, signal: AbortSignal): Promise<Uint8Array>
}
