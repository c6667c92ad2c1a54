import type { Algorithm, Jwk } from '@countersign/core'
import { createLocalJWKSet, createRemoteJWKSet, type JWTVerifyGetKey } from 'jose'
import { usualAlgorithms } from './assertion-rules.js'
import { requireKnownMembers } from './loopback-server.js'
import type { PublicKeys } from './signature.js'

/** A client that an authorization server knows. */
export interface ClientRegistration {
  /** The client ID; must not be empty. */
  clientId: string
  /** The public keys, or the URL at which the client publishes them. */
  jwks: PublicKeys | string
  /** The accepted algorithms. @default ['ES256', 'PS256', 'RS256'] */
  algorithms?: readonly Algorithm[] | undefined
  /** The one accepted audience. @default The URL of the token endpoint. */
  audience?: string | undefined
  /** The scopes that the client may ask for, separated by spaces. @default Every scope. */
  scope?: string | undefined
  /** How far ahead `exp` may be, in seconds. @default 300 */
  maxLifetimeSeconds?: number | undefined
}

const members = ['clientId', 'jwks', 'algorithms', 'audience', 'scope', 'maxLifetimeSeconds']

/**
 * A registration with its defaults.
 *
 * @internal
 */
export type RegisteredClient = ReturnType<typeof readRegistration>

/**
 * @throws TypeError for an unknown member, a missing client ID or keys, or a private key.
 *
 * @internal
 */
export function readRegistration(registration: ClientRegistration, tokenEndpoint: string) {
  requireKnownMembers('a registration', registration, members)
  const { clientId, jwks, algorithms, audience, scope, maxLifetimeSeconds } = registration
  if (typeof clientId !== 'string' || clientId === '')
    throw new TypeError('a registration needs a clientId')
  return {
    clientId,
    getKey: readKeys(jwks),
    algorithms: algorithms ?? usualAlgorithms,
    audience: audience ?? tokenEndpoint,
    scopes: scope?.split(' '),
    maxLifetimeSeconds,
  }
}

function readKeys(jwks: ClientRegistration['jwks']): JWTVerifyGetKey {
  // Without a cool-down, a new key is found at the first assertion that names it.
  if (typeof jwks === 'string') return createRemoteJWKSet(new URL(jwks), { cooldownDuration: 0 })
  if (!Array.isArray(jwks?.keys))
    throw new TypeError('a registration needs jwks, with keys or a URL')
  if (jwks.keys.some((key: Jwk) => 'd' in key))
    throw new TypeError('a private key was registered; register the public key alone')
  return createLocalJWKSet({ keys: jwks.keys.map((key: Jwk) => ({ ...key })) })
}
