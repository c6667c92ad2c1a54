import { createPublicKey, generateKeyPairSync, type KeyObject, webcrypto } from 'node:crypto'
import type { Algorithm, Jwk } from '@countersign/core'
import { type SignerUnderTest, signerSuite } from './signer.ts'

const passphrase = 'correct horse'
const keys: Readonly<Record<Algorithm, KeyObject>> = {
  ES256: generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey,
  PS256: generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey,
  RS256: generateKeyPairSync('rsa', { modulusLength: 3072 }).privateKey,
}

type Options = Pick<SignerUnderTest, 'kid' | 'options'>

for (const alg of ['ES256', 'PS256', 'RS256'] as const) {
  const key = keys[alg]
  const pem = String(key.export({ format: 'pem', type: 'pkcs8' }))
  const jwk = key.export({ format: 'jwk' })
  const cipher = { cipher: 'aes-256-cbc', passphrase }
  const locked = String(key.export({ format: 'pem', type: 'pkcs8', ...cipher }))
  const cryptoKey = await toCryptoKey(jwk, alg)
  const set = {
    keys: [
      { ...keys.ES256.export({ format: 'jwk' }), kid: 'another' },
      { ...jwk, alg, kid: 'key-1' },
    ],
  }
  const ways: Readonly<Record<string, Options>> = {
    PEM: { kid: undefined, options: { key: pem, alg } },
    'encrypted PEM': {
      kid: 'key-1',
      options: { key: locked, passphrase, alg, kid: 'key-1' },
    },
    JWK: { kid: 'key-1', options: { key: { ...jwk, alg, kid: 'key-1' } } },
    'JWK Set': { kid: 'key-1', options: { key: set, kid: 'key-1' } },
    KeyObject: { kid: 'key-1', options: { key, alg, kid: 'key-1' } },
    CryptoKey: { kid: undefined, options: { key: cryptoKey } },
    'key function': {
      kid: 'key-1',
      options: { key: async () => ({ key: pem, alg, kid: 'key-1' }) },
    },
  }
  for (const [way, options] of Object.entries(ways)) {
    const name = `${alg}, ${way}`
    const publicKey = createPublicKey(key).export({ format: 'jwk' })
    signerSuite(() => ({ name, alg, publicKey, ...options }), name)
  }
}

/** Not extractable: a key that stays where it is. */
function toCryptoKey(jwk: Jwk, alg: Algorithm): Promise<webcrypto.CryptoKey> {
  const algorithm = {
    ES256: { name: 'ECDSA', namedCurve: 'P-256' },
    PS256: { name: 'RSA-PSS', hash: 'SHA-256' },
    RS256: { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256' },
  }[alg]
  return webcrypto.subtle.importKey('jwk', jwk, algorithm, false, ['sign'])
}
