import { generateKeyPairSync } from 'node:crypto'
import {
  createTokenProvider,
  memoryStore,
  type TokenEvent,
  type TokenProviderOptions,
  type TokenStore,
} from '@countersign/core'
import {
  type AuthorizationServer,
  createAuthorizationServer,
  createManualClock,
} from '@countersign/testing'
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

/** Creates a store that never answers the named operations, and records the first call. */
function silent(...methods: (keyof TokenStore)[]): TokenStore & { readonly asked: Promise<void> } {
  let answer = () => {}
  const asked = new Promise<void>((resolve) => {
    answer = resolve
  })
  const never = () => {
    answer()
    return new Promise<never>(() => {})
  }
  return { ...memoryStore(), ...Object.fromEntries(methods.map((name) => [name, never])), asked }
}

test('a store that does not answer costs its time limit once', { tags: ['S2', 'S3'] }, async () => {
  const clock = createManualClock(Date.now())
  const events: TokenEvent[] = []
  const store = silent('get', 'set', 'delete', 'acquireLease')
  const member = provider({ store, clock, onEvent: (it) => void events.push(it) })
  const token = member.getAccessToken()
  await store.asked
  await clock.advance(1_000)
  expect(server.isLive((await token).value)).toBe(true)
  expect(events.filter(({ type }) => type === 'store-failed')).toMatchObject([
    { operation: 'get', reason: 'no answer within 1000 ms' },
  ])
})

test('a lease is released even if the store was silent once', async () => {
  const clock = createManualClock(Date.now())
  const { asked, get } = silent('get')
  const store = memoryStore()
  let looks = 0
  let released = 0
  const member = provider({
    clock,
    store: {
      ...store,
      // The look after the lease was granted.
      get: (key, call) => (++looks === 2 ? get(key, call) : store.get(key, call)),
      acquireLease: async () => ({
        release: async () => {
          released += 1
        },
      }),
    },
  })
  const token = member.getAccessToken()
  await asked
  await clock.advance(1_000)
  expect(server.isLive((await token).value)).toBe(true)
  expect(released).toBe(1)
})

test('does not return a token from the store that was rejected while it was stored', async () => {
  const store = memoryStore()
  const member = provider({ store })
  const first = await member.getAccessToken()
  member.invalidate(first)
  const second = await member.getAccessToken()
  expect((await provider({ store }).getAccessToken()).value).toBe(second.value)
})

test('where the one with the lease fails, the next one need not wait for the end of the lease', async () => {
  const store = memoryStore()
  server.next({ status: 401, body: { error: 'invalid_client' } })
  const fleet = [provider({ store }), provider({ store }), provider({ store })]
  const outcomes = await Promise.allSettled(fleet.map((member) => member.getAccessToken()))
  expect(outcomes.map(({ status }) => status).sort()).toEqual([
    ...['fulfilled', 'fulfilled', 'rejected'],
  ])
  // Without the lease there would be three, and the wait would be five seconds.
  expect(server.requests).toHaveLength(2)
})

const record = { value: 'of-the-store', tokenType: 'Bearer', issuedAt: 0, expiresAt: 86_400_000 }

test.each<[string, number, object, boolean]>([
  ['of a day', 1_000, {}, true],
  ['of a day, made by a clock ten seconds ahead', -10_000, {}, true],
  ['made by a clock an hour ahead', -3_600_000, {}, false],
  ['of more than a day', 1_000, { expiresAt: 86_400_001 }, false],
  ['that ends before it begins', -100_000, { issuedAt: 1_000, expiresAt: 500 }, false],
  ['whose end is text', 1_000, { expiresAt: '86400000' }, false],
  ['whose scope is null', 1_000, { scope: null }, false],
  ['whose scope is a number', 1_000, { scope: 42 }, false],
  ['with a scope', 1_000, { scope: 'read' }, true],
])('a record %s is judged as one', async (_, age, members, isTaken) => {
  const clock = createManualClock(Date.now())
  const issuedAt = clock.now() - age
  const shifted = Object.fromEntries(
    Object.entries({ ...record, ...members }).map(([name, value]) => [
      name,
      typeof value === 'number' && name !== 'scope' ? issuedAt + value : value,
    ]),
  )
  const store = { ...memoryStore(), get: async () => shifted as never }
  const { value } = await provider({ store, clock }).getAccessToken()
  expect(value === record.value).toBe(isTaken)
})

test('a record that throws when it is read is an event and a miss', async () => {
  const events: TokenEvent[] = []
  const broken = Object.defineProperty({ ...record }, 'value', {
    enumerable: true,
    get: () => {
      throw new Error('of the store')
    },
  })
  const store = { ...memoryStore(), get: async () => broken as never }
  const member = provider({ store, onEvent: (event) => void events.push(event) })
  expect(server.isLive((await member.getAccessToken()).value)).toBe(true)
  expect(events[0]).toMatchObject({ type: 'store-failed', operation: 'get', reason: 'Error' })
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
    { operation: 'set', reason: 'Error' },
  ])
  expect(JSON.stringify(events)).not.toContain('password')
})
