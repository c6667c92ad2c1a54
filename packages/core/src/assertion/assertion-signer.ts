import * as base64url from 'jose/base64url'
import { createCause } from '../error-cause.js'
import { KeyError } from '../errors.js'
import { type Algorithm, algorithmNames, readAlgorithm } from '../keys/algorithms.js'
import { invalidOption } from '../options.js'
import { isObject } from '../snapshot.js'
import type { Sign } from './client-assertion.js'
import { joseSignature } from './signature-form.js'

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
   * The key ID registered with the authorization server, sent as `kid` in the assertion header
   * unless the option `kid` is set. It also identifies the key in a shared store.
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

/** Reads the option `signer` once; later changes of the object change nothing. */
export function readSigner(value: unknown): AssertionSigner {
  if (!isObject(value)) throw invalidOption('signer', 'must be an object with alg, kid and sign')
  const { alg, kid, sign } = value as Record<keyof AssertionSigner, unknown>
  const named = readAlgorithm(alg, 'signer.alg')
  if (named === undefined) throw invalidOption('signer.alg', `is missing: ${algorithmNames}`)
  if (typeof kid !== 'string' || kid === '')
    throw invalidOption('signer.kid', 'must be a string that is not empty')
  if (typeof sign !== 'function') throw invalidOption('signer.sign', 'must be a function')
  return { alg: named, kid, sign: sign.bind(value) as AssertionSigner['sign'] }
}

/** Signs where the key lives. What the signer throws may quote the key. */
export function signRemotely({ alg, sign }: AssertionSigner): Sign {
  return async ({ header, claims, signal }) => {
    const input = `${encodeJson(header)}.${encodeJson(claims)}`
    let signature: unknown
    try {
      signature = await sign(new TextEncoder().encode(input), signal)
    } catch (thrown) {
      throw new KeyError('ERR_KEY_PROVIDER', 'The signer failed.', createCause(thrown))
    }
    return `${input}.${base64url.encode(joseSignature(signature, alg))}`
  }
}

function encodeJson(json: object): string {
  return base64url.encode(JSON.stringify(json))
}
