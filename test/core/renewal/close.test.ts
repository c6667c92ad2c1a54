import { createTokenProvider, memoryStore, type TokenEvent } from '@countersign/core'
import { createManualClock } from '@countersign/testing'
import { describe, expect, test } from 'vitest'
import { clientKey } from '../../support/keys.ts'
import { resultOf, runProgram } from '../../support/run-program.ts'
import { rejection, until } from '../../support/waiting.ts'
import { startAuthorization } from '../../support/world.ts'

const closed = { code: 'ERR_PROVIDER_CLOSED', retryable: false }

describe('a closed provider', () => {
  test('rejects later calls, has no current token, and closes once', async () => {
    const { server, provider } = await startAuthorization()
    const tokens = provider()
    const token = await tokens.getAccessToken()
    await Promise.all([tokens.close(), tokens.close(), tokens[Symbol.asyncDispose]()])
    for (const call of [{}, { scope: 'other' }, { forceRenewal: true }]) {
      expect(await rejection(tokens.getAccessToken(call))).toMatchObject(closed)
      expect(tokens.currentAccessToken(call)).toBeUndefined()
    }
    tokens.invalidate(token)
    expect(tokens.status()).toMatchObject([{ state: 'closed' }, { state: 'closed' }])
    expect(server.requests).toHaveLength(1)
  })

  test('lets a waiting caller receive its token, and is closed after that', async () => {
    const { server, provider } = await startAuthorization()
    const release = server.hold()
    const tokens = provider()
    const waiting = tokens.getAccessToken()
    await until(() => server.requests.length === 1)
    const closing = tokens.close()
    release()
    expect(await waiting).toMatchObject({ tokenType: 'Bearer' })
    await closing
    expect(tokens.currentAccessToken()).toBeUndefined()
  })

  test('aborts the token request when its last caller gives up, and releases the lease', async () => {
    const { server, provider } = await startAuthorization()
    const release = server.hold()
    const events: string[] = []
    const store = memoryStore()
    let key = ''
    const acquireLease: typeof store.acquireLease = (name, call) => {
      key = name
      return store.acquireLease?.(name, call) ?? Promise.resolve(undefined)
    }
    const onEvent = ({ type }: TokenEvent) => events.push(type)
    const tokens = provider({ onEvent, store: { ...store, acquireLease } })
    const caller = new AbortController()
    const waiting = rejection(tokens.getAccessToken({ signal: caller.signal }))
    await until(() => server.requests.length === 1)
    const closing = tokens.close()
    caller.abort()
    expect(await waiting).toMatchObject({ name: 'AbortError' })
    await closing
    expect(events).toEqual([])
    const again = { duration: 1_000, signal: new AbortController().signal }
    expect(await store.acquireLease?.(key, again)).toBeDefined()
    release()
  })

  test('ends a wait for a key that does not arrive', async () => {
    const { server } = await startAuthorization()
    const tokens = createTokenProvider({
      ...{ clientId: 'client', tokenEndpoint: server.tokenEndpoint },
      key: () => new Promise<never>(() => {}),
    })
    const caller = new AbortController()
    const waiting = rejection(tokens.getAccessToken({ signal: caller.signal }))
    caller.abort()
    await waiting
    await tokens.close()
    expect(tokens.status()).toMatchObject([{ state: 'closed', lastError: undefined }])
  })

  test('lets a program end at once, although the token endpoint is silent', async () => {
    const program = new URL('../../cross/process/programs/closed-program.ts', import.meta.url)
    const env = { PRIVATE_KEY: clientKey.pem }
    expect(await resultOf(runProgram(program, env))).toEqual([])
  })
})

describe('the status of a provider', () => {
  test('shows state, expiry and due time of each scope, and starts nothing', async () => {
    const clock = createManualClock(Date.now())
    const { server, provider } = await startAuthorization({ clock, lifetimeSeconds: 600 })
    const tokens = provider({ clock, scope: 'a' })
    const empty = { scope: 'a', resource: [], state: 'empty', lastError: undefined }
    expect(tokens.status()).toMatchObject([{ ...empty, expiresAt: undefined, dueAt: undefined }])
    const { expiresAt } = await tokens.getAccessToken()
    const resource = 'https://api.example.com'
    await tokens.getAccessToken({ scope: 'b', resource })
    expect(tokens.status()).toMatchObject([
      { scope: 'a', resource: [], state: 'fresh', expiresAt },
      { scope: 'b', resource: [resource], state: 'fresh' },
    ])
    const [{ dueAt = 0 } = {}] = tokens.status()
    expect(expiresAt - dueAt).toBeGreaterThanOrEqual(48_000)
    expect(expiresAt - dueAt).toBeLessThanOrEqual(60_000)
    await clock.advance(dueAt - clock.now())
    expect(tokens.status()).toMatchObject([{ state: 'due' }, {}])
    await clock.advance(expiresAt - clock.now())
    expect(tokens.status()).toMatchObject([{ state: 'expired' }, { state: 'expired' }])
    expect(server.requests).toHaveLength(2)
  })

  test('shows the last error and the next attempt until a success', async () => {
    const clock = createManualClock(Date.now())
    const { server, provider } = await startAuthorization({ clock })
    const tokens = provider({ clock, retries: 0 })
    const token = await tokens.getAccessToken()
    tokens.invalidate(token)
    expect(tokens.status()).toMatchObject([{ state: 'suspect', lastError: undefined }])
    server.next({ status: 503 })
    await tokens.getAccessToken()
    const failed = { state: 'suspect', lastError: { code: 'ERR_TOKEN_UNAVAILABLE' } }
    expect(tokens.status()).toMatchObject([{ ...failed, nextAttemptAt: clock.now() + 1_000 }])
    await clock.advance(1_000)
    expect(tokens.status()).toMatchObject([{ ...failed, nextAttemptAt: undefined }])
    await tokens.getAccessToken()
    await until(() => tokens.status()[0]?.state === 'fresh')
    expect(tokens.status()).toMatchObject([{ lastError: undefined, nextAttemptAt: undefined }])
  })
})
