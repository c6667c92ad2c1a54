import { Buffer } from 'node:buffer'
import { createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto'
import process from 'node:process'
import {
  type Algorithm,
  createTokenProvider,
  type Jwk,
  KeyError,
  type KeyInput,
} from '@countersign/core'
import { keyThumbprint } from '@countersign/core/keys'
import { type AuthorizationServer, createAuthorizationServer } from '@countersign/testing'
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest'
import { polluted } from '../../support/pollutants.ts'

const clientId = 'client-1'
const passphrase = 'correct horse battery staple'
const encryption = { cipher: 'aes-256-cbc', passphrase } as const
const ec = withShortCoordinate()
const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey
const kinds: readonly [name: string, key: KeyObject, alg: Algorithm][] = [
  ['EC', ec, 'ES256'],
  ['RSA', rsa, 'PS256'],
]
let server: AuthorizationServer

beforeAll(async () => {
  server = await createAuthorizationServer()
  const keys = [ec, rsa].map((key) => createPublicKey(key).export({ format: 'jwk' }))
  server.register({ clientId, jwks: { keys } })
})
afterAll(() => server.close())
afterEach(() => {
  vi.restoreAllMocks()
})

/** A key whose x begins with a zero octet, which is one in 256. */
function withShortCoordinate(): KeyObject {
  for (;;) {
    const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
    if (octets(jwkOf(privateKey), 'x')[0] === 0) return privateKey
  }
}

/** What each label could stand above, by a hand that put the lines around base64. */
const labels = ['PRIVATE KEY', 'RSA PRIVATE KEY', 'EC PRIVATE KEY', 'ENCRYPTED PRIVATE KEY']
const publicLabels = ['PUBLIC KEY', 'CERTIFICATE', 'RSA PUBLIC KEY']

describe.each(kinds)('an %s key in PEM', (_, key, alg) => {
  const bodies: [name: string, pem: string][] = [
    ['PKCS#8', pemOf(key, 'pkcs8')],
    alg === 'ES256' ? ['SEC1', pemOf(key, 'sec1')] : ['PKCS#1', pemOf(key, 'pkcs1')],
    ['encrypted PKCS#8', String(key.export({ ...encryption, format: 'pem', type: 'pkcs8' }))],
  ]

  test.each(bodies)('signs as %s under any label, and without one', async (_name, pem) => {
    const base64 = pem.replace(/-----[^-]+-----/g, '')
    for (const begin of [...labels, ...publicLabels]) {
      for (const end of [begin, 'PRIVATE KEY']) {
        await signs(`-----BEGIN ${begin}-----${base64}-----END ${end}-----\n`, alg)
      }
    }
    await signs(base64, alg)
    await signs(base64.replace(/\s/g, ''), alg)
    await signs(base64.replace(/[\s=]/g, ''), alg)
    await signs(Buffer.from(base64, 'base64').toString('base64url'), alg)
    await signs(pem.replaceAll('=', ''), alg)
  })

  test('signs as PKCS#8 under any label without node:crypto; other bodies are named', async () => {
    vi.spyOn(process, 'getBuiltinModule').mockReturnValue(undefined as never)
    for (const [name, pem] of bodies) {
      const label = /BEGIN ([A-Z ]+)/.exec(pem)?.[1]
      const mislabelled = pem.replaceAll(/(RSA|EC|ENCRYPTED) PRIVATE/g, 'PRIVATE')
      if (name === 'PKCS#8') await signs(pem.replaceAll('PRIVATE', 'EC PRIVATE'), alg)
      else
        expect(await failure(mislabelled, alg)).toContain(
          `Reading BEGIN ${label} requires node:crypto.`,
        )
    }
  })

  test('is named as a public key under the label of a private one', async () => {
    const spki = String(createPublicKey(key).export({ format: 'pem', type: 'spki' }))
    for (const label of labels)
      expect(await failure(spki.replaceAll('PUBLIC KEY', label), alg)).toContain(
        'The key is a public key.',
      )
  })
})

describe.each(kinds)('an %s key in bytes', (_, key, alg) => {
  const pkcs8 = pemOf(key, 'pkcs8')
  const json = JSON.stringify(jwkOf(key))
  const ofType = alg === 'ES256' ? 'sec1' : 'pkcs1'
  const derOf = (type: string) =>
    key.export({ format: 'der', type } as { format: 'der'; type: 'pkcs8' })
  const utf16 = (text: string) => Buffer.from(`\uFEFF${text}`, 'utf16le')
  const anywhere: [name: string, bytes: Uint8Array][] = [
    ['PEM', Buffer.from(pkcs8)],
    ['PEM that is no Buffer', new TextEncoder().encode(pkcs8)],
    ['PEM with a byte order mark', Buffer.from(`\uFEFF${pkcs8}`)],
    ['PEM in UTF-16', utf16(pkcs8)],
    ['base64 of PEM', Buffer.from(Buffer.from(pkcs8).toString('base64'))],
    ['a JWK', Buffer.from(json)],
    ['a JWK in UTF-16', utf16(json)],
    ['a JWK Set', Buffer.from(`\n{"keys":[${json}]}`)],
    ['DER', derOf('pkcs8')],
    ['DER in a part of a buffer', Buffer.concat([Buffer.alloc(3), derOf('pkcs8')]).subarray(3)],
  ]
  const onNode: [name: string, bytes: Uint8Array][] = [
    [ofType, Buffer.from(pemOf(key, ofType))],
    [`DER as ${ofType}`, derOf(ofType)],
    ['encrypted PEM', Buffer.from(key.export({ ...encryption, format: 'pem', type: 'pkcs8' }))],
    ['encrypted DER', key.export({ ...encryption, format: 'der', type: 'pkcs8' })],
  ]

  test.each([...anywhere, ...onNode])('signs as %s', async (_name, bytes) => {
    await signs(bytes, alg)
    await signs({ key: bytes }, alg)
    await signs(() => Uint8Array.from(bytes), alg)
  })

  test.each(anywhere)('signs as %s without node:crypto', async (_name, bytes) => {
    vi.spyOn(process, 'getBuiltinModule').mockReturnValue(undefined as never)
    await signs(bytes, alg)
  })

  test('is read when the provider is created, so the bytes may be overwritten then', async () => {
    const bytes = derOf('pkcs8')
    const tokens = provider(bytes, alg)
    bytes.fill(0)
    expect((await tokens.getAccessToken()).tokenType).toBe('Bearer')
  })

  test('of a key function is recognized by its content', async () => {
    const other = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey
    const bytes = new Uint8Array(4096).fill(0x20)
    const fill = (it: KeyObject) => {
      bytes.fill(0x20)
      bytes.set(Buffer.from(pemOf(it, 'pkcs8')))
    }
    fill(key)
    const tokens = createTokenProvider({
      ...{ clientId, tokenEndpoint: server.tokenEndpoint, retries: 0 },
      key: () => ({ key: bytes, ...(alg !== 'ES256' && { alg }) }),
    })
    await tokens.getAccessToken()
    fill(other)
    const rejected = tokens.getAccessToken({ forceRenewal: true })
    if (alg === 'ES256') await expect(rejected).rejects.toMatchObject({ error: 'invalid_client' })
    else await expect(rejected).rejects.toMatchObject({ code: 'ERR_KEY_ALG_MISMATCH' })
  })
})

describe.each(kinds)('an %s JWK', (_, key, alg) => {
  const jwk = jwkOf(key)
  const numbers = Object.keys(jwk).filter((name) => name !== 'kty' && name !== 'crv')

  test.each(['with', 'without'])(
    'signs with and without leading zeros %s node:crypto',
    async (node) => {
      if (node === 'without')
        vi.spyOn(process, 'getBuiltinModule').mockReturnValue(undefined as never)
      for (const name of numbers) {
        const bytes = octets(jwk, name)
        const padded = Buffer.concat([Buffer.alloc(1), bytes])
        await signs({ ...jwk, [name]: padded.toString('base64url') }, alg)
        const first = bytes.findIndex((byte) => byte !== 0)
        await signs({ ...jwk, [name]: bytes.subarray(first).toString('base64url') }, alg)
      }
    },
  )

  test('signs with base64 instead of base64url', async () => {
    const base64 = numbers.map((name) => [name, octets(jwk, name).toString('base64')])
    await signs({ ...jwk, ...Object.fromEntries(base64) }, alg)
  })

  test('has the thumbprint of its canonical form', async () => {
    const expected = await keyThumbprint(jwk)
    const [name = ''] = numbers
    const padded = Buffer.concat([Buffer.alloc(2), octets(jwk, name)]).toString('base64url')
    expect(await keyThumbprint({ ...jwk, [name]: padded })).toBe(expected)
    const { kty, crv, x, y, n, e } = jwk
    const publicPart = Object.fromEntries(
      Object.entries({ kty, crv, x, y, n, e, d: null }).filter(([, value]) => value !== undefined),
    ) as never
    expect(await keyThumbprint(publicPart)).toBe(expected)
  })

  test.each(['use', 'key_ops', 'alg', 'kid', 'oth', 'x5c', 'x5t', 'ext', 'iat'])(
    'signs with %s null or an empty list',
    async (name) => {
      await signs({ ...jwk, [name]: null }, alg)
      await signs(JSON.stringify({ ...jwk, [name]: null }), alg)
      if (name !== 'use' && name !== 'alg' && name !== 'kid')
        await signs({ ...jwk, [name]: [] }, alg)
    },
  )

  test('is named, or signs, with any member missing, null, empty or damaged', async () => {
    for (const name of Object.keys(jwk)) {
      const value = String(Reflect.get(jwk, name))
      const damages: unknown[] = [undefined, null, '', ' ', 7, [], {}, `${value}=`, `+${value}`]
      damages.push(value.slice(0, -4), `${value}AAAA`, `AQ${value}`, 'AA', 'A')
      for (const damage of damages) {
        const message = await failure({ ...jwk, [name]: damage } as never, alg)
        expect(message).not.toMatch(/^Reading the key/)
      }
    }
  })
})

test('an EC coordinate that is too long is rejected', async () => {
  const jwk = jwkOf(ec)
  for (const name of ['x', 'y', 'd']) {
    const long = Buffer.concat([Buffer.of(1), octets(jwk, name)]).toString('base64url')
    expect(await failure({ ...jwk, [name]: long }, 'ES256')).toBe(
      `Member '${name}' of the JWK is missing, too long or not base64url.`,
    )
  }
})

test('the halves of a key in PEM must match too', async () => {
  const other = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey
  const own = ec.export({ format: 'der', type: 'pkcs8' })
  const foreign = other.export({ format: 'der', type: 'pkcs8' })
  const mixed = Buffer.concat([own.subarray(0, -64), foreign.subarray(-64)]).toString('base64')
  const pem = `-----BEGIN PRIVATE KEY-----\n${mixed}\n-----END PRIVATE KEY-----\n`
  expect(() => provider(pem, 'ES256')).toThrow(KeyError)
})

test.each(['crit', 'b64'])('the header member %s cannot be set', (name) => {
  const tokenEndpoint = 'https://as.example/token'
  const assertion = { header: { [name]: ['x'] } }
  expect(() => createTokenProvider({ clientId, tokenEndpoint, key: ec, assertion })).toThrow(
    `Option 'assertion.header' must not set '${name}'.`,
  )
})

/** Members that jose or Web Crypto read from any object. */
const inherited: [name: string, value: unknown][] = [
  ['alg', 'RS256'],
  ['use', 'enc'],
  ['key_ops', ['verify']],
  ['crit', ['x']],
  ['hash', 'SHA-512'],
]

describe.each(kinds)('with a member on Object.prototype, an %s key', (_, key, alg) => {
  test.each(inherited)('and %s: signs, or ends in a KeyError', async (name, value) => {
    const forms = [pemOf(key, 'pkcs8'), jwkOf(key)]
    for (const hasNode of [true, false]) {
      if (!hasNode) vi.spyOn(process, 'getBuiltinModule').mockReturnValue(undefined as never)
      for (const form of forms) {
        const sent: string[] = []
        const tokens = createTokenProvider({
          ...{ clientId, key: form, alg, retries: 0 },
          tokenEndpoint: 'https://as.example/token',
          fetch: async (_url, { body }) => {
            const [header = ''] =
              new URLSearchParams(String(body)).get('client_assertion')?.split('.') ?? []
            sent.push(Buffer.from(header, 'base64url').toString())
            return Response.json({ access_token: 't', token_type: 'Bearer', expires_in: 600 })
          },
        })
        const outcome = await polluted({ [name]: value }, () =>
          tokens.getAccessToken().catch((error: unknown) => error),
        )
        if (outcome instanceof Error) {
          expect(outcome).toBeInstanceOf(KeyError)
          expect(sent).toEqual([])
          // With node:crypto a JWK is imported as PKCS#8, whose members nobody can add to.
          if (hasNode) expect(['crit', 'hash']).toContain(name)
        } else expect(sent).toEqual([`{"alg":"${alg}","typ":"JWT"}`])
      }
    }
  })
})

function provider(key: unknown, alg: Algorithm) {
  const { tokenEndpoint } = server
  return createTokenProvider({
    ...{ clientId, tokenEndpoint, key: key as KeyInput, alg },
    passphrase,
  })
}

async function signs(key: unknown, alg: Algorithm): Promise<void> {
  const before = server.requests.length
  await provider(key, alg).getAccessToken()
  expect(server.requests.slice(before)).toMatchObject([{ status: 200, header: { alg } }])
}

/** The message of the KeyError that the key ends in; empty where the key signs. */
async function failure(key: unknown, alg: Algorithm): Promise<string> {
  try {
    await signs(key, alg)
    return ''
  } catch (error) {
    if (!(error instanceof KeyError)) throw error
    return error.message
  }
}

function pemOf(key: KeyObject, type: 'pkcs8' | 'sec1' | 'pkcs1'): string {
  return String(key.export({ format: 'pem', type } as { format: 'pem'; type: 'pkcs8' }))
}

function jwkOf(key: KeyObject): Jwk {
  return key.export({ format: 'jwk' })
}

function octets(jwk: object, name: string): Buffer {
  return Buffer.from(String(Reflect.get(jwk, name)), 'base64url')
}
