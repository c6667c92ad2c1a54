import type { TokenEvent, TokenProvider, TokenProviderOptions } from '@countersign/core'
import { type AuthorizationServer, createManualClock, type ManualClock } from '@countersign/testing'
import { beforeEach, expect, test } from 'vitest'
import { rejection, until } from '../../support/waiting.ts'
import { startAuthorization } from '../../support/world.ts'

const lifetime = 600_000
const timeout = 10_000

let manual: ManualClock
let server: AuthorizationServer
let provider: (options?: Partial<TokenProviderOptions>) => TokenProvider
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
  const started = await startAuthorization({ clock, lifetimeSeconds: lifetime / 1000 })
  server = started.server
  const onEvent = (event: TokenEvent) => void events.push(event)
  provider = (options) => started.provider({ clock, timeout, retries: 0, onEvent, ...options })
})

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
  expect(await rejection(tokens.getAccessToken())).toMatchObject({ error: 'invalid_client' })
  expect(failures()).toHaveLength(1)
})

test('a token request that had its time is a failure', async () => {
  const tokens = provider()
  server.hold()
  const call = rejection(tokens.getAccessToken())
  await until(() => server.requests.length === 1)
  await manual.advance(timeout / 2)
  expect(await call).toMatchObject({ code: 'ERR_TOKEN_TIMEOUT' })
  expect(failures()).toHaveLength(1)
  expect(await rejection(tokens.getAccessToken())).toMatchObject({ code: 'ERR_TOKEN_TIMEOUT' })
})
