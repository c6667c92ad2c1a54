import { generateKeyPairSync } from 'node:crypto'
import { setImmediate } from 'node:timers/promises'
import {
  createTokenProvider,
  type StoredToken,
  type TokenEvent,
  type TokenProviderOptions,
  type TokenStore,
} from '@countersign/core'
import {
  type AuthorizationServer,
  createAuthorizationServer,
  createManualClock,
  type ManualClock,
} from '@countersign/testing'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'

const clientId = 'institution-1'
const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
const jwks = { keys: [{ kty: 'EC', ...publicKey.export({ format: 'jwk' }) }] }
const hour = 3_600_000

let clock: ManualClock
let server: AuthorizationServer
let events: TokenEvent[]
let unhandled: unknown[]

const noteUnhandled = (reason: unknown) => unhandled.push(reason)

beforeEach(async () => {
  clock = createManualClock()
  server = await createAuthorizationServer({ clock, lifetimeSeconds: 600 })
  server.register({ clientId, jwks })
  events = []
  unhandled = []
  process.on('unhandledRejection', noteUnhandled)
})

afterEach(async () => {
  process.off('unhandledRejection', noteUnhandled)
  vi.restoreAllMocks()
  await server.close()
})

function provider(options: Partial<TokenProviderOptions> = {}) {
  return createTokenProvider({
    clientId,
    tokenEndpoint: server.tokenEndpoint,
    key: privateKey,
    clock,
    onEvent: (event) => events.push(event),
    ...options,
  })
}

/** Turns of the event loop until it holds; the test's own time limit is the only other end. */
async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await setImmediate()
}

function eventsOf(type: TokenEvent['type']): TokenEvent[] {
  return events.filter((event) => event.type === type)
}

/** A store that has a token for every key, and remembers which keys it was asked for. */
function askedStore(): TokenStore & { readonly keys: string[] } {
  const keys: string[] = []
  return {
    keys,
    async get(key): Promise<StoredToken> {
      keys.push(key)
      const issuedAt = clock.now()
      return { value: 'kept', tokenType: 'Bearer', issuedAt, expiresAt: issuedAt + 600_000 }
    },
    async set() {},
    async delete() {
      return false
    },
  }
}

/** The key under which a provider with these options looks for its token. */
async function storeKey(options: Partial<TokenProviderOptions> = {}): Promise<string> {
  const store = askedStore()
  const assertion = { audience: 'https://login.example.com' }
  const tokenEndpoint = 'https://login.example.com/token'
  await provider({ tokenEndpoint, assertion, ...options, store }).getAccessToken()
  expect(store.keys).toHaveLength(1)
  return store.keys[0] ?? ''
}

test('ten thousand sequential calls make one token request and give one object', {
  tags: ['C1'],
}, async () => {
  const tokens = provider()
  const first = await tokens.getAccessToken()
  for (let call = 1; call < 10_000; call++) {
    if ((await tokens.getAccessToken()) !== first) expect.unreachable('another token object')
  }
  expect(server.requests).toHaveLength(1)
  expect(server.issued).toBe(1)
})

test('one millisecond before its window a token is given and nothing is renewed', {
  tags: ['C2'],
}, async () => {
  vi.spyOn(Math, 'random').mockReturnValue(0)
  const tokens = provider()
  const first = await tokens.getAccessToken()
  await clock.advance(600_000 - 48_000 - 1)
  expect(await tokens.getAccessToken()).toBe(first)
  expect(tokens.currentAccessToken()).toBe(first)
  await clock.advance(0)
  expect(server.requests).toHaveLength(1)
})

test.each([0, 1])(
  '%i ms into its window a token is given, and renewed beside it',
  { tags: ['C2'] },
  async (ms) => {
    vi.spyOn(Math, 'random').mockReturnValue(0)
    const tokens = provider()
    const first = await tokens.getAccessToken()
    await clock.advance(600_000 - 48_000 + ms)
    const release = server.hold()
    expect(await tokens.getAccessToken()).toBe(first)
    await until(() => server.requests.length === 2)
    expect(await tokens.getAccessToken()).toBe(first)
    release()
    await until(() => eventsOf('token-issued').length === 2)
    const second = await tokens.getAccessToken()
    expect(second).not.toBe(first)
    expect(second.issuedAt).toBe(first.issuedAt + 552_000 + ms)
    expect(server.requests).toHaveLength(2)
  },
)

test('one millisecond before it expires a token is still given', { tags: ['C2'] }, async () => {
  const tokens = provider({ renewal: { early: 0 } })
  const first = await tokens.getAccessToken()
  await clock.advance(599_999)
  expect(await tokens.getAccessToken()).toBe(first)
  expect(server.requests).toHaveLength(1)
})

