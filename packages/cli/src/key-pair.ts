import { generateKeyPair, type KeyObject } from 'node:crypto'
import { promisify } from 'node:util'
import type { Jwk } from '@countersign/core'
import { publicJwks } from '@countersign/core/keys'
import { encryptedPem } from './encrypted-key.js'

const generate = promisify(generateKeyPair)

export interface KeyPairOptions {
  readonly alg: 'ES256' | 'PS256' | 'RS256'
  /** Of an RSA key. */
  readonly bits: number
  /** Default: the thumbprint (RFC 7638). */
  readonly kid: string | undefined
  readonly passphrase: string | undefined
}

/** A new key pair in the three forms in which it is needed. */
export interface KeyPair {
  readonly kid: string
  readonly alg: string
  /** PKCS#8, encrypted where there is a passphrase. */
  readonly privatePem: string
  /** SPKI. */
  readonly publicPem: string
  readonly jwks: { readonly keys: readonly Jwk[] }
}

export async function newKeyPair(options: KeyPairOptions): Promise<KeyPair> {
  const { alg, kid, passphrase } = options
  const { privateKey, publicKey } = await generated(options)
  const jwks = await publicJwks([{ key: publicKey, alg, ...(kid !== undefined && { kid }) }])
  return {
    kid: String(jwks.keys[0]?.kid),
    alg,
    privatePem:
      passphrase === undefined
        ? String(privateKey.export({ type: 'pkcs8', format: 'pem' }))
        : await encryptedPem(privateKey, passphrase),
    publicPem: String(publicKey.export({ type: 'spki', format: 'pem' })),
    jwks,
  }
}

/** A PS256 key is a plain RSA key too: one that is bound to RSA-PSS is read by few. */
function generated({ alg, bits }: KeyPairOptions): Promise<{
  privateKey: KeyObject
  publicKey: KeyObject
}> {
  return alg === 'ES256'
    ? generate('ec', { namedCurve: 'P-256' })
    : generate('rsa', { modulusLength: bits })
}
