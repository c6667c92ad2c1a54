import { createPublicKey, type KeyObject } from 'node:crypto'
import {
  type CompactVerifyGetKey,
  compactVerify,
  createLocalJWKSet,
  errors,
  type JSONWebKeySet,
} from 'jose'
import { CommandFailure } from '../command-failure.js'
import type { JwkSet } from '../jwk-set.js'
import { type Finding, judge } from './finding.js'

/** Everything that a public key verifies: a shared secret is never taken for one. */
const algorithms = [
  'ES256',
  'ES384',
  'ES512',
  'PS256',
  'PS384',
  'PS512',
  'RS256',
  'RS384',
  'RS512',
  'EdDSA',
  'Ed25519',
]

export type Keys = { readonly jwks: JwkSet } | { readonly publicKey: KeyObject }

/** Whether one of the keys made the signature. */
export async function judgedSignature(jwt: string, keys: Keys | undefined): Promise<Finding> {
  const signature = judge('signature', 'RFC 7515 section 5.2')
  if (keys === undefined)
    return signature.warning('The signature was not verified: give --jwks or --public-key.')
  try {
    await verified(jwt, keys)
    return signature.ok('The signature is by the given key.')
  } catch (error) {
    return signature.error(reason(error))
  }
}

/** @throws {CommandFailure} for a text that holds no public key. */
export function publicKeyOf(text: string, path: string): KeyObject {
  try {
    const isJwk = text.trimStart().startsWith('{')
    return isJwk ? createPublicKey({ key: JSON.parse(text), format: 'jwk' }) : createPublicKey(text)
  } catch {
    throw new CommandFailure('ERR_KEY_FORMAT', `${path} holds no public key: give PEM or a JWK.`)
  }
}

async function verified(jwt: string, keys: Keys): Promise<void> {
  if ('publicKey' in keys) return void (await compactVerify(jwt, keys.publicKey, { algorithms }))
  const set = createLocalJWKSet({ keys: [...keys.jwks.keys] } as JSONWebKeySet)
  try {
    await compactVerify(jwt, set as CompactVerifyGetKey, { algorithms })
  } catch (error) {
    if (!(error instanceof errors.JWKSMultipleMatchingKeys)) throw error
    await byOneOf(jwt, error)
  }
}

async function byOneOf(jwt: string, several: errors.JWKSMultipleMatchingKeys): Promise<void> {
  for await (const key of several) {
    try {
      return void (await compactVerify(jwt, key, { algorithms }))
    } catch {}
  }
  throw new errors.JWSSignatureVerificationFailed()
}

function reason(error: unknown): string {
  if (error instanceof errors.JWSSignatureVerificationFailed)
    return 'The signature is not by the given key, or the JWT was changed.'
  if (error instanceof errors.JWKSNoMatchingKey)
    return 'The set has no key with the kid and alg of the JWT.'
  if (error instanceof errors.JOSEAlgNotAllowed) return 'No public key verifies this alg.'
  return 'The signature cannot be verified: the key does not fit the alg, or the JWT is damaged.'
}
