import {
  createTokenProvider,
  type TokenEvent,
  type TokenProvider,
  type TokenProviderOptions,
} from '@countersign/core'
import { authorizedFetch } from '@countersign/core/fetch'
import { type AuthorizationServer, createManualClock, type ManualClock } from '@countersign/testing'
import { beforeEach, describe, expect, onTestFinished, test, vi } from 'vitest'
import { clientKey, otherKey } from '../../support/keys.ts'
import { rejection, until } from '../../support/waiting.ts'
import { startApi, startAuthorization } from '../../support/world.ts'

const unavailable = { code: 'ERR_TOKEN_UNAVAILABLE', status: 503 }

let clock: ManualClock
let server: AuthorizationServer
let provider: (options?: Partial<TokenProviderOptions>) => TokenProvider
let events: TokenEvent[]

beforeEach(async () => {
  clock = createManualClock(Date.now())
  events = []
  const started = await startAuthorization({ clock, lifetimeSeconds: 600 })
  server = started.server
  const onEvent = (event: TokenEvent) => void events.push(event)
  provider = (options) => createTokenProvider({ ...started.client, clock, onEvent, ...options })
})

const eventsOf = (wanted: TokenEvent['type']) => events.filter(({ type }) => type === wanted)

test('ten thousand sequential calls make one token request', { tags: ['C1'] }, async () => {
  const tokens = provider()
  const first = await tokens.getAccessToken()
  for (let call = 1; call < 10_000; call++) {
    if ((await tokens.getAccessToken()) !== first) expect.unreachable('another token object')
  }
  expect(server.requests).toHaveLength(1)
})

test('a token is given in its window, and renewed meanwhile', { tags: ['C2'] }, async () => {
  vi.spyOn(Math, 'random').mockReturnValue(0)
  onTestFinished(() => void vi.restoreAllMocks())
  const tokens = provider()
  const first = await tokens.getAccessToken()
  await clock.advance(600_000 - 48_000 - 1)
  expect(await tokens.getAccessToken()).toBe(first)
  await clock.advance(1)
  expect(server.requests).toHaveLength(1)
  const release = server.hold()
  expect(await tokens.getAccessToken()).toBe(first)
  await until(() => server.requests.length === 2)
  expect(await tokens.getAccessToken()).toBe(first)
  release()
  await until(() => eventsOf('token-issued').length === 2)
  const second = await tokens.getAccessToken()
  expect(second).not.toBe(first)
  expect(second.issuedAt).toBe(first.issuedAt + 552_000)
  expect(server.requests).toHaveLength(2)
})

test('a hundred providers renew in many different seconds', { tags: ['C3'] }, async () => {
  const renewals: Promise<unknown>[] = []
  const waitUntil = (renewal: Promise<unknown>) => void renewals.push(renewal)
  const fleet = Array.from({ length: 100 }, () => provider({ renewal: { waitUntil } }))
  await Promise.all(fleet.map((tokens) => tokens.getAccessToken()))
  const started: number[] = []
  const renewedInSecond = async () => {
    const before = renewals.length
    for (const tokens of fleet) expect(tokens.currentAccessToken()).toBeDefined()
    started.push(renewals.length - before)
    await Promise.all(renewals)
  }

  await clock.advance(600_000 - 60_000 - 1)
  await renewedInSecond()
  expect(started).toEqual([0])
  for (let second = 0; second <= 12; second++) {
    await clock.advance(1000)
    await renewedInSecond()
  }

  expect(renewals).toHaveLength(100)
  expect(server.requests).toHaveLength(200)
  expect(Math.max(...started)).toBeLessThanOrEqual(30)
  expect(started.filter((count) => count > 0).length).toBeGreaterThanOrEqual(8)
})

test('a waitUntil that throws stops no renewal', { tags: ['C4'] }, async () => {
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
  expect([token.issuedAt, token.expiresAt]).toEqual([sentAt, sentAt + 10_000])
  await clock.advance(1999)
  expect(tokens.currentAccessToken()).toBe(token)
  await clock.advance(1)
  expect(tokens.currentAccessToken()).toBeUndefined()
  expect(server.requests).toHaveLength(1)
})

