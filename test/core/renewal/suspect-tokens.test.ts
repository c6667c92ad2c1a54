import { generateKeyPairSync } from 'node:crypto'
import {
  type AccessToken,
  createTokenProvider,
  memoryStore,
  type TokenEvent,
  type TokenProviderOptions,
} from '@countersign/core'
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
const key = generateKeyPairSync('ec', { namedCurve: 'P-256' })

let clock: ManualClock
let server: AuthorizationServer
let events: TokenEvent[]

beforeEach(async () => {
  clock = createManualClock(Date.now())
  server = await createAuthorizationServer({ clock, lifetimeSeconds: 600 })
  const jwk = { kty: 'EC', ...key.publicKey.export({ format: 'jwk' }), kid: 'key' }
  server.register({ clientId, jwks: { keys: [jwk] } })
  events = []
})

afterEach(() => server.close())

function provider(options: Partial<TokenProviderOptions> = {}) {
  return createTokenProvider({
    clientId,
    tokenEndpoint: server.tokenEndpoint,
    key: { key: key.privateKey, kid: 'key' },
    ...{ clock, retries: 0, scope: 'a' },
    onEvent: (event) => void events.push(event),
    ...options,
  })
}

function actions() {
  return events.flatMap((event) => (event.type === 'token-rejected' ? [event.action] : []))
}

const caught = (promise: Promise<unknown>) => promise.catch((thrown: unknown) => thrown)
const unavailable = { code: 'ERR_TOKEN_UNAVAILABLE' }

describe('a rejected token is recognized by its value', () => {
  test('in a copy of the object', async () => {
    const tokens = provider()
    const { value, tokenType, authorization, scope, issuedAt, expiresAt } =
      await tokens.getAccessToken()
    tokens.invalidate({ value, tokenType, authorization, scope, issuedAt, expiresAt })
    expect(tokens.currentAccessToken()).toBeUndefined()
    expect((await tokens.getAccessToken()).value).not.toBe(value)
    expect(actions()).toEqual(['suspect'])
  })

  test('from another provider with the same store', async () => {
    const store = memoryStore()
    const [one, other] = [provider({ store }), provider({ store })]
    const [first, same] = [await one.getAccessToken(), await other.getAccessToken()]
    expect(same).not.toBe(first)
    expect(same.value).toBe(first.value)
    one.invalidate(same)
    expect((await one.getAccessToken()).value).not.toBe(first.value)
    expect(server.requests).toHaveLength(2)
  })

  test('in a copy passed as rejected, which gets the error of its renewal', async () => {
    const tokens = provider()
    const token = await tokens.getAccessToken()
    const { value, tokenType, authorization, scope, issuedAt, expiresAt } = token
    const copy = { value, tokenType, authorization, scope, issuedAt, expiresAt }
    server.next({ status: 503 })
    tokens.invalidate(copy)
    expect(await caught(tokens.getAccessToken({ rejected: copy }))).toMatchObject(unavailable)
    expect(await tokens.getAccessToken()).toBe(token)
    expect(await caught(tokens.getAccessToken({ rejected: copy }))).toMatchObject(unavailable)
  })

  test('under every scope for which the server issued it', async () => {
    let issued = 0
    const fetch = async () =>
      Response.json({ access_token: `t${issued}`, token_type: 'Bearer', expires_in: 600 })
    const tokens = provider({ fetch })
    const [first] = await Promise.all(
      [undefined, 'b', 'c'].map((scope) => tokens.getAccessToken({ scope })),
    )
    issued = 1
    const other = await tokens.getAccessToken({ scope: 'd' })
    tokens.invalidate(first as AccessToken)
    for (const scope of [undefined, 'b', 'c'])
      expect((await tokens.getAccessToken({ scope })).value).toBe('t1')
    expect(tokens.currentAccessToken({ scope: 'd' })).toBe(other)
    expect(actions()).toEqual(['suspect', 'suspect', 'suspect'])
  })
})

