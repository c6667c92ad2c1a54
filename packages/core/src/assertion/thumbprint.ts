import { sha256 } from '../sha256.js'
import type { Jwk } from './key-input.js'

/** The thumbprint of a whole key, private or public (RFC 7638): of these members in this order. */
export function thumbprint({ kty, crv, x, y, e, n }: Jwk): Promise<string> {
  return sha256(JSON.stringify(kty === 'RSA' ? { e, kty, n } : { crv, kty, x, y }))
}
