import type { KeyObject } from 'node:crypto'
import type { Jwk } from '@countersign/core'
import { compactVerify, createLocalJWKSet, errors, type JWTVerifyGetKey } from 'jose'
import { createRule, type JwtFinding } from './finding.js'

/** A public key, a JWK Set, or a function of jose that finds the keys. */
export type VerificationKeys = KeyObject | { readonly keys: readonly Jwk[] } | JWTVerifyGetKey

/** Every algorithm that a public key verifies, so that no public key is taken for a secret. */
const algorithms = [
  ...['ES256', 'ES384', 'ES512', 'PS256', 'PS384', 'PS512', 'RS256', 'RS384', 'RS512'],
  ...['EdDSA', 'Ed25519'],
]

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
    await verify(jwt, key)
    return rule.ok('the signature is by a given key')
  } catch (error) {
    return rule.error(describeFailure(error))
  }
}

/** Without a `kid` every key that fits the algorithm is tried. */
async function verify(jwt: string, key: KeyObject | JWTVerifyGetKey): Promise<void> {
  try {
    // The overloads of jose accept a key or a function, and not their union.
    await compactVerify(jwt, key as JWTVerifyGetKey, { algorithms })
  } catch (error) {
    if (!(error instanceof errors.JWKSMultipleMatchingKeys)) throw error
    for await (const candidate of error) {
      try {
        await compactVerify(jwt, candidate, { algorithms })
        return
      } catch {}
    }
    throw new errors.JWSSignatureVerificationFailed()
  }
}

function describeFailure(error: unknown): string {
  if (error instanceof errors.JWSSignatureVerificationFailed) return 'the signature is wrong'
  if (error instanceof errors.JWKSNoMatchingKey) return 'kid and alg belong to no given key'
  if (error instanceof errors.JOSEAlgNotAllowed) return 'alg is not one that public keys verify'
  return `the signature cannot be verified: ${error instanceof Error ? error.message : error}`
}
