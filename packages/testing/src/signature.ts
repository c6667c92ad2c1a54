import type { Jwk } from '@countersign/core'
import {
  type CryptoKey,
  compactVerify,
  createLocalJWKSet,
  errors,
  type JWTVerifyGetKey,
  type KeyObject,
} from 'jose'
import { createRule, type JwtFinding } from './finding.js'

/**
 * A JWK Set (RFC 7517 section 5).
 *
 * @inline
 */
export interface PublicKeys {
  /** The public keys, without private members. */
  readonly keys: readonly Jwk[]
}

/** A public key, a JWK Set, or a function of jose that finds the keys. */
export type VerificationKeys = KeyObject | PublicKeys | JWTVerifyGetKey

/**
 * Checks that one of the keys made the signature of a JWT (RFC 7515 section 5.2).
 *
 * @example
 * ```ts
 * const { level, message } = await checkSignature(assertion, { keys: [publicJwk] })
 * ```
 */
export async function checkSignature(jwt: string, keys: VerificationKeys): Promise<JwtFinding> {
  const rule = createRule('signature', 'RFC 7515 section 5.2')
  const key =
    'keys' in keys ? createLocalJWKSet({ keys: keys.keys.map((jwk) => ({ ...jwk })) }) : keys
  try {
    // The overloads of jose accept a key or a function, and not their union.
    await compactVerify(jwt, key as JWTVerifyGetKey).catch((error) => verifyWithEach(jwt, error))
    return rule.ok('the signature is by a given key')
  } catch (error) {
    if (error instanceof errors.JWSSignatureVerificationFailed || error instanceof AggregateError)
      return rule.error('the signature is wrong')
    if (error instanceof errors.JWKSNoMatchingKey)
      return rule.error('kid and alg belong to no given key')
    return rule.error(`the signature cannot be verified: ${(error as Error).message}`)
  }
}

/** Tries every key that fits the algorithm, for a JWT without a `kid`. */
async function verifyWithEach(jwt: string, error: unknown): Promise<void> {
  if (!(error instanceof errors.JWKSMultipleMatchingKeys)) throw error
  const candidates: CryptoKey[] = []
  for await (const candidate of error) candidates.push(candidate)
  await Promise.any(candidates.map((candidate) => compactVerify(jwt, candidate)))
}
