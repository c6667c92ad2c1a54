// @module-tag A13

import { createPublicKey, generateKeyPairSync } from 'node:crypto'
import { createTokenProvider, type Jwk, type KeyInput } from '@countersign/core'
import {
  type AuthorizationServer,
  createAuthorizationServer,
  createManualClock,
} from '@countersign/testing'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'

const clientId = 'client-1'
const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
const pem = privateKey.export({ format: 'pem', type: 'pkcs8' }) as string
const jwk = privateKey.export({ format: 'jwk' })
let server: AuthorizationServer

beforeEach(async () => {
  server = await createAuthorizationServer()
})

afterEach(async () => {
  vi.restoreAllMocks()
  await server.close()
})

/** The private keys that the platform imports while ten token requests are signed. */
async function privateImports(key: KeyInput | (() => KeyInput)): Promise<number> {
  const importKey = vi.spyOn(crypto.subtle, 'importKey')
  const { tokenEndpoint } = server
  const tokens = createTokenProvider({ clientId, tokenEndpoint, key })
  const scopes = ['a', 'b', 'c', 'd', 'e']
  await Promise.all(scopes.map((scope) => tokens.getAccessToken({ scope })))
  for (const scope of scopes) await tokens.getAccessToken({ scope, forceRenewal: true })
  expect(server.requests.map(({ status }) => status)).toEqual(Array(10).fill(200))
  expect(new Set(server.requests.map(({ jti }) => jti)).size).toBe(10)
  // The server imports the public key to check with.
  const own = importKey.mock.calls.filter((call) => call[4].includes('sign'))
  for (const [, , , isExtractable] of own) expect(isExtractable).toBe(false)
  return own.length
}

test.each<[string, KeyInput | (() => KeyInput), string?]>([
  ['a PEM', pem],
  ['a JWK', jwk],
  ['a KeyObject', privateKey],
  ['a function that gives the same PEM', () => pem],
  ['a function that gives the same KeyObject', () => privateKey],
  ['a function that gives the same PEM and kid', () => ({ key: pem, kid: 'key-1' }), 'key-1'],
])('%s is imported once for ten token requests, five of them at once', async (_, key, kid) => {
  const named = { ...publicJwk(), ...(kid !== undefined && { kid }) }
  server.register({ clientId, jwks: { keys: [named] } })
  expect(await privateImports(key)).toBe(1)
})

test('a CryptoKey is not imported at all', async () => {
  const algorithm = { name: 'ECDSA', namedCurve: 'P-256' }
  const pair = await crypto.subtle.generateKey(algorithm, false, ['sign', 'verify'])
  const exported = await crypto.subtle.exportKey('jwk', pair.publicKey)
  server.register({ clientId, jwks: { keys: [exported] } })
  expect(await privateImports(pair.privateKey)).toBe(0)
})

test('another key of a key function is imported again', async () => {
  const other = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const keys = [publicJwk(), publicJwk(other.privateKey)]
  server.register({ clientId, jwks: { keys } })
  let asked = 0
  expect(await privateImports(() => (asked++ < 7 ? privateKey : other.privateKey))).toBe(2)
  expect(asked).toBe(10)
})

test.each<[string, KeyInput | (() => KeyInput)]>([
  ['as it is', jwk],
  ['of a function', () => jwk],
])('the import of a key %s that failed once is tried again', async (_, key) => {
  server.register({ clientId, jwks: { keys: [publicJwk()] } })
  const importKey = vi.spyOn(crypto.subtle, 'importKey').mockRejectedValueOnce(new Error('busy'))
  const clock = createManualClock(Date.now())
  const { tokenEndpoint } = server
  const tokens = createTokenProvider({ clientId, tokenEndpoint, key, clock })
  await expect(tokens.getAccessToken()).rejects.toMatchObject({ code: 'ERR_KEY_FORMAT' })
  await clock.advance(1_000)
  await tokens.getAccessToken()
  expect(importKey.mock.calls.filter((call) => call[4].includes('sign'))).toHaveLength(2)
})

function publicJwk(key = privateKey): Jwk {
  return createPublicKey(key).export({ format: 'jwk' })
}
