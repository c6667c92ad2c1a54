import { generateKeyPairSync } from 'node:crypto'
import { createTokenProvider, memoryStore, type TokenProviderOptions } from '@countersign/core'
import {
  type AuthorizationServer,
  createAuthorizationServer,
  createManualClock,
  type ManualClock,
} from '@countersign/testing'
import { afterEach, beforeEach, expect, test } from 'vitest'

const clientId = 'institution-1'
const key = generateKeyPairSync('ec', { namedCurve: 'P-256' })
const scopes = Array.from({ length: 20 }, (_, index) => `scope-${index}`)

let clock: ManualClock
let server: AuthorizationServer

beforeEach(async () => {
  clock = createManualClock(Date.now())
  server = await createAuthorizationServer({ clock, lifetimeSeconds: 600 })
  const jwk = { kty: 'EC', ...key.publicKey.export({ format: 'jwk' }), kid: 'key' }
  server.register({ clientId, jwks: { keys: [jwk] } })
})

afterEach(() => server.close())

function provider(options: Partial<TokenProviderOptions> = {}) {
  return createTokenProvider({
    clientId,
    tokenEndpoint: server.tokenEndpoint,
    key: { key: key.privateKey, kid: 'key' },
    ...{ clock, retries: 0 },
    ...options,
  })
}

const caught = (promise: Promise<unknown>) => promise.catch((thrown: unknown) => thrown)

test.each([
  { status: 429, headers: { 'retry-after': '60' } },
  { status: 503 },
  { status: 500, body: '<p>oops</p>' },
  { status: 404 },
  { status: 302, headers: { location: 'https://login.example.com/' } },
  { status: 200, body: '<p>login</p>' },
  { status: 401, body: { error: 'invalid_client' } },
  { status: 400, body: { error: 'unauthorized_client' } },
  { status: 400, body: { error: 'invalid_request' } },
])(
  'a failure that is not about the scope holds off every scope and resource: %j',
  async (answer) => {
    const tokens = provider()
    server.next(answer)
    const first = await caught(tokens.getAccessToken())
    const errors = await Promise.all(
      scopes.map((scope, index) =>
        caught(
          tokens.getAccessToken(index % 2 ? { scope } : { resource: `https://${scope}.example` }),
        ),
      ),
    )
    expect(errors).toEqual(scopes.map(() => first))
    expect(server.requests).toHaveLength(1)
  },
)

test('a key function that fails holds off every scope', async () => {
  let calls = 0
  const tokens = provider({
    key: () => {
      calls += 1
      throw new Error('the vault is sealed')
    },
  })
  await caught(tokens.getAccessToken())
  await Promise.all(scopes.map((scope) => caught(tokens.getAccessToken({ scope }))))
  expect(calls).toBe(1)
})

test.each(['invalid_scope', 'invalid_target', 'access_denied'])(
  '%s holds off its own scope alone',
  async (error) => {
    const tokens = provider()
    server.next({ status: 400, body: { error } })
    const failed = await caught(tokens.getAccessToken({ scope: 'misspelt' }))
    expect(failed).toMatchObject({ error })
    expect(server.isLive((await tokens.getAccessToken({ scope: 'good' })).value)).toBe(true)
    expect(await caught(tokens.getAccessToken({ scope: 'misspelt' }))).toEqual(failed)
    expect(server.requests).toHaveLength(2)
  },
)

test('after a hold-off one token request is made, and other scopes wait for its outcome', async () => {
  const tokens = provider()
  const ask = () => scopes.map((scope) => caught(tokens.getAccessToken({ scope })))
  server.next({ status: 503 }, { status: 503 })
  await caught(tokens.getAccessToken())
  await clock.advance(1_000)
  const errors = await Promise.all(ask())
  expect(server.requests).toHaveLength(2)
  const nextAttemptAt = clock.now() + 2_000
  expect(errors).toMatchObject(scopes.map(() => ({ code: 'ERR_TOKEN_UNAVAILABLE', nextAttemptAt })))
  await clock.advance(2_000)
  await Promise.all(ask())
  expect(server.issued).toBe(scopes.length)
  expect(server.requests).toHaveLength(2 + scopes.length)
})

test('many scopes that fail at once hold off for one second, and for the longest Retry-After', async () => {
  const tokens = provider()
  const answers = scopes.map((_, index) => ({
    status: 429,
    ...(index === 3 ? { headers: { 'retry-after': '60' } } : {}),
  }))
  server.next(...answers)
  await Promise.all(scopes.map((scope) => caught(tokens.getAccessToken({ scope }))))
  await clock.advance(59_999)
  expect(await caught(tokens.getAccessToken())).toMatchObject({ code: 'ERR_TOKEN_RATE_LIMITED' })
  expect(server.requests).toHaveLength(scopes.length)
  await clock.advance(1)
  expect(server.isLive((await tokens.getAccessToken()).value)).toBe(true)
})

test('a forced renewal does not accept what a token request in flight read from the store', async () => {
  const store = memoryStore()
  const first = await provider({ store }).getAccessToken()
  const tokens = provider({ store })
  const [read, ...forced] = await Promise.all([
    tokens.getAccessToken(),
    tokens.getAccessToken({ forceRenewal: true }),
    tokens.getAccessToken({ forceRenewal: true }),
  ])
  expect(read.value).toBe(first.value)
  expect(forced[0]?.value).not.toBe(first.value)
  expect(forced[1]).toBe(forced[0])
  expect(server.requests).toHaveLength(2)
})

test('a forced renewal joins a token request that the store had no answer to', async () => {
  const tokens = provider({ store: memoryStore() })
  const [one, forced] = await Promise.all([
    tokens.getAccessToken(),
    tokens.getAccessToken({ forceRenewal: true }),
  ])
  expect(forced).toBe(one)
  expect(server.requests).toHaveLength(1)
})
