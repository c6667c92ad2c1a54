import {
  ConfigurationError,
  memoryStore,
  type TokenProvider,
  type TokenProviderOptions,
} from '@countersign/core'
import { type AuthorizationServer, createManualClock, type ManualClock } from '@countersign/testing'
import { beforeEach, expect, test } from 'vitest'
import { createHoldOff } from '#core/renewal/hold-off.js'
import { rejection } from '../../support/waiting.ts'
import { startAuthorization } from '../../support/world.ts'

const scopes = Array.from({ length: 20 }, (_, index) => `scope-${index}`)

let clock: ManualClock
let server: AuthorizationServer
let provider: (options?: Partial<TokenProviderOptions>) => TokenProvider

beforeEach(async () => {
  clock = createManualClock(Date.now())
  const started = await startAuthorization({ clock, lifetimeSeconds: 600 })
  server = started.server
  provider = (options) => started.provider({ clock, retries: 0, ...options })
})

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
  { status: 400, body: { error: 'not_invalid_scope' } },
  { status: 400, body: { error: 'access_denied_for_client' } },
])(
  'a failure that is not about the scope holds off every scope and resource: %j',
  async (answer) => {
    const tokens = provider()
    server.next(answer)
    const first = await rejection(tokens.getAccessToken())
    const errors = await Promise.all(
      scopes.map((scope, index) =>
        rejection(tokens.getAccessToken(index % 2 ? { scope } : { resource: `urn:${scope}` })),
      ),
    )
    expect(errors).toEqual(scopes.map(() => first))
    expect(server.requests).toHaveLength(1)
  },
)

test.each(['invalid_scope', 'invalid_target', 'access_denied'])(
  '%s holds off its own scope alone',
  async (error) => {
    const tokens = provider()
    server.next({ status: 400, body: { error } })
    const failed = await rejection(tokens.getAccessToken({ scope: 'misspelt' }))
    expect(failed).toMatchObject({ error })
    expect(server.isLive((await tokens.getAccessToken({ scope: 'good' })).value)).toBe(true)
    expect(await rejection(tokens.getAccessToken({ scope: 'misspelt' }))).toEqual(failed)
    expect(server.requests).toHaveLength(2)
  },
)

test('after a hold-off one token request is made, and other scopes wait for its outcome', async () => {
  const tokens = provider()
  const ask = () => scopes.map((scope) => tokens.getAccessToken({ scope }))
  server.next({ status: 503 }, { status: 503 })
  await rejection(tokens.getAccessToken())
  await clock.advance(1_000)
  const errors = await Promise.all(ask().map(rejection))
  expect(server.requests).toHaveLength(2)
  const nextAttemptAt = clock.now() + 2_000
  expect(errors).toMatchObject(scopes.map(() => ({ code: 'ERR_TOKEN_UNAVAILABLE', nextAttemptAt })))
  await clock.advance(2_000)
  await Promise.all(ask())
  expect(server.issued).toBe(scopes.length)
  expect(server.requests).toHaveLength(2 + scopes.length)
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

const now = { wall: 1_000_000, monotonic: 500 }
const error = new ConfigurationError('ERR_CLOCK', 'any error will do')

const twice = [1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000]

test.each<[string, (number | undefined)[], number[]]>([
  ['a second, and twice as long each time, up to 30 s', twice.map(() => undefined), twice],
  ['what the server asked for, up to an hour', [100, 3_600_001], [100, 3_600_000]],
  [
    'longer after failures with a Retry-After',
    [5_000, 5_000, undefined, 0],
    [5_000, 5_000, 4_000, 8_000],
  ],
])('a failure is remembered for %s', (_, retryAfters, remembered) => {
  const holdOff = createHoldOff()
  const pauses = retryAfters.map((retryAfter) => {
    const failure = holdOff.fail({ error, now, retryAfter, startedAt: now.monotonic + 1 })
    expect(failure.error).toBe(error)
    expect(failure.until.monotonic - now.monotonic).toBe(failure.until.wall - now.wall)
    return failure.until.wall - now.wall
  })
  expect(pauses).toEqual(remembered)
})

test('callers share the failure until its end has come on either clock', () => {
  const { fail, current } = createHoldOff()
  const failure = fail({ error, now, retryAfter: undefined, startedAt: 0 })
  expect(current({ wall: now.wall + 999, monotonic: now.monotonic + 999 })).toBe(failure)
  expect(current({ wall: now.wall + 1_000, monotonic: now.monotonic })).toBeUndefined()
  expect(current({ wall: now.wall, monotonic: now.monotonic + 1_000 })).toBeUndefined()
})

test('token requests that fail together double the pause once, and the longest hold-off counts', () => {
  const { fail, current } = createHoldOff()
  fail({ error, now, retryAfter: 60_000, startedAt: 0 })
  const second = fail({ error, now, retryAfter: undefined, startedAt: 100 })
  expect(second.pause).toBe(1_000)
  expect(current({ wall: now.wall + 59_999, monotonic: now.monotonic + 59_999 })).toBe(second)
})

test('the success of a token request that was in flight before the failure does not end it', () => {
  const { fail, succeed, last } = createHoldOff()
  fail({ error, now, retryAfter: undefined, startedAt: 0 })
  succeed(now.monotonic)
  expect(last()).toBeDefined()
  succeed(now.monotonic + 1)
  expect(last()).toBeUndefined()
})