describe('a rejected token while the authorization server is down', () => {
  test('serves others until it expires; the rejected call gets the error of the renewal', async () => {
    const tokens = provider()
    const first = await tokens.getAccessToken()
    server.next({ status: 503 })
    tokens.invalidate(first)
    expect(tokens.currentAccessToken()).toBeUndefined()

    const [rejected, other] = await Promise.all([
      caught(tokens.getAccessToken({ rejected: first })),
      tokens.getAccessToken(),
    ])
    expect(rejected).toMatchObject(unavailable)
    expect(other).toBe(first)
    expect(tokens.currentAccessToken()).toBe(first)
    expect(await caught(tokens.getAccessToken({ rejected: first }))).toMatchObject(unavailable)
    expect(await caught(tokens.getAccessToken({ forceRenewal: true }))).toMatchObject(unavailable)
    expect(actions()).toEqual(['suspect'])
    expect(events.at(-1)).toMatchObject({
      type: 'renewal-failed',
      servesUntil: first.expiresAt,
    })
    expect(server.requests).toHaveLength(2)

    server.next({ status: 503 })
    await clock.advance(600_000)
    expect(tokens.currentAccessToken()).toBeUndefined()
    expect(await caught(tokens.getAccessToken())).toMatchObject(unavailable)
  })

  test('is dropped when the renewal fails with an error that is not retryable', async () => {
    const tokens = provider()
    const first = await tokens.getAccessToken()
    server.next({ status: 401, body: { error: 'invalid_client' } })
    tokens.invalidate(first)
    expect(await caught(tokens.getAccessToken())).toMatchObject({ error: 'invalid_client' })
    expect(tokens.currentAccessToken()).toBeUndefined()
    expect(events.at(-1)).toMatchObject({ type: 'renewal-failed', servesUntil: undefined })
  })

  test('serves at once within the hold-off of a failed early renewal', async () => {
    const tokens = provider()
    const first = await tokens.getAccessToken()
    server.next({ status: 503 })
    await caught(tokens.getAccessToken({ forceRenewal: true }))
    tokens.invalidate(first)
    expect(tokens.currentAccessToken()).toBe(first)
    expect(await caught(tokens.getAccessToken({ rejected: first }))).toMatchObject(unavailable)
    expect(server.requests).toHaveLength(2)
  })

  test('is replaced by the first call after the hold-off', async () => {
    const renewals: Promise<unknown>[] = []
    const tokens = provider({ renewal: { waitUntil: (renewal) => void renewals.push(renewal) } })
    const first = await tokens.getAccessToken()
    server.next({ status: 503 })
    tokens.invalidate(first)
    await tokens.getAccessToken()
    await clock.advance(1_000)
    expect(tokens.currentAccessToken()).toBe(first)
    await Promise.all(renewals)
    expect(tokens.currentAccessToken()?.value).not.toBe(first.value)
    expect(server.requests).toHaveLength(3)
  })

  test('serves the paths of the API that accept it', async () => {
    const tokens = provider()
    const api = await startApi(server)
    api.answerWith((response, { url }) => {
      response.writeHead(url === '/pin' ? 401 : 200)
      response.end()
    })
    const send = authorizedFetch(tokens, { origins: [api.origin] })
    expect((await send(`${api.origin}/accounts`)).status).toBe(200)
    server.next({ status: 503 })
    const [pin, accounts] = await Promise.all([
      caught(send(`${api.origin}/pin`)),
      send(`${api.origin}/accounts`),
    ])
    expect(pin).toMatchObject(unavailable)
    expect(accounts.status).toBe(200)
    expect((await send(`${api.origin}/accounts`)).status).toBe(200)
    expect(await caught(send(`${api.origin}/pin`))).toMatchObject(unavailable)
    expect(server.requests).toHaveLength(2)
  })
})

