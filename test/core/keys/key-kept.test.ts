// @module-tag K16

import { Buffer } from 'node:buffer'
import { spawn } from 'node:child_process'
import { generateKeyPairSync } from 'node:crypto'
import { once } from 'node:events'
import { text as textOf } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import { createTokenProvider, type Jwk } from '@countersign/core'
import { type AuthorizationServer, createAuthorizationServer } from '@countersign/testing'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { leakSearch } from '../../support/leak-search.ts'

const clientId = 'client-1'
const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
const other = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey
const search = leakSearch(privateKey)
let server: AuthorizationServer

beforeAll(async () => {
  server = await createAuthorizationServer()
  server.register({ clientId, jwks: { keys: [publicKey.export({ format: 'jwk' })] } })
})
afterAll(() => server.close())

test.each([
  ['a JWK given as an option', 'option'],
  ['a JWK of a key function', 'function'],
  ['the text of a key function', 'text'],
])('%s is no longer in memory once it has signed', async (_, kind) => {
  expect(await keptBy(kind)).toEqual({ isKept: false })
})

test.each<[string, () => Jwk | { keys: Jwk[] } | { key: Jwk }]>([
  ['a JWK', jwk],
  ['a JWK Set', () => ({ keys: [jwk()] })],
  ['a JWK with its kid', () => ({ key: jwk() })],
])('a provider with %s prints nothing of it, before and after it signs', async (_, key) => {
  const { tokenEndpoint } = server
  expect(search.leaks(jwk())).not.toEqual([])
  for (const given of [key(), key]) {
    const tokens = createTokenProvider({ clientId, tokenEndpoint, key: given })
    expect(search.leaks(tokens)).toEqual([])
    await tokens.getAccessToken()
    expect(search.leaks(tokens)).toEqual([])
  }
})

test('a JWK that is changed after construction, or emptied, changes no signature', async () => {
  const { tokenEndpoint } = server
  const before = server.requests.length
  const changed = jwk() as Record<string, unknown>
  const tokens = createTokenProvider({ clientId, tokenEndpoint, key: changed })
  Object.assign(changed, other.export({ format: 'jwk' }), { kid: 'other', alg: 'RS256' })
  await tokens.getAccessToken()
  for (const name of Object.keys(changed)) delete changed[name]
  await tokens.getAccessToken({ forceRenewal: true })
  const plain = { status: 200, header: { alg: 'ES256', typ: 'JWT' } }
  const { requests } = server
  expect(requests.slice(before)).toMatchObject([plain, plain])
  expect(requests.slice(before).map(({ header }) => Object.keys(header))).toEqual(
    Array(2).fill(['alg', 'typ']),
  )
})

function jwk(): Jwk {
  return privateKey.export({ format: 'jwk' })
}

async function keptBy(kind: string): Promise<unknown> {
  const program = fileURLToPath(
    new URL('../../cross/process/programs/kept-key.ts', import.meta.url),
  )
  const child = spawn(process.execPath, ['--expose-gc', program], {
    env: { TOKEN_ENDPOINT: server.tokenEndpoint, KEY: kind },
    stdio: ['pipe', 'pipe', 'pipe'],
  })
  const key = kind === 'text' ? privateKey.export({ type: 'pkcs8', format: 'pem' }) : jwk()
  const text = typeof key === 'string' ? key : JSON.stringify(key)
  child.stdin.end(Buffer.from(text).reverse())
  const closed = once(child, 'close')
  const [stdout, stderr] = await Promise.all([textOf(child.stdout), textOf(child.stderr)])
  await closed
  expect(stderr).toBe('')
  return JSON.parse(stdout)
}
