import { sha256 } from '../sha256.js'
import type { Jwk } from './key-input.js'

/**
 * The thumbprint of a key, the same for its private and its public part (RFC 7638 section 3): of
 * the required members alone, in the order of their names.
 */
export function thumbprint({ kty, crv, e, n, x, y }: Jwk): Promise<string> {
  return sha256(JSON.stringify(kty === 'RSA' ? { e, kty, n } : { crv, kty, x, y }))
}
