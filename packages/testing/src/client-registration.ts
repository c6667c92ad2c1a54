import type { Algorithm, Jwk } from '@countersign/core'
import { createLocalJWKSet, createRemoteJWKSet, type JWTVerifyGetKey } from 'jose'
import { requireKnownMembers } from './known-members.js'

/** What an authorization server is told about a client. */
export interface ClientRegistration {
  /** Not empty. */
  clientId: string
  /** The public keys, or the URL at which the client publishes them. */
  jwks:
    | {
        /** Public only. */
        keys: readonly Jwk[]
      }
    | string
  /** ES256, PS256 and RS256 when left out. */
  algorithms?: readonly Algorithm[] | undefined
  /** The one audience that is accepted; the token endpoint when left out. */
  audience?: string | undefined
  /** Space-delimited: what the client may ask for. Anything when left out. */
  scope?: string | undefined
  /** How far ahead `exp` may lie; 300 s when left out. */
  maxLifetimeSeconds?: number | undefined
}

/** A registration with its defaults filled in. */
export interface RegisteredClient {
  readonly clientId: string
  readonly publicKey: JWTVerifyGetKey
  readonly algorithms: readonly string[]
  readonly audience: string
  readonly scope: ReadonlySet<string> | undefined
  readonly maxLifetimeSeconds: number
}

const members = ['clientId', 'jwks', 'algorithms', 'audience', 'scope', 'maxLifetimeSeconds']

/** Throws a TypeError for an unknown member, a missing client id or keys, or a private key. */
export function registeredClient(
  registration: ClientRegistration,
  tokenEndpoint: string,
): RegisteredClient {
  requireKnownMembers('a registration', registration, members)
  const { clientId, jwks, algorithms, audience, scope, maxLifetimeSeconds } = registration
  if (typeof clientId !== 'string' || clientId === '') {
    throw new TypeError('a registration needs a clientId')
  }
  return {
    clientId,
    publicKey: publicKeyOf(jwks),
    algorithms: algorithms ?? ['ES256', 'PS256', 'RS256'],
    audience: audience ?? tokenEndpoint,
    scope: scope === undefined ? undefined : new Set(scope.split(' ').filter(Boolean)),
    maxLifetimeSeconds: maxLifetimeSeconds ?? 300,
  }
}

function publicKeyOf(jwks: ClientRegistration['jwks']): JWTVerifyGetKey {
  // No cool-down: a key that was rotated in is found at the next assertion that names it.
  if (typeof jwks === 'string') return createRemoteJWKSet(new URL(jwks), { cooldownDuration: 0 })
  if (!Array.isArray(jwks?.keys))
    throw new TypeError('a registration needs jwks, with keys or a URL')
  if (jwks.keys.some((key: Jwk) => 'd' in key)) {
    throw new TypeError('a private key was registered; register the public key alone')
  }
  return createLocalJWKSet({ keys: jwks.keys.map((key: Jwk) => ({ ...key })) })
}
