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

function refusal(key: KeyInput, alg?: Algorithm): unknown {
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
  ] as const)('K1: of %s with 1024 bits is refused for %s', async (name, alg) => {
    const { privateKey } = await rsaKey(name, 1024)
    const refused = {
      name: 'KeyError',
      code: 'ERR_WEAK_KEY',
      message: expect.stringContaining('The RSA key has 1024 bits and needs 2048 or more.'),
    }
    expect(refusal(privateKey, alg)).toMatchObject(refused)
    expect(refusal(privateKey)).toMatchObject(refused)
    await expect(provider(() => privateKey).getAccessToken()).rejects.toMatchObject(refused)
  })

  test.each([
    ['RSASSA-PKCS1-v1_5', 'ES256', 'ES256 needs an EC P-256 key, got RSASSA-PKCS1-v1_5 SHA-256.'],
    [
      'RSASSA-PKCS1-v1_5',
      'PS256',
      'PS256 needs an RSA key made for PS256 (SHA-256), got RSASSA-PKCS1-v1_5 SHA-256.',
    ],
    ['RSA-PSS', 'RS256', 'RS256 needs an RSA key made for RS256 (SHA-256), got RSA-PSS SHA-256.'],
  ] as const)('K2: of %s is refused for %s', async (name, alg, message) => {
    const { privateKey } = await rsaKey(name, 2048)
    expect(refusal(privateKey, alg)).toMatchObject({
      name: 'KeyError',
      code: 'ERR_KEY_ALG_MISMATCH',
      message,
    })
  })

  test('K2: of another hash than SHA-256 is refused', async () => {
    const { privateKey } = await rsaKey('RSA-PSS', 2048, 'SHA-512')
    expect(refusal(privateKey)).toMatchObject({
      code: 'ERR_KEY_ALG_MISMATCH',
      message: 'PS256 needs an RSA key made for PS256 (SHA-256), got RSA-PSS SHA-512.',
    })
  })

  test.each(['RS256', 'PS256'] as const)('K2: of P-256 is refused for %s', async (alg) => {
    const { privateKey } = await ecKey('P-256')
    expect(refusal(privateKey, alg)).toMatchObject({
      code: 'ERR_KEY_ALG_MISMATCH',
      message: `${alg} needs an RSA key, got ECDSA P-256.`,
    })
  })

  test.each(['P-384', 'P-521'])('K3: of %s is refused for ES256', async (curve) => {
    const { privateKey } = await ecKey(curve)
    const refused = {
      name: 'KeyError',
      code: 'ERR_KEY_ALG_MISMATCH',
      message: `ES256 needs an EC P-256 key, got ECDSA ${curve}.`,
    }
    expect(refusal(privateKey, 'ES256')).toMatchObject(refused)
    expect(refusal(privateKey)).toMatchObject(refused)
  })

  test.each([
    ['ES256', () => ecKey('P-256')],
    ['PS256', () => rsaKey('RSA-PSS', 2048)],
    ['RS256', () => rsaKey('RSASSA-PKCS1-v1_5', 2048)],
  ] as const)('K13: signs the %s that it was made for, without alg', async (alg, generate) => {
    const { privateKey, publicKey } = await generate()
    const jwk = await subtle.exportKey('jwk', publicKey)
    server.register({ clientId, jwks: { keys: [jwk] } })
    await provider(privateKey).getAccessToken()
    expect(server.requests).toMatchObject([{ status: 200, header: { alg } }])
  })
})

test('K9: a CryptoKey that may not sign is refused', async () => {
  const algorithm = { name: 'ECDH', namedCurve: 'P-256' }
  const { privateKey } = await subtle.generateKey(algorithm, false, ['deriveBits'])
  expect(refusal(privateKey)).toMatchObject({
    name: 'KeyError',
    code: 'ERR_KEY_USE',
    message: "The CryptoKey was made without the usage 'sign'. Import it with ['sign'].",
  })
})

test('K11: a CryptoKey whose class has no tag signs, as on old dates of Workers', async () => {
  const { privateKey, publicKey } = await ecKey('P-256')
  Object.defineProperty(privateKey, Symbol.toStringTag, { value: undefined })
  const jwk = await subtle.exportKey('jwk', publicKey)
  server.register({ clientId, jwks: { keys: [jwk] } })
  await provider(privateKey).getAccessToken()
  expect(server.requests).toMatchObject([{ status: 200, header: { alg: 'ES256' } }])
})

describe('where a PEM cannot be read at once', () => {
  beforeEach(() => {
    vi.spyOn(process, 'getBuiltinModule').mockReturnValue(undefined as never)
  })

  const pemOf = (key: ReturnType<typeof generateKeyPairSync>['privateKey']) =>
    key.export({ format: 'pem', type: 'pkcs8' }) as string

  test('K1: a weak RSA key is refused on the first call', async () => {
    const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 1024 })
    const tokens = provider(pemOf(privateKey), 'PS256')
    await expect(tokens.getAccessToken()).rejects.toMatchObject({
      name: 'KeyError',
      code: 'ERR_WEAK_KEY',
      message: expect.stringContaining('The RSA key has 1024 bits and needs 2048 or more.'),
      retryable: false,
    })
    expect(server.requests).toEqual([])
  })

  test('K2: so is one of another kind than the algorithm needs', async () => {
    const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
    await expect(provider(pemOf(privateKey), 'RS256').getAccessToken()).rejects.toMatchObject({
      code: 'ERR_KEY_ALG_MISMATCH',
      message: 'RS256 needs an RSA key, got EC P-256.',
    })
  })

  test('K13: a P-256 key signs ES256 all the same', async () => {
    const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
    const jwk = createPublicKey(privateKey).export({ format: 'jwk' })
    server.register({ clientId, jwks: { keys: [jwk] } })
    await provider(pemOf(privateKey)).getAccessToken()
    expect(server.requests).toMatchObject([{ status: 200, header: { alg: 'ES256' } }])
  })
})

describe('what a key function gives', () => {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })

  test.each<[string, KeyInput, string]>([
    [
      'public PEM',
      publicKey.export({ format: 'pem', type: 'spki' }) as string,
      'The key is a public key. Give the private key that belongs to it',
    ],
    [
      'public JWK',
      publicKey.export({ format: 'jwk' }),
      'The key is a public JWK: it has no d. Give the private key that belongs to it',
    ],
    [
      'public KeyObject',
      publicKey,
      'The key is a public KeyObject. Give the private key that belongs to it',
    ],
  ])('K4: a %s is refused on the call', async (_, key, message) => {
    await expect(provider(() => key).getAccessToken()).rejects.toMatchObject({
      name: 'KeyError',
      code: 'ERR_NOT_PRIVATE_KEY',
      message: expect.stringContaining(message),
    })
    expect(server.requests).toEqual([])
  })

  test.each(['ES256', 'none', 'es256'])('G12 K13: the alg %s of a JWK is heeded', async (alg) => {
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
      message: `The algorithm '${alg}' is not supported. Use ES256, PS256 or RS256.`,
    })
  })
})
