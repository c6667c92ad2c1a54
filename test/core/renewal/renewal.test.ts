import { generateKeyPairSync } from 'node:crypto'
import { setImmediate } from 'node:timers/promises'
import { createTokenProvider, memoryStore, type TokenProviderOptions } from '@countersign/core'
import { authorizedFetch } from '@countersign/core/fetch'
import {
  type AuthorizationServer,
  createAuthorizationServer,
  createManualClock,
  type ManualClock,
} from '@countersign/testing'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { startApi } from '../../support/world.ts'

const clientId = 'institution-1'
const [old, next] = [newKey(), newKey()]

let clock: ManualClock
let server: AuthorizationServer

beforeEach(async () => {
  clock = createManualClock(Date.now())
  server = await createAuthorizationServer({ clock, lifetimeSeconds: 600 })
  server.register({ clientId, jwks: { keys: [publicJwk(old, 'old'), publicJwk(next, 'next')] } })
})

afterEach(() => server.close())

function newKey() {
  return generateKeyPairSync('ec', { namedCurve: 'P-256' })
}

function publicJwk({ publicKey }: ReturnType<typeof newKey>, kid: string) {
  return { kty: 'EC', ...publicKey.export({ format: 'jwk' }), kid }
}

function provider(options: Partial<TokenProviderOptions> = {}) {
  return createTokenProvider({
    clientId,
    tokenEndpoint: server.tokenEndpoint,
    key: { key: old.privateKey, kid: 'old' },
    clock,
    ...options,
  })
}

/** Turns of the event loop until it holds; the test's own time limit is the only other end. */
async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await setImmediate()
}

test('a hundred providers, each as a process would have one, renew in many different seconds', {
  tags: ['C3'],
}, async () => {
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

    const { status } = await send(`${api.origin}/x`)
    expect(status).toBe(200)
    expect((await send(`${api.origin}/y`)).status).toBe(200)

    expect(api.seen.map((seen) => `${seen.url} ${seen.status}`)).toEqual([
      '/x 401',
      '/x 200',
      '/y 200',
    ])
    expect(server.requests).toHaveLength(2)
  },
)

describe('flights', { tags: ['C9'] }, () => {
  test('forced renewals share the flight under way, and others keep the token meanwhile', async () => {
    const tokens = provider()
    const first = await tokens.getAccessToken()
    const release = server.hold()
    const forced = Array.from({ length: 10 }, () => tokens.getAccessToken({ forceRenewal: true }))
    await until(() => server.requests.length === 2)
    const late = tokens.getAccessToken({ forceRenewal: true })
    expect(await tokens.getAccessToken()).toBe(first)
    release()
    const [second, ...others] = await Promise.all([...forced, late])
    expect(second).not.toBe(first)
    expect(others.every((token) => token === second)).toBe(true)
    expect(tokens.currentAccessToken()).toBe(second)
    expect(server.requests).toHaveLength(2)
  })

  test('a token rejected during a flight is suspect, and the flight brings the next one', async () => {
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

  test('a response that comes after its flight was given up does not displace a later token', async () => {
    let answerLate: (() => void) | undefined
    const tokens = provider({
      retries: 0,
      fetch: async (url, init) => {
        if (answerLate !== undefined) return fetch(url, init)
        const answered = await fetch(url, { ...init, signal: null })
        await new Promise<void>((resolve) => {
          answerLate = resolve
        })
        return answered
      },
    })
    const lost = tokens.getAccessToken().catch((error: unknown) => error)
    await until(() => answerLate !== undefined)
    await clock.advance(5_000)
    expect(await lost).toMatchObject({ code: 'ERR_TOKEN_TIMEOUT' })
    await clock.advance(1_000)
    const second = await tokens.getAccessToken()
    answerLate?.()
    for (let turn = 0; turn < 20; turn++) await setImmediate()
    expect(tokens.currentAccessToken()).toBe(second)
    expect(await tokens.getAccessToken()).toBe(second)
    expect(server.issued).toBe(2)
  })
})

describe('what is shared', () => {
  test('another key of the key function signs the next request; the token at hand stays', {
    tags: ['C10'],
  }, async () => {
    let key = { key: old.privateKey, kid: 'old' }
    const tokens = provider({ key: () => key })
    const first = await tokens.getAccessToken()
    key = { key: next.privateKey, kid: 'next' }
    expect(await tokens.getAccessToken()).toBe(first)
    expect(server.requests).toHaveLength(1)
    const second = await tokens.getAccessToken({ forceRenewal: true })
    expect(second).not.toBe(first)
    expect(server.requests).toMatchObject([
      { status: 200, header: { kid: 'old' } },
      { status: 200, header: { kid: 'next' } },
    ])
  })

  test('two providers with the same options share nothing', { tags: ['C11'] }, async () => {
    const [one, other] = [provider(), provider()]
    const mine = await one.getAccessToken()
    expect(other.currentAccessToken()).toBeUndefined()
    const yours = await other.getAccessToken()
    expect(yours.value).not.toBe(mine.value)
    one.invalidate(yours)
    expect(one.currentAccessToken()).toBe(mine)
    one.invalidate(mine)
    expect(one.currentAccessToken()).toBeUndefined()
    expect(other.currentAccessToken()).toBe(yours)
    expect(server.requests).toHaveLength(2)
  })

  test('neither do failures go from one to the other', { tags: ['C11'] }, async () => {
    const [one, other] = [provider({ retries: 0 }), provider({ retries: 0 })]
    server.next({ status: 503 })
    const error = await one.getAccessToken().catch((thrown: unknown) => thrown)
    expect(error).toMatchObject({ code: 'ERR_TOKEN_UNAVAILABLE' })
    expect(server.isLive((await other.getAccessToken()).value)).toBe(true)
    expect(await one.getAccessToken().catch((thrown: unknown) => thrown)).toEqual(error)
    expect(server.requests).toHaveLength(2)
  })

  test('given one store they share one token', { tags: ['C11'] }, async () => {
    const store = memoryStore()
    const [one, other] = [provider({ store }), provider({ store })]
    const mine = await one.getAccessToken()
    const yours = await other.getAccessToken()
    expect(yours.value).toBe(mine.value)
    expect(yours.expiresAt).toBe(mine.expiresAt)
    expect(server.requests).toHaveLength(1)
  })
})
