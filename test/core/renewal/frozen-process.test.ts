import { generateKeyPairSync } from 'node:crypto'
import { setImmediate } from 'node:timers/promises'
import { createTokenProvider, type TokenEvent, type TokenProviderOptions } from '@countersign/core'
import {
  type AuthorizationServer,
  createAuthorizationServer,
  createManualClock,
  type ManualClock,
} from '@countersign/testing'
import { afterEach, beforeEach, expect, test } from 'vitest'

const clientId = 'institution-1'
const key = generateKeyPairSync('ec', { namedCurve: 'P-256' })
const lifetime = 600_000
const timeout = 10_000

let manual: ManualClock
let server: AuthorizationServer
let frozen: { wall: number; monotonic: number }
let events: TokenEvent[]

/** A clock on which no pause ends while the process stands still. */
const clock = {
  now: () => manual.now() + frozen.wall,
  monotonic: () => manual.monotonic() + frozen.monotonic,
  wait: async (ms: number, signal: AbortSignal) => {
    const end = clock.monotonic() + ms
    // A timer that is late ends at the first turn of the event loop after the thaw.
    await manual.wait(ms, signal)
    while (clock.monotonic() < end) await manual.wait(end - clock.monotonic(), signal)
  },
}

beforeEach(async () => {
  manual = createManualClock(Date.now())
  frozen = { wall: 0, monotonic: 0 }
  events = []
  server = await createAuthorizationServer({ clock, lifetimeSeconds: lifetime / 1000 })
  const jwk = { kty: 'EC', ...key.publicKey.export({ format: 'jwk' }), kid: 'key' }
  server.register({ clientId, jwks: { keys: [jwk] } })
})

afterEach(() => server.close())

function provider(options: Partial<TokenProviderOptions> = {}) {
  return createTokenProvider({
    clientId,
    tokenEndpoint: server.tokenEndpoint,
    key: { key: key.privateKey, kid: 'key' },
    ...{ clock, timeout, retries: 0 },
    onEvent: (event) => void events.push(event),
    ...options,
  })
}

const caught = (promise: Promise<unknown>) => promise.catch((thrown: unknown) => thrown)

/** Turns of the event loop until it holds; the test's own time limit is the only other end. */
async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await setImmediate()
}

/** An early renewal whose answer does not come. */
async function renewalInFlight() {
  const tokens = provider()
  const first = await tokens.getAccessToken()
  await manual.advance(lifetime - 20_000)
  const release = server.hold()
  expect(tokens.currentAccessToken()).toBe(first)
  await until(() => server.requests.length === 2)
  return { tokens, release }
}

const failures = () => events.filter(({ type }) => type === 'renewal-failed')

test.each([
  { what: 'longer than the time limit', wall: 60_000, monotonic: 60_000 },
  { what: 'for a few seconds', wall: 3_000, monotonic: 3_000 },
  { what: 'in a suspended machine, which its monotonic clock does not show', wall: 60_000 },
])('the first call after a freeze makes its own token request: $what', async (freeze) => {
  const { tokens, release } = await renewalInFlight()
  frozen = { monotonic: 0, ...freeze }
  const call = tokens.getAccessToken({ forceRenewal: true })
  await until(() => server.requests.length === 3)
  release()
  expect(server.isLive((await call).value)).toBe(true)
  expect(failures()).toEqual([])
})

test('a token request that could not run is not a failure, and its callers make another one', async () => {
  const tokens = provider()
  const release = server.hold()
  const calls = [tokens.getAccessToken(), tokens.getAccessToken()]
  await until(() => server.requests.length === 1)
  frozen = { wall: 60_000, monotonic: 60_000 }
  await manual.advance(timeout / 2)
  await until(() => server.requests.length === 2)
  release()
  const [one, two] = await Promise.all(calls)
  expect(one).toBe(two)
  expect(failures()).toEqual([])
})

test('counts a failed response after a freeze as a failure', async () => {
  const tokens = provider({
    fetch: async () => {
      frozen = { wall: 60_000, monotonic: 60_000 }
      return Response.json({ error: 'invalid_client' }, { status: 401 })
    },
  })
  expect(await caught(tokens.getAccessToken())).toMatchObject({ error: 'invalid_client' })
  expect(failures()).toHaveLength(1)
})

test('a token request that had its time is a failure', async () => {
  const tokens = provider()
  server.hold()
  const call = caught(tokens.getAccessToken())
  await until(() => server.requests.length === 1)
  await manual.advance(timeout / 2)
  expect(await call).toMatchObject({ code: 'ERR_TOKEN_TIMEOUT' })
  expect(failures()).toHaveLength(1)
  expect(await caught(tokens.getAccessToken())).toMatchObject({ code: 'ERR_TOKEN_TIMEOUT' })
})
