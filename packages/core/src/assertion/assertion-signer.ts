import { type Algorithm, algorithmNames, readAlgorithm } from '../keys/algorithms.js'
import { createOptionError } from '../options.js'
import { isObject } from '../snapshot.js'

/**
 * Signs assertions with a key outside of this process, such as in a KMS or an HSM. It is read once,
 * when the provider is created.
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
  /** The signature algorithm of the key, sent as `alg` in the assertion header. */
  readonly alg: Algorithm
  /**
   * The key ID registered with the authorization server, sent as `kid` in the assertion header
   * unless the option `kid` is set. It also identifies the key in a shared store.
   */
  readonly kid: string
  /**
   * Hashes the bytes with SHA-256 and signs the hash. It is called for each attempt of a token
   * request, several times at once if there are several requests. What it throws becomes the `cause`
   * of `ERR_KEY_PROVIDER`, without its message.
   *
   * @param bytes - The JWS signing input in ASCII. The signer may keep it.
   * @param signal - Aborts when the time limit of the token request has passed.
   * @returns The signature. For ES256: r and s of 32 bytes each, or DER. For PS256, with a salt of 32
   *   bytes, and RS256: the signature as it is.
   */
  sign(bytes: Uint8Array, signal: AbortSignal): Promise<Uint8Array>
}

/** Reads the option `signer` once; later changes of the object have no effect. */
export function readSigner(value: unknown): AssertionSigner {
  if (!isObject(value))
    throw createOptionError('signer', 'must be an object with alg, kid and sign')
  const { alg, kid, sign } = value as Record<keyof AssertionSigner, unknown>
  const name = readAlgorithm(alg, 'signer.alg')
  if (name === undefined) throw createOptionError('signer.alg', `must be ${algorithmNames}`)
  if (typeof kid !== 'string' || kid === '')
    throw createOptionError('signer.kid', 'must be a non-empty string')
  if (typeof sign !== 'function') throw createOptionError('signer.sign', 'must be a function')
  return { alg: name, kid, sign: sign.bind(value) as AssertionSigner['sign'] }
}
