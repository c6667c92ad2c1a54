import { generateKeyPairSync } from 'node:crypto'
import type { Jwk } from '@countersign/core'
import { calculateJwkThumbprint } from 'jose'
import { expect, test } from 'vitest'
import { thumbprint } from '#core/keys/thumbprint.js'

/** The key of RFC 7638 section 3.1, and its thumbprint. */
const rfcKey = {
  ...{ kty: 'RSA', e: 'AQAB', alg: 'RS256', kid: '2011-04-29' },
  n: '0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw',
}

test('the thumbprint of a key is that of RFC 7638', async () => {
  expect(await thumbprint(rfcKey)).toBe('NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs')
})

test.each([
  ['EC', () => generateKeyPairSync('ec', { namedCurve: 'P-256' })],
  ['RSA', () => generateKeyPairSync('rsa', { modulusLength: 2048 })],
] as const)('the thumbprint of an %s key is that of jose, of both its parts', async (_, pair) => {
  const { privateKey, publicKey } = pair()
  const expected = await calculateJwkThumbprint(publicKey)
  for (const key of [privateKey, publicKey])
    expect(await thumbprint(key.export({ format: 'jwk' }) as Jwk)).toBe(expected)
})

test('the thumbprints of many keys are those of jose, whatever their last character', async () => {
  for (let count = 0; count < 50; count += 1) {
    const { publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
    const jwk = publicKey.export({ format: 'jwk' }) as Jwk
    expect(await thumbprint(jwk)).toBe(await calculateJwkThumbprint(jwk))
  }
})
