import { createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto'
import { createTokenProvider, type TokenProviderOptions } from '@countersign/core'
import { type AuthorizationServer, createAuthorizationServer } from '@countersign/testing'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'

const p256 = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey
const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey
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

  test.each(weak)('K1: an RSA key of %i bits is refused for %s', async (bits, alg) => {
    const weakKey = keys.get(bits) as KeyObject
    const refused = {
      name: 'KeyError',
      code: 'ERR_WEAK_KEY',
      message: expect.stringContaining(`The RSA key has ${bits} bits and needs 2048 or more.`),
      retryable: false,
    }
    for (const key of [pem(weakKey), weakKey.export({ format: 'jwk' }), weakKey]) {
      expect(refusal(key, alg)).toMatchObject(refused)
      await expect(provider(() => key, alg).getAccessToken()).rejects.toMatchObject(refused)
    }
    expect(server.requests).toEqual([])
  })
})

describe('kind', () => {
  test.each([
    ['RS256', 'EC P-256', p256, 'RS256 needs an RSA key, got EC P-256.'],
    ['PS256', 'EC P-256', p256, 'PS256 needs an RSA key, got EC P-256.'],
    ['ES256', 'RSA', rsa, 'ES256 needs an EC P-256 key, got RSA.'],
  ])('K2: %s with an %s key names both', async (alg, _, key, message) => {
    const refused = { name: 'KeyError', code: 'ERR_KEY_ALG_MISMATCH', message }
    for (const form of [pem(key), key.export({ format: 'jwk' }), key]) {
      expect(refusal(form, alg)).toMatchObject(refused)
      await expect(provider(() => form, alg).getAccessToken()).rejects.toMatchObject(refused)
    }
  })

  test.each(['P-384', 'P-521', 'secp256k1'])('K3: a %s key is refused for ES256', (namedCurve) => {
    const { privateKey } = generateKeyPairSync('ec', { namedCurve })
    const refused = {
      name: 'KeyError',
      code: 'ERR_KEY_ALG_MISMATCH',
      message: `ES256 needs an EC P-256 key, got EC ${namedCurve}.`,
    }
    for (const key of [pem(privateKey), privateKey.export({ format: 'jwk' }), privateKey]) {
      expect(refusal(key, 'ES256')).toMatchObject(refused)
      expect(refusal(key)).toMatchObject(refused)
    }
  })
})

describe('public keys', () => {
  const notPrivate =
    'Give the private key that belongs to it; if that is lost, make a new pair and register it: openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out key.pem'

  test.each([
    ['EC', p256],
    ['RSA', rsa],
  ])('K4: a public %s key is refused in every form', async (_, privateKey) => {
    const key = createPublicKey(privateKey)
    const spki = key.export({ format: 'pem', type: 'spki' })
    const jwk = key.export({ format: 'jwk' })
    const refused = (message: string) => ({
      ...{ name: 'KeyError', code: 'ERR_NOT_PRIVATE_KEY', message },
    })
    expect(refusal(spki, 'PS256')).toMatchObject(refused(`The key is a public key. ${notPrivate}`))
    expect(refusal(jwk, 'PS256')).toMatchObject(
      refused(`The key is a public JWK: it has no d. ${notPrivate}`),
    )
    expect(refusal(key, 'PS256')).toMatchObject(
      refused(`The key is a public KeyObject. ${notPrivate}`),
    )
  })

  test('K4: a public CryptoKey is refused', async () => {
    const algorithm = { name: 'ECDSA', namedCurve: 'P-256' }
    const { publicKey } = await crypto.subtle.generateKey(algorithm, true, ['sign', 'verify'])
    expect(refusal(publicKey)).toMatchObject({
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
  ])('K7: a PEM with %s signs', async (_, spoil) => {
    register(p256)
    await provider(spoil(pem(p256))).getAccessToken()
    register(rsa)
    await provider(spoil(pem(rsa)), 'PS256').getAccessToken()
    expect(server.requests.map(({ status }) => status)).toEqual([200, 200])
  })
})

describe('algorithm', () => {
  test('K13: without alg a P-256 key signs ES256', async () => {
    register(p256)
    await provider(pem(p256)).getAccessToken()
    await provider(p256.export({ format: 'jwk' })).getAccessToken()
    await provider(p256).getAccessToken()
    expect(signedWith()).toEqual(['ES256', 'ES256', 'ES256'])
  })

  test.each(['PS256', 'RS256'])('K13: without alg a JWK signs its own %s', async (alg) => {
    register(rsa)
    await provider({ ...rsa.export({ format: 'jwk' }), alg }).getAccessToken()
    expect(signedWith()).toEqual([alg])
  })

  test('K13: without alg an RSA key is refused, naming PS256 and RS256', () => {
    for (const key of [pem(rsa), rsa.export({ format: 'jwk' }), rsa]) {
      expect(refusal(key)).toMatchObject({
        name: 'ConfigurationError',
        code: 'ERR_INVALID_OPTION',
        message:
          "An RSA key signs PS256 or RS256: set 'alg' to the one that is registered for the client.",
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

function refusal(key: unknown, alg?: string): unknown {
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