describe('a token that may have been rejected', () => {
  test('is renewed, and others wait for the renewal', async () => {
    const tokens = provider()
    const first = await tokens.getAccessToken()
    tokens.invalidate(first, { isCertain: false })
    expect(tokens.currentAccessToken()).toBeUndefined()
    const [second, ...others] = await Promise.all(
      Array.from({ length: 10 }, () => tokens.getAccessToken()),
    )
    expect(second?.value).not.toBe(first.value)
    expect(others.every((token) => token === second)).toBe(true)
    expect(actions()).toEqual(['suspect'])
    expect(server.requests).toHaveLength(2)
  })

  test.each([
    { status: 503 },
    { status: 401, body: { error: 'invalid_client' } },
    { status: 400, body: { error: 'invalid_scope' } },
  ])('is never dropped, whatever the renewal fails with: %j', async (answer) => {
    const tokens = provider()
    const first = await tokens.getAccessToken()
    server.next(answer)
    tokens.invalidate(first, { isCertain: false })
    expect(await tokens.getAccessToken()).toBe(first)
    expect(tokens.currentAccessToken()).toBe(first)
  })

  test('costs one token request per cool-down of 5 s, doubling to 60 s', async () => {
    const tokens = provider({ renewal: { early: 0 } })
    let token = await tokens.getAccessToken()
    const renewedAt: number[] = []
    const start = clock.monotonic()
    for (let second = 0; second <= 160; second++) {
      tokens.invalidate(token, { isCertain: false })
      const next = await tokens.getAccessToken({ rejected: token })
      if (next !== token) renewedAt.push((clock.monotonic() - start) / 1000)
      token = next
      await clock.advance(1_000)
    }
    expect(renewedAt).toEqual([0, 5, 15, 35, 75, 135])
    expect(server.requests).toHaveLength(7)
  })

  test('is rejected for certain at once, whatever the cool-down of uncertain reports', async () => {
    const tokens = provider()
    const first = await tokens.getAccessToken()
    tokens.invalidate(first, { isCertain: false })
    const second = await tokens.getAccessToken()
    tokens.invalidate(second)
    expect((await tokens.getAccessToken()).value).not.toBe(second.value)
    expect(actions()).toEqual(['suspect', 'suspect'])
    expect(server.requests).toHaveLength(3)
  })

  test('stays in a shared store for the other members', async () => {
    const kept = new Map<string, unknown>()
    const store = {
      get: async (name: string) => kept.get(name) as never,
      set: async (name: string, token: unknown) => void kept.set(name, token),
      delete: async (name: string) => kept.delete(name),
    }
    const tokens = provider({ store })
    const first = await tokens.getAccessToken()
    server.next({ status: 503 })
    tokens.invalidate(first, { isCertain: false })
    expect(await tokens.getAccessToken()).toBe(first)
    expect([...kept.values()]).toMatchObject([{ value: first.value }])
  })
})

describe('errors', () => {
  test('each caller and each listener gets an error of its own', async () => {
    const seen: Error[] = []
    const tokens = provider({
      onEvent: (event) => {
        if ('error' in event) seen.push(Object.assign(event.error, { mark: 'listener' }))
      },
    })
    server.next({ status: 400, body: { error: 'invalid_scope' } })
    const errors = await Promise.all([
      caught(tokens.getAccessToken()),
      caught(tokens.getAccessToken()),
    ])
    Object.assign(errors[0] as Error, { customer: 'alice' })
    ;(errors[0] as { hints: string[] }).hints.push('alice')
    errors.push(await caught(tokens.getAccessToken()))
    expect(new Set([...errors, ...seen]).size).toBe(5)
    expect(JSON.stringify(errors.slice(1))).not.toMatch(/alice|listener/)
    for (const error of errors) {
      expect(error).toBeInstanceOf(Error)
      expect(error).toMatchObject({
        name: 'TokenEndpointError',
        code: 'ERR_OAUTH',
        status: 400,
        error: 'invalid_scope',
        attempts: 1,
        nextAttemptAt: clock.now() + 1_000,
      })
      expect((error as Error).message).toBe((errors[1] as Error).message)
      expect((error as Error).constructor).toBe((errors[1] as Error).constructor)
    }
  })

  test('the cause is copied as well', async () => {
    const tokens = provider({
      fetch: () => {
        const cause = Object.assign(new Error('reset'), { code: 'ECONNRESET', syscall: 'read' })
        return Promise.reject(new TypeError('fetch failed', { cause }))
      },
    })
    const [one, two] = await Promise.all([
      caught(tokens.getAccessToken()) as Promise<Error>,
      caught(tokens.getAccessToken()) as Promise<Error>,
    ])
    expect({ ...(one.cause as Error) }).toEqual({ code: 'ECONNRESET', syscall: 'read' })
    Object.assign(one.cause as object, { customer: 'alice' })
    expect({ ...(two.cause as Error) }).toEqual({ code: 'ECONNRESET', syscall: 'read' })
    expect(two.cause).toBeInstanceOf(Error)
    expect((two.cause as Error).message).toMatch(/^read ECONNRESET\. /)
  })
})
