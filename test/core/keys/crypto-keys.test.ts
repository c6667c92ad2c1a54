import { createPublicKey, generateKeyPairSync } from 'node:crypto'
import process from 'node:process'
import { type Algorithm, createTokenProvider, type KeyInput } from '@countersign/core'
import { type AuthorizationServer, createAuthorizationServer } from '@countersign/testing'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'

const clientId = 'client-1'
const { subtle } = crypto
let server: AuthorizationServer

beforeEach(async () => {
  server = await createAuthorizationServer()
})

afterEach(async () => {
  vi.restoreAllMocks()
  await server.close()
})

function provider(key: KeyInput | (() => KeyInput), alg?: Algorithm) {
  const { tokenEndpoint } = server
  return createTokenProvider({ clientId, tokenEndpoint, key, alg })
}

function rejectionOf(key: KeyInput, alg?: Algorithm): unknown {
  try {
    provider(key, alg)
  } catch (error) {
    return error
  }
  throw new Error('the key was accepted')
}

async function rsaKey(name: string, modulusLength: number, hash = 'SHA-256') {
  const publicExponent = Uint8Array.of(1, 0, 1)
  const algorithm = { name, modulusLength, publicExponent, hash }
  return subtle.generateKey(algorithm, false, ['sign', 'verify'])
}

async function ecKey(namedCurve: string) {
  return subtle.generateKey({ name: 'ECDSA', namedCurve }, false, ['sign', 'verify'])
}

describe('a CryptoKey', () => {
  test.each([
    ['RSASSA-PKCS1-v1_5', 'RS256'],
    ['RSA-PSS', 'PS256'],
  ] as const)('of %s with 1024 bits is rejected for %s', { tags: ['K1'] }, async (name, alg) => {
    const { privateKey } = await rsaKey(name, 1024)
    const rejected = {
      name: 'KeyError',
      code: 'ERR_WEAK_KEY',
      message: expect.stringContaining(
        'The RSA key has 1024 bits, but at least 2048 are required.',
      ),
    }
    expect(rejectionOf(privateKey, alg)).toMatchObject(rejected)
    expect(rejectionOf(privateKey)).toMatchObject(rejected)
    await expect(provider(() => privateKey).getAccessToken()).rejects.toMatchObject(rejected)
  })

  test.each([
    [
      'RSASSA-PKCS1-v1_5',
      'ES256',
      'ES256 needs a CryptoKey for ECDSA P-256, got RSASSA-PKCS1-v1_5 SHA-256.',
    ],
    [
      'RSASSA-PKCS1-v1_5',
      'PS256',
      'PS256 needs a CryptoKey for RSA-PSS SHA-256, got RSASSA-PKCS1-v1_5 SHA-256.',
    ],
    [
      'RSA-PSS',
      'RS256',
      'RS256 needs a CryptoKey for RSASSA-PKCS1-v1_5 SHA-256, got RSA-PSS SHA-256.',
    ],
  ] as const)('of %s is rejected for %s', { tags: ['K2'] }, async (name, alg, message) => {
    const { privateKey } = await rsaKey(name, 2048)
    expect(rejectionOf(privateKey, alg)).toMatchObject({
      name: 'KeyError',
      code: 'ERR_KEY_ALG_MISMATCH',
      message,
    })
  })

  test('of another hash than SHA-256 is rejected', { tags: ['K2'] }, async () => {
    const { privateKey } = await rsaKey('RSA-PSS', 2048, 'SHA-512')
    expect(rejectionOf(privateKey)).toMatchObject({
      code: 'ERR_KEY_ALG_MISMATCH',
      message: expect.stringContaining('Unsupported key: RSA-PSS SHA-512.'),
    })
  })

  test.each([
    ['RS256', 'RSASSA-PKCS1-v1_5 SHA-256'],
    ['PS256', 'RSA-PSS SHA-256'],
  ] as const)('of P-256 is rejected for %s', { tags: ['K2'] }, async (alg, needed) => {
    const { privateKey } = await ecKey('P-256')
    expect(rejectionOf(privateKey, alg)).toMatchObject({
      code: 'ERR_KEY_ALG_MISMATCH',
      message: `${alg} needs a CryptoKey for ${needed}, got ECDSA P-256.`,
    })
  })

  test.each(['P-384', 'P-521'])('of %s is rejected for ES256', { tags: ['K3'] }, async (curve) => {
    const { privateKey } = await ecKey(curve)
    const rejected = {
      name: 'KeyError',
      code: 'ERR_KEY_ALG_MISMATCH',
    }
    expect(rejectionOf(privateKey, 'ES256')).toMatchObject({
      ...rejected,
      message: `ES256 needs a CryptoKey for ECDSA P-256, got ECDSA ${curve}.`,
    })
    expect(rejectionOf(privateKey)).toMatchObject({
      ...rejected,
      message: expect.stringContaining(`Unsupported key: ECDSA ${curve}.`),
    })
  })

  test.each([
    ['ES256', () => ecKey('P-256')],
    ['PS256', () => rsaKey('RSA-PSS', 2048)],
    ['RS256', () => rsaKey('RSASSA-PKCS1-v1_5', 2048)],
  ] as const)(
    'signs the %s that it was made for, without alg',
    { tags: ['K13'] },
    async (alg, generate) => {
      const { privateKey, publicKey } = await generate()
      const jwk = await subtle.exportKey('jwk', publicKey)
      server.register({ clientId, jwks: { keys: [jwk] } })
      await provider(privateKey).getAccessToken()
      expect(server.requests).toMatchObject([{ status: 200, header: { alg } }])
    },
  )
})

