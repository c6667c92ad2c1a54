import type { CryptoKey } from 'jose'
import { keyFailure } from '../keys/key-failure.js'
import type { Jwk } from '../keys/key-input.js'
import { foreignParts } from '../keys/private-jwk.js'
import { withoutPrototype } from '../own-members.js'
import type { Algorithm } from './assertion-signer.js'

/** Signs the JWS signing input. */
export type Sign = (bytes: Uint8Array, signal: AbortSignal) => Promise<Uint8Array>

/** How Web Crypto names an algorithm (RFC 7518 section 3.1), to import a key and to sign. */
const parameters = {
  ES256: { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' },
  PS256: { name: 'RSA-PSS', saltLength: 32, hash: 'SHA-256' },
  RS256: { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256' },
} as const satisfies Record<Algorithm, object>

/** Signs in this process. Web Crypto gives an ECDSA signature in JOSE form. */
export function localSigner(key: CryptoKey, alg: Algorithm): Sign {
  return async (bytes) => {
    try {
      const input = bytes as Uint8Array<ArrayBuffer>
      return new Uint8Array(await crypto.subtle.sign(parameters[alg], key, input))
    } catch (thrown) {
      throw keyFailure(thrown)
    }
  }
}

/**
 * Not extractable; what the JWK says of itself has been checked. It is given its `alg`, since Node
 * 22 copies it to an object that would inherit one.
 */
export async function importPrivateKey(
  { kid: _, ...members }: Jwk,
  alg: Algorithm,
): Promise<CryptoKey> {
  const jwk = withoutPrototype({ ...members, alg })
  try {
    return await crypto.subtle.importKey('jwk', jwk, parameters[alg], false, ['sign'])
  } catch {
    throw foreignParts()
  }
}
