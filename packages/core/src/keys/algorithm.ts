import type { Algorithm } from '../assertion/assertion-signer.js'
import { ConfigurationError } from '../errors.js'
import { namedAlgorithm } from './algorithm-name.js'
import { cryptoKeyAlgorithm, cryptoKeyKind } from './crypto-key.js'
import { mismatch } from './key-error.js'
import { jwkKind } from './private-jwk.js'
import { isReadAs, type KeyMaterial } from './read-key.js'

/** The configured algorithm, else the one that came with the key, else the only one that fits it. */
export function chooseAlgorithm(
  configured: Algorithm | undefined,
  {
    material,
    alg,
  }: { material: Exclude<KeyMaterial, { pem: string }>; alg: Algorithm | undefined },
): Algorithm {
  const named = configured ?? alg
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
