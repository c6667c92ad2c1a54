import { generateKeyPairSync } from 'node:crypto'
import {
  createTokenProvider,
  memoryStore,
  type TokenEvent,
  type TokenProviderOptions,
  type TokenStore,
} from '@countersign/core'
import { type AuthorizationServer, createAuthorizationServer } from '@countersign/testing'
import { afterEach, beforeEach, expect, test } from 'vitest'

const pair = generateKeyPairSync('ec', { namedCurve: 'P-256' })
const key = pair.privateKey
const jwks = { keys: [{ ...pair.publicKey.export({ format: 'jwk' }), kty: 'EC' }] }

let server: AuthorizationServer
beforeEach(async () => {
  server = await createAuthorizationServer()
  server.register({ clientId: 'client-1', jwks })
})
afterEach(() => server.close())

function provider(options: Partial<TokenProviderOptions>) {
  const { tokenEndpoint } = server
  return createTokenProvider({ clientId: 'client-1', tokenEndpoint, key, ...options })
}

test('two members of a fleet that start at once make one token request', async () => {
  const store = memoryStore()
  const fleet = [provider({ store }), provider({ store })]
  const tokens = await Promise.all(fleet.map((member) => member.getAccessToken()))
  expect(new Set(tokens.map(({ value }) => value)).size).toBe(1)
  expect(server.requests).toHaveLength(1)
})

test('a member that starts later takes the token that is there', async () => {
  const store = memoryStore()
  const events: TokenEvent[] = []
  const first = await provider({ store }).getAccessToken()
  const later = provider({ store, onEvent: (event) => void events.push(event) })
  expect((await later.getAccessToken()).value).toBe(first.value)
  expect(events).toMatchObject([{ type: 'token-issued', source: 'store', attempts: 0 }])
  expect(server.requests).toHaveLength(1)
})

test('a refused token is not taken back from the store', async () => {
  const store = memoryStore()
  const member = provider({ store })
  const refused = await member.getAccessToken()
  member.invalidate(refused)
  expect((await member.getAccessToken()).value).not.toBe(refused.value)
  expect(server.requests).toHaveLength(2)
})

test('another scope, another key in the store', async () => {
  const store = memoryStore()
  const member = provider({ store })
  const [one, two] = await Promise.all([
    member.getAccessToken({ scope: 'read' }),
    member.getAccessToken({ scope: 'write' }),
  ])
  expect(one.value).not.toBe(two.value)
  expect(server.requests).toHaveLength(2)
})

test('a store that fails is an event and a miss, and its words are not repeated', async () => {
  const fail = () => Promise.reject(new Error('redis://user:password@host'))
  const store: TokenStore = { get: fail, set: fail, delete: fail, acquireLease: fail }
  const events: TokenEvent[] = []
  const member = provider({ store, onEvent: (event) => void events.push(event) })
  expect(server.isLive((await member.getAccessToken()).value)).toBe(true)
  const failures = events.filter(({ type }) => type === 'store-failed')
  expect(failures).toMatchObject([
    { operation: 'get', reason: 'Error' },
    { operation: 'lease', reason: 'Error' },
    { operation: 'get', reason: 'Error' },
    { operation: 'set', reason: 'Error' },
  ])
  expect(JSON.stringify(events)).not.toContain('password')
})