test.each([0, 1])(
  '%i ms after its expiry a caller waits for another token',
  { tags: ['C2'] },
  async (ms) => {
    const tokens = provider({ renewal: { early: 0 } })
    const first = await tokens.getAccessToken()
    await clock.advance(600_000 + ms)
    expect(tokens.currentAccessToken()).toBeUndefined()
    const second = await tokens.getAccessToken()
    expect(second.value).not.toBe(first.value)
    expect(server.requests).toHaveLength(2)
  },
)

test('lets callers keep a valid token when its renewal fails, and emits one event', {
  tags: ['C4'],
}, async () => {
  const tokens = provider({ retries: 0 })
  const first = await tokens.getAccessToken()
  await clock.advance(560_000)
  server.next({ status: 503 })
  expect(await tokens.getAccessToken()).toBe(first)
  await until(() => eventsOf('renewal-failed').length > 0)
  for (let call = 0; call < 100; call++) expect(await tokens.getAccessToken()).toBe(first)
  await clock.advance(0)
  expect(server.requests).toHaveLength(2)
  expect(eventsOf('renewal-failed')).toMatchObject([
    {
      clientId,
      error: { code: 'ERR_TOKEN_UNAVAILABLE', status: 503 },
      servesUntil: first.expiresAt,
      nextAttemptAt: clock.now() + 1000,
    },
  ])
  expect(unhandled).toEqual([])
})

test('a waitUntil that throws takes no token from its caller, and stops no renewal', {
  tags: ['C4'],
}, async () => {
  const waitUntil = () => {
    throw new TypeError('Illegal invocation')
  }
  const tokens = provider({ renewal: { waitUntil } })
  const first = await tokens.getAccessToken()
  await clock.advance(599_000)
  expect(await tokens.getAccessToken()).toBe(first)
  await until(() => tokens.currentAccessToken() !== first)
  expect(server.requests).toHaveLength(2)
})

test('gives a listener that rejects the token of its event another one', {
  tags: ['C9'],
}, async () => {
  const given: (string | Promise<string>)[] = []
  const tokens = provider({
    onEvent: ({ type }) => {
      const current = type === 'token-issued' ? tokens.currentAccessToken() : undefined
      if (current === undefined || given.length > 0) return
      tokens.invalidate(current)
      given.push(
        current.value,
        tokens.getAccessToken().then(({ value }) => value),
      )
    },
  })
  await tokens.getAccessToken()
  const [refused, next] = await Promise.all(given)
  expect(next).not.toBe(refused)
  expect(server.requests).toHaveLength(2)
})

test('a signal of null is none', { tags: ['C10'] }, async () => {
  const signal = null as unknown as undefined
  const token = await provider().getAccessToken({ signal })
  expect(server.isLive(token.value)).toBe(true)
})

test('a wall clock that jumps an hour ahead expires the token', { tags: ['C5'] }, async () => {
  const tokens = provider()
  const first = await tokens.getAccessToken()
  clock.setWallClock(clock.now() + hour)
  expect(tokens.currentAccessToken()).toBeUndefined()
  expect((await tokens.getAccessToken()).value).not.toBe(first.value)
  expect(server.requests).toHaveLength(2)
})

test('a wall clock that jumps an hour back does not extend a token', { tags: ['C5'] }, async () => {
  const tokens = provider({ renewal: { early: 0 } })
  const first = await tokens.getAccessToken()
  clock.setWallClock(clock.now() - hour)
  await clock.advance(599_999)
  expect(await tokens.getAccessToken()).toBe(first)
  await clock.advance(1)
  expect(tokens.currentAccessToken()).toBeUndefined()
  expect((await tokens.getAccessToken()).value).not.toBe(first.value)
  expect(server.requests).toHaveLength(2)
})

test('expires a token after twenty minutes of suspension that only the wall clock shows', {
  tags: ['C6'],
}, async () => {
  const tokens = provider()
  const first = await tokens.getAccessToken()
  const before = clock.monotonic()
  clock.setWallClock(clock.now() + 20 * 60_000)
  expect(clock.monotonic()).toBe(before)
  expect(tokens.currentAccessToken()).toBeUndefined()
  expect((await tokens.getAccessToken()).value).not.toBe(first.value)
})

test('the life of a token counts from when its request was sent', { tags: ['C7'] }, async () => {
  server.lifetimeSeconds = 10
  const tokens = provider({ timeout: 20_000, renewal: { early: 0 } })
  const sentAt = clock.now()
  const release = server.hold()
  const pending = tokens.getAccessToken()
  await until(() => server.requests.length === 1)
  await clock.advance(8000)
  release()
  const token = await pending
  expect(token.issuedAt).toBe(sentAt)
  expect(token.expiresAt).toBe(sentAt + 10_000)
  await clock.advance(1999)
  expect(tokens.currentAccessToken()).toBe(token)
  await clock.advance(1)
  expect(tokens.currentAccessToken()).toBeUndefined()
  expect(server.requests).toHaveLength(1)
})

