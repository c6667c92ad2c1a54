import { generateKeyPairSync } from 'node:crypto'
import { calculateJwkThumbprint } from 'jose'
import { expect, test } from 'vitest'
import { thumbprint } from '#core/assertion/thumbprint.js'

const ec = generateKeyPairSync('ec', { namedCurve: 'P-256' })
const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 })

test.each([
  ['EC', ec],
  ['RSA', rsa],
])('the thumbprint of an %s key is that of jose, for either part', async (kty, pair) => {
  const publicJwk = { kty, ...pair.publicKey.export({ format: 'jwk' }) }
  const privateJwk = { kty, ...pair.privateKey.export({ format: 'jwk' }), kid: 'k1', alg: 'x' }
  const expected = await calculateJwkThumbprint(publicJwk)
  expect(await thumbprint(publicJwk)).toBe(expected)
  expect(await thumbprint(privateJwk)).toBe(expected)
})

test('the example of RFC 7638 section 3.1', async () => {
  const n =
    '0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw'
  const key = { kty: 'RSA', n, e: 'AQAB', alg: 'RS256', kid: '2011-04-29' }
  expect(await thumbprint(key)).toBe('NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs')
})