test.each([60_000, 0])(
  'an API that counts a token out 2 s early costs one renewal and no failure (early: %i)',
  { tags: ['C8'] },
  async (early) => {
    const tokens = provider({ renewal: { early } })
    const first = await tokens.getAccessToken()
    const api = await startApi(server)
    api.answerWith((response, { authorization }) => {
      const isOut = clock.now() + 2_000 >= first.expiresAt && authorization === first.authorization
      response.writeHead(isOut ? 401 : 200, { 'www-authenticate': 'Bearer error="invalid_token"' })
      response.end()
    })
    const send = authorizedFetch(tokens, { origins: [api.origin] })
    await clock.advance(600_000 - 2_000)
    for (const path of ['x', 'y']) expect((await send(`${api.origin}/${path}`)).status).toBe(200)
    const answers = api.seen.map((seen) => `${seen.url} ${seen.status}`)
    expect(answers).toEqual(['/x 401', '/x 200', '/y 200'])
    expect(server.requests).toHaveLength(2)
  },
)

describe('a token that is rejected', { tags: ['C9'] }, () => {
  test('during a flight is suspect, and the flight brings the next one', async () => {
    const tokens = provider()
    const first = await tokens.getAccessToken()
    const release = server.hold()
    const forced = tokens.getAccessToken({ forceRenewal: true })
    await until(() => server.requests.length === 2)
    tokens.invalidate(first)
    expect(tokens.currentAccessToken()).toBeUndefined()
    const joined = tokens.getAccessToken()
    release()
    expect(await joined).toBe(await forced)
    await clock.advance(5_000)
    tokens.invalidate(first)
    expect(tokens.currentAccessToken()).toBe(await forced)
    expect(server.requests).toHaveLength(2)
  })

  test('by the listener of its event is followed by another one', async () => {
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
})

test('another key of the key function signs the next request', { tags: ['C10'] }, async () => {
  const { keys } = clientKey.jwks
  const jwks = {
    keys: [
      { ...keys[0], kid: 'old' },
      { ...otherKey.publicJwk, kid: 'next' },
    ],
  }
  server.register({ clientId: 'client', jwks })
  let key = { key: clientKey.privateKey, kid: 'old' }
  const tokens = provider({ key: () => key })
  const first = await tokens.getAccessToken()
  key = { key: otherKey.privateKey, kid: 'next' }
  expect(await tokens.getAccessToken()).toBe(first)
  expect(await tokens.getAccessToken({ forceRenewal: true })).not.toBe(first)
  expect(server.requests).toMatchObject([
    { status: 200, header: { kid: 'old' } },
    { status: 200, header: { kid: 'next' } },
  ])
})

test('a signal of null is none', { tags: ['C10'] }, async () => {
  const signal = null as unknown as undefined
  expect(await provider().getAccessToken({ signal })).toMatchObject({ tokenType: 'Bearer' })
})

test('two providers share neither tokens nor failures', { tags: ['C11'] }, async () => {
  const [one, other] = [provider({ retries: 0 }), provider({ retries: 0 })]
  const mine = await one.getAccessToken()
  expect(other.currentAccessToken()).toBeUndefined()
  const yours = await other.getAccessToken()
  expect(yours.value).not.toBe(mine.value)
  one.invalidate(yours)
  expect(one.currentAccessToken()).toBe(mine)
  server.next({ status: 503 })
  expect(await rejection(one.getAccessToken({ forceRenewal: true }))).toMatchObject(unavailable)
  expect(await other.getAccessToken({ forceRenewal: true })).not.toBe(yours)
  expect(server.requests).toHaveLength(4)
})

test('a provider has a token per set of scopes and resources', {
  tags: ['C12', 'C13'],
}, async () => {
  const tokens = provider()
  const [a, b] = ['https://a.example.com', 'https://b.example.com'] as const
  const token = await tokens.getAccessToken({ scope: 'a b', resource: [a, b] })
  for (const scope of ['b a', 'a a b', ['b', 'a', 'b']])
    expect(await tokens.getAccessToken({ scope, resource: [b, a, b] })).toBe(token)
  expect(server.requests).toHaveLength(1)
  for (const scope of ['A b', '__proto__', 'constructor']) {
    const other = await tokens.getAccessToken({ scope })
    expect(tokens.currentAccessToken({ scope })).toBe(other)
    expect(other.scope).toBe(scope)
  }
  expect(tokens.currentAccessToken()).toBeUndefined()
  expect(server.requests).toHaveLength(4)
})