test('client ID and scope that only look alike when joined have different keys', {
  tags: ['C12'],
}, async () => {
  const one = await storeKey({ clientId: 'a|b', scope: 'c' })
  const other = await storeKey({ clientId: 'a', scope: 'b|c' })
  expect(one).toMatch(/^[0-9a-f]{64}$/)
  expect(other).toMatch(/^[0-9a-f]{64}$/)
  expect(one).not.toBe(other)
})

test('unicode and __proto__ make keys of their own', { tags: ['C12'] }, async () => {
  const own = JSON.parse('{"__proto__":"a"}')
  const keys = await Promise.all([
    storeKey(),
    storeKey({ scope: '__proto__' }),
    storeKey({ clientId: '__proto__' }),
    storeKey({ parameters: own }),
    storeKey({ parameters: { realm: 'caf\u00e9' } }),
    storeKey({ parameters: { realm: 'cafe\u0301' } }),
    storeKey({ parameters: { realm: 'cafe' } }),
  ])
  expect(new Set(keys).size).toBe(keys.length)
})

test('in memory each provider has its own tokens, one for each scope', {
  tags: ['C12'],
}, async () => {
  const [one, other] = [provider(), provider()]
  const names = ['__proto__', 'constructor', 'c', 'b|c']
  const given = []
  for (const tokens of [one, other]) {
    for (const scope of names) given.push(await tokens.getAccessToken({ scope }))
  }
  expect(new Set(given.map(({ value }) => value)).size).toBe(8)
  expect(server.issued).toBe(8)
  for (const scope of names) expect(one.currentAccessToken({ scope })?.scope).toBe(scope)
  expect(one.currentAccessToken()).toBeUndefined()
})

test('scope is a set, and its case counts', { tags: ['C13'] }, async () => {
  const tokens = provider()
  const token = await tokens.getAccessToken({ scope: 'a b' })
  expect(await tokens.getAccessToken({ scope: 'b a' })).toBe(token)
  expect(await tokens.getAccessToken({ scope: 'a a b' })).toBe(token)
  expect(await tokens.getAccessToken({ scope: ['b', 'a', 'b'] })).toBe(token)
  expect(server.requests).toHaveLength(1)
  expect(await tokens.getAccessToken({ scope: 'A b' })).not.toBe(token)
  expect(server.requests).toHaveLength(2)
})

test('resource is a set too', { tags: ['C13'] }, async () => {
  const tokens = provider()
  const [a, b] = ['https://a.example.com', 'https://b.example.com'] as const
  const token = await tokens.getAccessToken({ resource: [a, b] })
  expect(await tokens.getAccessToken({ resource: [b, a] })).toBe(token)
  expect(await tokens.getAccessToken({ resource: [a, b, a] })).toBe(token)
  expect(await tokens.getAccessToken({ resource: a })).not.toBe(token)
  expect(server.requests).toHaveLength(2)
})

test('the key in a shared store takes scope and resource as sets', { tags: ['C13'] }, async () => {
  const resource = ['https://a.example.com', 'https://b.example.com']
  const keys = await Promise.all([
    storeKey({ scope: 'a b', resource }),
    storeKey({ scope: 'b a', resource: resource.toReversed() }),
    storeKey({ scope: 'a a b', resource: [...resource, ...resource] }),
  ])
  expect(new Set(keys).size).toBe(1)
  expect(await storeKey({ scope: 'A b', resource })).not.toBe(keys[0])
})

test('endpoint, client ID, resources, parameters and audience each change the key', {
  tags: ['C14'],
}, async () => {
  const keys = await Promise.all([
    storeKey(),
    storeKey({ tokenEndpoint: 'https://login.example.com/other' }),
    storeKey({ clientId: 'institution-2' }),
    storeKey({ resource: 'https://a.example.com' }),
    storeKey({ resource: ['https://a.example.com', 'https://b.example.com'] }),
    storeKey({ parameters: { realm: 'a' } }),
    storeKey({ parameters: { realm: 'b' } }),
    storeKey({ assertion: { audience: 'https://other.example.com' } }),
  ])
  expect(new Set(keys).size).toBe(keys.length)
  expect(await storeKey()).toBe(keys[0])
})

test('a slash at the end of the token endpoint, or another way to write it, makes another key', {
  tags: ['C16'],
}, async () => {
  const keys = await Promise.all([
    storeKey({ tokenEndpoint: 'https://login.example.com/token' }),
    storeKey({ tokenEndpoint: 'https://login.example.com/token/' }),
    storeKey({ tokenEndpoint: 'https://login.example.com/TOKEN' }),
    storeKey({ tokenEndpoint: 'https://login.example.com:443/token' }),
    storeKey({ tokenEndpoint: 'https://login.example.com/token?' }),
  ])
  expect(new Set(keys).size).toBe(keys.length)
})
