import { createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto'
import { createTokenProvider, type TokenProviderOptions } from '@countersign/core'
import { type AuthorizationServer, createAuthorizationServer } from '@countersign/testing'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'

const p256 = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey
const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey
const createKey = 'openssl genpkey -out new-key.pem -algorithm EC -pkeyopt ec_paramgen_curve:P-256'
let server: AuthorizationServer

beforeEach(async () => {
  server = await createAuthorizationServer()
})
afterEach(() => server.close())

describe('strength', () => {
  const weak = [1024, 2047].flatMap((bits) => ['RS256', 'PS256'].map((alg) => [bits, alg] as const))
  const keys = new Map(
    [1024, 2047].map((bits) => [
      bits,
      generateKeyPairSync('rsa', { modulusLength: bits }).privateKey,
    ]),
  )

  test.each(weak)(
    'an RSA key of %i bits is rejected for %s',
    { tags: ['K1'] },
    async (bits, alg) => {
      const weakKey = keys.get(bits) as KeyObject
      const rejected = {
        name: 'KeyError',
        code: 'ERR_WEAK_KEY',
        message: expect.stringContaining(
          `The RSA key has ${bits} bits, but at least 2048 are required.`,
        ),
        retryable: false,
      }
      for (const key of [pem(weakKey), weakKey.export({ format: 'jwk' }), weakKey]) {
        expect(rejectionOf(key, alg)).toMatchObject(rejected)
        await expect(provider(() => key, alg).getAccessToken()).rejects.toMatchObject(rejected)
      }
      expect(server.requests).toEqual([])
    },
  )
})

describe('kind', () => {
  test.each([
    ['RS256', 'EC P-256', p256, 'RS256 needs an RSA key, got EC P-256.'],
    ['PS256', 'EC P-256', p256, 'PS256 needs an RSA key, got EC P-256.'],
    ['ES256', 'RSA', rsa, 'ES256 needs an EC P-256 key, got RSA.'],
  ])('%s with an %s key names both', { tags: ['K2'] }, async (alg, _, key, message) => {
    const rejected = { name: 'KeyError', code: 'ERR_KEY_ALG_MISMATCH', message }
    for (const form of [pem(key), key.export({ format: 'jwk' }), key]) {
      expect(rejectionOf(form, alg)).toMatchObject(rejected)
      await expect(provider(() => form, alg).getAccessToken()).rejects.toMatchObject(rejected)
    }
  })

  test.each(['P-384', 'P-521', 'secp256k1'])(
    'a %s key is rejected for ES256',
    { tags: ['K3'] },
    (namedCurve) => {
      const { privateKey } = generateKeyPairSync('ec', { namedCurve })
      const rejected = {
        name: 'KeyError',
        code: 'ERR_KEY_ALG_MISMATCH',
      }
      for (const key of [pem(privateKey), privateKey.export({ format: 'jwk' }), privateKey]) {
        expect(rejectionOf(key, 'ES256')).toMatchObject({
          ...rejected,
          message: `ES256 needs an EC P-256 key, got EC ${namedCurve}.`,
        })
        expect(rejectionOf(key)).toMatchObject({
          ...rejected,
          message: `Unsupported key: EC ${namedCurve}. Create an EC P-256 or RSA key: ${createKey}`,
        })
      }
    },
  )
})

describe('public keys', { tags: ['K4'] }, () => {
  const notPrivate = `Pass the private key, or create and register a new one: ${createKey}`

  test.each([
    ['EC', p256],
    ['RSA', rsa],
  ])('a public %s key is rejected in every form', async (_, privateKey) => {
    const key = createPublicKey(privateKey)
    const spki = key.export({ format: 'pem', type: 'spki' })
    const jwk = key.export({ format: 'jwk' })
    const rejected = (message: string) => ({
      ...{ name: 'KeyError', code: 'ERR_NOT_PRIVATE_KEY', message },
    })
    expect(rejectionOf(spki, 'PS256')).toMatchObject(
      rejected(`The key is a public key. ${notPrivate}`),
    )
    expect(rejectionOf(jwk, 'PS256')).toMatchObject(
      rejected(`The key is a public key. ${notPrivate}`),
    )
    expect(rejectionOf(key, 'PS256')).toMatchObject(
      rejected(`The key is a public key. ${notPrivate}`),
    )
  })

  test('a public CryptoKey is rejected', async () => {
    const algorithm = { name: 'ECDSA', namedCurve: 'P-256' }
    const { publicKey } = await crypto.subtle.generateKey(algorithm, true, ['sign', 'verify'])
    expect(rejectionOf(publicKey)).toMatchObject({
      name: 'KeyError',
      code: 'ERR_NOT_PRIVATE_KEY',
      message: `The key is a public CryptoKey. ${notPrivate}`,
    })
  })
})

describe('PEM text', () => {
  test.each([
    ['literal \\n for line breaks', (text: string) => text.replaceAll('\n', '\\n')],
    ['literal \\r\\n for line breaks', (text: string) => text.replaceAll('\n', '\\r\\n')],
    ['CRLF', (text: string) => text.replaceAll('\n', '\r\n')],
    ['blanks for line breaks', (text: string) => text.replaceAll('\n', ' ')],
    ['no last line break', (text: string) => text.trimEnd()],
  ])('a PEM with %s signs', { tags: ['K7'] }, async (_, spoil) => {
    register(p256)
    await provider(spoil(pem(p256))).getAccessToken()
    register(rsa)
    await provider(spoil(pem(rsa)), 'PS256').getAccessToken()
    expect(server.requests.map(({ status }) => status)).toEqual([200, 200])
  })
})

describe('algorithm', { tags: ['K13'] }, () => {
  test('without alg a P-256 key signs ES256', async () => {
    register(p256)
    await provider(pem(p256)).getAccessToken()
    await provider(p256.export({ format: 'jwk' })).getAccessToken()
    await provider(p256).getAccessToken()
    expect(signedWith()).toEqual(['ES256', 'ES256', 'ES256'])
  })

  test.each(['PS256', 'RS256'])('without alg a JWK signs its own %s', async (alg) => {
    register(rsa)
    await provider({ ...rsa.export({ format: 'jwk' }), alg }).getAccessToken()
    expect(signedWith()).toEqual([alg])
  })

  test('without alg an RSA key is rejected, naming PS256 and RS256', () => {
    for (const key of [pem(rsa), rsa.export({ format: 'jwk' }), rsa]) {
      expect(rejectionOf(key)).toMatchObject({
        name: 'ConfigurationError',
        code: 'ERR_INVALID_OPTION',
        message: "The key signs PS256 or RS256. Set 'alg' to the one registered for the client.",
        option: 'alg',
      })
    }
  })
})

function provider(key: unknown, alg?: string) {
  const { tokenEndpoint } = server
  const options = { clientId: 'client-1', tokenEndpoint, key, alg }
  return createTokenProvider(options as TokenProviderOptions)
}

function rejectionOf(key: unknown, alg?: string): unknown {
  try {
    provider(key, alg)
  } catch (error) {
    return error
  }
  throw new Error('the key was accepted')
}

function register(privateKey: KeyObject): void {
  const jwk = createPublicKey(privateKey).export({ format: 'jwk' })
  server.register({ clientId: 'client-1', jwks: { keys: [jwk] } })
}

function signedWith(): unknown[] {
  return server.requests.map(({ header, status }) =>
    status === 200 ? Reflect.get(header, 'alg') : status,
  )
}

function pem(key: KeyObject): string {
  return key.export({ format: 'pem', type: 'pkcs8' }) as string
}