test('a CryptoKey that may not sign is rejected', { tags: ['K9'] }, async () => {
  const algorithm = { name: 'ECDH', namedCurve: 'P-256' }
  const { privateKey } = await subtle.generateKey(algorithm, false, ['deriveBits'])
  expect(rejectionOf(privateKey)).toMatchObject({
    name: 'KeyError',
    code: 'ERR_KEY_USE',
    message: "The CryptoKey has no usage 'sign'. Import it with ['sign'].",
  })
})

test('a CryptoKey whose class has no tag signs, as with old compatibility dates of Workers', {
  tags: ['K11'],
}, async () => {
  const { privateKey, publicKey } = await ecKey('P-256')
  Object.defineProperty(privateKey, Symbol.toStringTag, { value: undefined })
  const jwk = await subtle.exportKey('jwk', publicKey)
  server.register({ clientId, jwks: { keys: [jwk] } })
  await provider(privateKey).getAccessToken()
  expect(server.requests).toMatchObject([{ status: 200, header: { alg: 'ES256' } }])
})

describe('where a PEM cannot be read synchronously', () => {
  beforeEach(() => {
    vi.spyOn(process, 'getBuiltinModule').mockReturnValue(undefined as never)
  })

  const pemOf = (key: ReturnType<typeof generateKeyPairSync>['privateKey']) =>
    key.export({ format: 'pem', type: 'pkcs8' }) as string

  test('a weak RSA key is rejected on the first call', { tags: ['K1'] }, async () => {
    const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 1024 })
    const tokens = provider(pemOf(privateKey), 'PS256')
    await expect(tokens.getAccessToken()).rejects.toMatchObject({
      name: 'KeyError',
      code: 'ERR_WEAK_KEY',
      message: expect.stringContaining(
        'The RSA key has 1024 bits, but at least 2048 are required.',
      ),
      retryable: false,
    })
    expect(server.requests).toEqual([])
  })

  test('a key of another kind than the algorithm needs is rejected on the first call', {
    tags: ['K2'],
  }, async () => {
    const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
    await expect(provider(pemOf(privateKey), 'RS256').getAccessToken()).rejects.toMatchObject({
      code: 'ERR_KEY_ALG_MISMATCH',
      message: 'RS256 needs an RSA key, got EC P-256.',
    })
  })

  test('a P-256 key still signs ES256', { tags: ['K13'] }, async () => {
    const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
    const jwk = createPublicKey(privateKey).export({ format: 'jwk' })
    server.register({ clientId, jwks: { keys: [jwk] } })
    await provider(pemOf(privateKey)).getAccessToken()
    expect(server.requests).toMatchObject([{ status: 200, header: { alg: 'ES256' } }])
  })
})

describe('the key of a key function', () => {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })

  test.each<[string, KeyInput, string]>([
    [
      'public PEM',
      publicKey.export({ format: 'pem', type: 'spki' }) as string,
      'The key is a public key. Pass the private key, or create',
    ],
    [
      'public JWK',
      publicKey.export({ format: 'jwk' }),
      'The key is a public key. Pass the private key, or create',
    ],
    ['public KeyObject', publicKey, 'The key is a public key. Pass the private key, or create'],
  ])('a %s is rejected on the call', { tags: ['K4'] }, async (_, key, message) => {
    await expect(provider(() => key).getAccessToken()).rejects.toMatchObject({
      name: 'KeyError',
      code: 'ERR_NOT_PRIVATE_KEY',
      message: expect.stringContaining(message),
    })
    expect(server.requests).toEqual([])
  })

  test.each(['ES256', 'none', 'es256'])(
    'the alg %s of a JWK is respected',
    { tags: ['G12', 'K13'] },
    async (alg) => {
      const jwk = createPublicKey(privateKey).export({ format: 'jwk' })
      server.register({ clientId, jwks: { keys: [jwk] } })
      const tokens = provider(() => ({ ...privateKey.export({ format: 'jwk' }), alg }))
      if (alg === 'ES256') {
        await tokens.getAccessToken()
        expect(server.requests).toMatchObject([{ status: 200, header: { alg } }])
        return
      }
      await expect(tokens.getAccessToken()).rejects.toMatchObject({
        code: 'ERR_UNSUPPORTED_ALG',
        message: `Algorithm '${alg}' is not supported. Use ES256, PS256 or RS256.`,
      })
    },
  )
})
