// @module-tag K11

import { createPublicKey, generateKeyPairSync } from 'node:crypto'
import { createTokenProvider, type Jwk, type TokenProviderOptions } from '@countersign/core'
import { createAuthorizationServer } from '@countersign/testing'
import { expect, test } from 'vitest'

const clientId = 'client-1'
const ec = (members: object): Jwk => ({ ...jwkOf('ec'), ...members })
const rsa = (members: object): Jwk => ({ ...jwkOf('rsa'), ...members })

function jwkOf(type: 'ec' | 'rsa'): Jwk {
  const { privateKey } =
    type === 'ec'
      ? generateKeyPairSync('ec', { namedCurve: 'P-256' })
      : generateKeyPairSync('rsa', { modulusLength: 2048 })
  return privateKey.export({ format: 'jwk' })
}

const first = ec({ kid: 'first' })
const second = ec({ kid: 'second' })
const forPs256 = rsa({ kid: 'third', alg: 'PS256' })
const forRs256 = rsa({ kid: 'fourth', alg: 'RS256' })
const encrypting = ec({ kid: 'fifth', use: 'enc' })
const published = ec({ kid: 'sixth', d: undefined })
const symmetric = { kty: 'oct', k: 'c2VjcmV0', kid: 'seventh' }

type Choice = Pick<TokenProviderOptions, 'alg' | 'kid'>

test.each<[string, Jwk[], Choice, { alg: string; kid: string }]>([
  ['the only one', [first], {}, { alg: 'ES256', kid: 'first' }],
  ['the one with the kid', [first, second], { kid: 'second' }, { alg: 'ES256', kid: 'second' }],
  [
    'the one with the alg',
    [first, forPs256, forRs256],
    { alg: 'RS256' },
    { alg: 'RS256', kid: 'fourth' },
  ],
  [
    'the one whose kind fits the alg',
    [first, forPs256],
    { alg: 'ES256' },
    { alg: 'ES256', kid: 'first' },
  ],
  [
    'the only one for signing',
    [encrypting, published, symmetric, second],
    {},
    { alg: 'ES256', kid: 'second' },
  ],
])('of a JWK Set %s signs', async (_, keys, choice, header) => {
  await using server = await createAuthorizationServer()
  const publics = keys
    .filter(({ d }) => d !== undefined)
    .map((key) => ({
      ...createPublicKey({ key, format: 'jwk' }).export({ format: 'jwk' }),
      kid: key.kid as string,
    }))
  server.register({ clientId, jwks: { keys: publics } })
  const { tokenEndpoint } = server
  for (const key of [{ keys }, JSON.stringify({ keys }), () => ({ keys })])
    await createTokenProvider({ clientId, tokenEndpoint, key, ...choice }).getAccessToken()
  expect(server.requests).toMatchObject(Array(3).fill({ status: 200, header }))
})

test.each<[string, unknown, Choice, string, string]>([
  [
    'several that could sign',
    [first, second, encrypting],
    {},
    'ERR_KEY_FORMAT',
    "2 private keys of the JWK Set match. Choose one with 'kid' or 'alg': first (EC P-256), second (EC P-256), fifth (EC P-256).",
  ],
  [
    'none with the kid',
    [first, ec({})],
    { kid: 'third' },
    'ERR_KEY_FORMAT',
    "0 private keys of the JWK Set match. Choose one with 'kid' or 'alg': first (EC P-256), (none) (EC P-256).",
  ],
  [
    'none for the alg',
    [first, forPs256],
    { alg: 'RS256' },
    'ERR_KEY_FORMAT',
    "0 private keys of the JWK Set match. Choose one with 'kid' or 'alg': first (EC P-256), third (RSA).",
  ],
  [
    'the kid of a key for encryption',
    [first, encrypting],
    { kid: 'fifth' },
    'ERR_KEY_USE',
    "The JWK is not for signing. Set 'use' to 'sig' and 'key_ops' to ['sign'], or omit them.",
  ],
  [
    'more keys than a message can name',
    Array.from({ length: 200 }, (_, index) => ({ ...first, kid: String(index) })),
    {},
    'ERR_KEY_FORMAT',
    `200 private keys of the JWK Set match. Choose one with 'kid' or 'alg': ${Array.from({ length: 4 }, (_, index) => `${index} (EC P-256)`).join(', ')}.`,
  ],
  [
    'five keys',
    Array.from({ length: 5 }, (_, index) => ({ ...first, kid: String(index) })),
    {},
    'ERR_KEY_FORMAT',
    `5 private keys of the JWK Set match. Choose one with 'kid' or 'alg': ${Array.from({ length: 4 }, (_, index) => `${index} (EC P-256)`).join(', ')}.`,
  ],
  [
    'four keys',
    Array.from({ length: 4 }, (_, index) => ({ ...first, kid: String(index) })),
    {},
    'ERR_KEY_FORMAT',
    `4 private keys of the JWK Set match. Choose one with 'kid' or 'alg': ${Array.from({ length: 4 }, (_, index) => `${index} (EC P-256)`).join(', ')}.`,
  ],
  [
    'no key among its members',
    [null, 'd', 7, true, { d: undefined }],
    {},
    'ERR_NOT_PRIVATE_KEY',
    'The key is a JWK Set without a private key. Pass the private key, or create and register a new one: openssl genpkey -out new-key.pem -algorithm EC -pkeyopt ec_paramgen_curve:P-256',
  ],
  [
    'no array',
    'first',
    {},
    'ERR_NOT_PRIVATE_KEY',
    'The key is a JWK Set without a private key. Pass the private key, or create and register a new one: openssl genpkey -out new-key.pem -algorithm EC -pkeyopt ec_paramgen_curve:P-256',
  ],
])('a JWK Set with %s is rejected', (_, keys, choice, code, message) => {
  const tokenEndpoint = 'https://login.example.com/token'
  for (const key of [{ keys } as never, JSON.stringify({ keys })]) {
    expect(() => createTokenProvider({ clientId, tokenEndpoint, key, ...choice })).toThrow(
      expect.objectContaining({ name: 'KeyError', code, message }),
    )
  }
})
