import {
  type AccessToken,
  TokenEndpointError,
  type TokenEvent,
  type TokenProvider,
  type TokenProviderOptions,
} from '@countersign/core'
import { authorizedFetch } from '@countersign/core/fetch'
import { type AuthorizationServer, createManualClock, type ManualClock } from '@countersign/testing'
import { beforeEach, describe, expect, test } from 'vitest'
import { rejection } from '../../support/waiting.ts'
import { startApi, startAuthorization } from '../../support/world.ts'

const unavailable = { code: 'ERR_TOKEN_UNAVAILABLE' }

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
  provider = (options) => started.provider({ clock, onEvent, retries: 0, scope: 'a', ...options })
})

const actions = () =>
  events.flatMap((event) => (event.type === 'token-rejected' ? [event.action] : []))

describe('a rejected token is recognized by its value', () => {
  test('in a copy, which passed as rejected gets the error of its renewal', async () => {
    const tokens = provider()
    const token = await tokens.getAccessToken()
    const { value, tokenType, authorization, scope, issuedAt, expiresAt } = token
    const copy = { value, tokenType, authorization, scope, issuedAt, expiresAt }
    server.next({ status: 503 })
    tokens.invalidate(copy)
    expect(tokens.currentAccessToken()).toBeUndefined()
    expect(await rejection(tokens.getAccessToken({ rejected: copy }))).toMatchObject(unavailable)
    expect(await tokens.getAccessToken()).toBe(token)
    expect(await rejection(tokens.getAccessToken({ rejected: copy }))).toMatchObject(unavailable)
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
      rejection(tokens.getAccessToken({ rejected: first })),
      tokens.getAccessToken(),
    ])
    expect(rejected).toMatchObject(unavailable)
    expect(other).toBe(first)
    expect(tokens.currentAccessToken()).toBe(first)
    for (const call of [{ rejected: first }, { forceRenewal: true }])
      expect(await rejection(tokens.getAccessToken(call))).toMatchObject(unavailable)
    expect(actions()).toEqual(['suspect'])
    expect(events.at(-1)).toMatchObject({ type: 'renewal-failed', servesUntil: first.expiresAt })
    expect(server.requests).toHaveLength(2)

    server.next({ status: 503 })
    await clock.advance(600_000)
    expect(tokens.currentAccessToken()).toBeUndefined()
    expect(await rejection(tokens.getAccessToken())).toMatchObject(unavailable)
  })

  test('is dropped when the renewal fails with an error that is not retryable', async () => {
    const tokens = provider()
    const first = await tokens.getAccessToken()
    server.next({ status: 401, body: { error: 'invalid_client' } })
    tokens.invalidate(first)
    expect(await rejection(tokens.getAccessToken())).toMatchObject({ error: 'invalid_client' })
    expect(tokens.currentAccessToken()).toBeUndefined()
    expect(events.at(-1)).toMatchObject({ type: 'renewal-failed', servesUntil: undefined })
  })

  test('serves at once within the hold-off of a failed early renewal', async () => {
    const tokens = provider()
    const first = await tokens.getAccessToken()
    server.next({ status: 503 })
    await rejection(tokens.getAccessToken({ forceRenewal: true }))
    tokens.invalidate(first)
    expect(tokens.currentAccessToken()).toBe(first)
    expect(await rejection(tokens.getAccessToken({ rejected: first }))).toMatchObject(unavailable)
    expect(server.requests).toHaveLength(2)
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
    for (let call = 0; call < 2; call++) {
      expect(await rejection(send(`${api.origin}/pin`))).toMatchObject(unavailable)
      expect((await send(`${api.origin}/accounts`)).status).toBe(200)
    }
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
    const errors = await Promise.all([1, 2].map(() => rejection(tokens.getAccessToken())))
    Object.assign(errors[0] as Error, { customer: 'alice' })
    ;(errors[0] as { hints: string[] }).hints.push('alice')
    errors.push(await rejection(tokens.getAccessToken()))
    expect(new Set([...errors, ...seen]).size).toBe(5)
    expect(JSON.stringify(errors.slice(1))).not.toMatch(/alice|listener/)
    for (const error of errors) {
      expect(error).toBeInstanceOf(TokenEndpointError)
      expect(error).toMatchObject({
        ...{ name: 'TokenEndpointError', code: 'ERR_OAUTH', status: 400, error: 'invalid_scope' },
        ...{ message: (errors[1] as Error).message, nextAttemptAt: clock.now() + 1_000 },
      })
    }
  })

  test('the cause is copied as well', async () => {
    const tokens = provider({
      fetch: () => {
        const cause = Object.assign(new Error('reset'), { code: 'ECONNRESET', syscall: 'read' })
        return Promise.reject(new TypeError('fetch failed', { cause }))
      },
    })
    const [one, two] = await Promise.all([1, 2].map(() => rejection(tokens.getAccessToken())))
    const [first, second] = [(one as Error).cause as Error, (two as Error).cause as Error]
    expect({ ...first }).toEqual({ code: 'ECONNRESET', syscall: 'read' })
    Object.assign(first, { customer: 'alice' })
    expect({ ...second }).toEqual({ code: 'ECONNRESET', syscall: 'read' })
    expect(second).toBeInstanceOf(Error)
    expect(second.message).toMatch(/^read ECONNRESET\. /)
  })
})
