import { ConfigurationError } from '../errors.js'
import type { Algorithm } from './assertion-signer.js'
import { cryptoKeyAlgorithm, cryptoKeyKind } from './crypto-key.js'
import { isPrintable, mismatch } from './key-error.js'
import { jwkKind } from './private-jwk.js'
import { isReadAs, type KeyMaterial } from './read-key.js'

/** The configured algorithm, else the one that came with the key, else the only one that fits it. */
export function chooseAlgorithm(
  configured: unknown,
  { material, alg }: { material: Exclude<KeyMaterial, { pem: string }>; alg: unknown },
): Algorithm {
  const named = namedAlgorithm(configured ?? alg)
  if (named !== undefined) return named
  if (isReadAs(material, 'cryptoKey')) {
    const made = cryptoKeyAlgorithm(material.cryptoKey)
    if (made !== undefined) return made
    const kind = cryptoKeyKind(material.cryptoKey)
    throw mismatch(kind.startsWith('RSA') ? 'PS256' : 'ES256', kind)
  }
  const own = namedAlgorithm(material.jwk.alg)
  if (own !== undefined) return own
  const kind = jwkKind(material.jwk)
  if (kind === 'EC P-256') return 'ES256'
  if (kind !== 'RSA') throw mismatch('ES256', kind)
  throw new ConfigurationError(
    'ERR_INVALID_OPTION',
    "An RSA key signs PS256 or RS256: set 'assertion.alg' to the one that is registered for the client.",
    'assertion.alg',
  )
}

/** Throws for a name that is not one of ours; matching is exact. */
export function namedAlgorithm(alg: unknown, option = 'assertion.alg'): Algorithm | undefined {
  if (alg === undefined || alg === 'ES256' || alg === 'PS256' || alg === 'RS256') return alg
  const shown = isPrintable(alg) ? ` '${alg}'` : ''
  throw new ConfigurationError(
    'ERR_UNSUPPORTED_ALG',
    `The algorithm${shown} is not supported. Use ES256, PS256 or RS256.`,
    option,
  )
}
