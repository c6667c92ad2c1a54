import type { Algorithm } from '../assertion/assertion-signer.js'
import { ConfigurationError } from '../errors.js'
import { isPrintable } from './key-error.js'

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
