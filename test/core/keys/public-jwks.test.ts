import { createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto'
import process from 'node:process'
import type { Jwk, KeyInput } from '@countersign/core'
import { keyThumbprint, publicJwks } from '@countersign/core/keys'
import { calculateJwkThumbprint } from 'jose'
import { afterEach, describe, expect, test, vi } from 'vitest'

const p256 = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey
const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey
const passphrase = 'a passphrase'

afterEach(() => {
  vi.restoreAllMocks()
})

describe.each([
  ['EC', p256, { alg: 'ES256' }],
  ['RSA', rsa, {}],
] as const)('of an %s key', (_kind, key, alg) => {
  const jwk = key.export({ format: 'jwk' })
  const publicKey = createPublicKey(key)
  const publicJwk = publicKey.export({ format: 'jwk' })
  const pkcs8 = String(key.export({ format: 'pem', type: 'pkcs8' }))
  const spki = String(publicKey.export({ format: 'pem', type: 'spki' }))
  const locked = String(
    key.export({ format: 'pem', type: 'pkcs8', cipher: 'aes-256-cbc', passphrase }),
  )
  const encryptedDer = key.export({
    ...{ format: 'der', type: 'pkcs8', cipher: 'aes-256-cbc', passphrase },
  } as const)
  const inputs: [string, KeyInput][] = [
    ['PKCS#8', pkcs8],
    ['PKCS#8 with literal line breaks', pkcs8.replaceAll('\n', '\\n')],
    ['an encrypted PEM', { key: locked, passphrase }],
    ['a JWK', jwk],
    ['JWK text', JSON.stringify(jwk)],
    ['a JWK Set', { keys: [jwk] }],
    ['bytes of a JWK Set', Buffer.from(JSON.stringify({ keys: [jwk] }))],
    ['JWK Set text', JSON.stringify({ keys: [jwk] })],
    ['a KeyObject', key],
    ['a public PEM', spki],
    ['a public JWK', publicJwk],
    ['a public JWK in text', JSON.stringify(publicJwk)],
    ['a public KeyObject', publicKey],
    ['bytes of a PEM', Buffer.from(pkcs8)],
    ['bytes of a public PEM', Buffer.from(spki)],
    ['bytes of a JWK', new TextEncoder().encode(JSON.stringify(publicJwk))],
    ['DER', key.export({ format: 'der', type: 'pkcs8' })],
    ['public DER', publicKey.export({ format: 'der', type: 'spki' })],
    ['encrypted DER', { key: encryptedDer, passphrase }],
  ]

  test.each(inputs)(
    '%s gives the public members alone, named by its thumbprint',
    async (_, input) => {
      const kid = await calculateJwkThumbprint(publicJwk)
      expect(await publicJwks([input])).toEqual({
        keys: [{ ...publicJwk, kid, use: 'sig', ...alg }],
      })
      if (!('keys' in Object(input)) && !String(input).includes('"keys"'))
        expect(await keyThumbprint(input)).toBe(kid)
    },
  )

  test('PEMs are read where there is no node:crypto too', async () => {
    vi.spyOn(process, 'getBuiltinModule').mockReturnValue(undefined as never)
    const kid = await calculateJwkThumbprint(publicJwk)
    for (const input of [pkcs8, spki])
      expect((await publicJwks([input])).keys).toMatchObject([{ ...publicJwk, kid }])
  })

  test('an extractable CryptoKey is published', async () => {
    const algorithm =
      jwk.kty === 'EC'
        ? { name: 'ECDSA', namedCurve: 'P-256' }
        : { name: 'RSA-PSS', hash: 'SHA-256' }
    const importKey = (it: object, extractable: boolean, usage: 'sign' | 'verify') =>
      crypto.subtle.importKey('jwk', it, algorithm, extractable, [usage])
    for (const it of [
      await importKey(jwk, true, 'sign'),
      await importKey(publicJwk, true, 'verify'),
    ])
      expect((await publicJwks([it])).keys).toMatchObject([
        { ...publicJwk, alg: it.algorithm.name === 'RSA-PSS' ? 'PS256' : 'ES256' },
      ])
    await expect(publicJwks([await importKey(jwk, false, 'sign')])).rejects.toMatchObject({
      code: 'ERR_KEY_FORMAT',
      message: 'The CryptoKey is not extractable. Pass its public key.',
    })
  })
})

test('kid and alg are those passed with the key, or else its own', async () => {
  const jwk = { ...p256.export({ format: 'jwk' }), kid: 'own', alg: 'ES256' }
  const pem = String(rsa.export({ format: 'pem', type: 'pkcs8' }))
  const { keys } = await publicJwks([jwk, { key: pem, kid: 'given', alg: 'PS256' }])
  expect(keys).toMatchObject([
    { kid: 'own', alg: 'ES256' },
    { kid: 'given', alg: 'PS256' },
  ])
  expect((await publicJwks([{ key: jwk, kid: 'given' }])).keys).toMatchObject([{ kid: 'given' }])
})

test('keys for encryption are omitted from a set, and rejected alone', async () => {
  const jwk = p256.export({ format: 'jwk' })
  const other = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey
  const encrypting = { ...other.export({ format: 'jwk' }), use: 'enc' }
  expect((await publicJwks([{ keys: [encrypting, jwk] }])).keys).toMatchObject([{ x: jwk.x }])
  const { d: _, ...publicPart }: Jwk = encrypting
  await expect(publicJwks([publicPart])).rejects.toMatchObject({
    name: 'KeyError',
    code: 'ERR_KEY_USE',
  })
})

test('a public key without whitespace is read', async () => {
  const pem = String(createPublicKey(p256).export({ format: 'pem', type: 'spki' }))
  expect(await publicJwks([pem.replaceAll(/\s/g, '')])).toEqual(await publicJwks([pem]))
})

test('a public JWK off its curve is rejected', async () => {
  const { d: _, y = '', ...others } = p256.export({ format: 'jwk' })
  await expect(publicJwks([{ ...others, x: y, y }])).rejects.toMatchObject({
    code: 'ERR_KEY_FORMAT',
    message: 'The public JWK is damaged: its members are not a key.',
  })
})

test('one key passed twice is published once, and two keys with one kid are rejected', async () => {
  const other = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey
  expect((await publicJwks([p256, createPublicKey(p256)])).keys).toHaveLength(1)
  await expect(publicJwks([withKid(p256, 'key-1'), withKid(other, 'key-1')])).rejects.toMatchObject(
    {
      name: 'KeyError',
      code: 'ERR_KEY_FORMAT',
      message: 'Two keys have the kid key-1. Give each key its own kid.',
    },
  )
})

test.each<[string, unknown, string, string]>([
  ['nothing', undefined, 'ERR_KEY_FORMAT', 'The key is undefined. Pass PEM or a JWK.'],
  [
    'a certificate',
    '-----BEGIN CERTIFICATE-----\nAA==\n-----END CERTIFICATE-----',
    'ERR_KEY_FORMAT',
    'The key is a certificate. Pass its public key: openssl x509 -in cert.pem -pubkey -noout',
  ],
  [
    'a public key in PKCS#1',
    String(createPublicKey(rsa).export({ format: 'pem', type: 'pkcs1' })),
    'ERR_KEY_FORMAT',
    'The public key is PKCS#1. Convert it: openssl rsa -RSAPublicKey_in -in key.pem -pubout',
  ],
  [
    'an RSA key of 1024 bits',
    generateKeyPairSync('rsa', { modulusLength: 1024 }).publicKey,
    'ERR_WEAK_KEY',
    'The RSA key has 1024 bits, but at least 2048 are required.',
  ],
  [
    'an algorithm that the key does not sign',
    { key: p256, alg: 'PS256' },
    'ERR_KEY_ALG_MISMATCH',
    'PS256 needs an RSA key, got EC P-256.',
  ],
  [
    'a P-384 key',
    generateKeyPairSync('ec', { namedCurve: 'P-384' }).publicKey,
    'ERR_KEY_ALG_MISMATCH',
    'Unsupported key',
  ],
  [
    'an algorithm that is not ours',
    { key: p256, alg: 'ES384' },
    'ERR_UNSUPPORTED_ALG',
    "Algorithm 'ES384' is not supported.",
  ],
  [
    'a public KeyObject bound to RSA-PSS',
    generateKeyPairSync('rsa-pss', { modulusLength: 2048 }).publicKey,
    'ERR_KEY_FORMAT',
    'Web Crypto does not support keys with the OID of RSA-PSS.',
  ],
  [
    'a public KeyObject that has no JWK',
    generateKeyPairSync('dsa', { modulusLength: 2048, divisorLength: 256 }).publicKey,
    'ERR_KEY_ALG_MISMATCH',
    'Unsupported key',
  ],
  [
    'a public PEM that is no base64',
    '-----BEGIN PUBLIC KEY-----\nAAAA!\n-----END PUBLIC KEY-----',
    'ERR_KEY_FORMAT',
    'The PEM is damaged or truncated',
  ],
  [
    'a public JWK without y',
    { ...createPublicKey(p256).export({ format: 'jwk' }), y: undefined },
    'ERR_KEY_FORMAT',
    "Member 'y' of the JWK is missing, too long or not base64url.",
  ],
  [
    'a public JWK with an empty e',
    { ...createPublicKey(rsa).export({ format: 'jwk' }), e: '' },
    'ERR_KEY_FORMAT',
    "Member 'e' of the JWK is missing, too long or not base64url.",
  ],
])('%s is rejected', async (_, input, code, message) => {
  await expect(publicJwks([input as KeyInput])).rejects.toMatchObject({
    code,
    message: expect.stringContaining(message),
  })
})

function withKid(key: KeyObject, kid: string): Jwk {
  return { ...key.export({ format: 'jwk' }), kid }
}
