import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import {
  isCountersignError,
  type TokenFetch,
  type TokenProvider,
  type TokenProviderOptions,
} from '@countersign/core'
import { type AuthorizationServer, createManualClock, type ManualClock } from '@countersign/testing'
import { beforeEach, expect, test } from 'vitest'
import { clientKey } from '../../support/keys.ts'
import { rejection, until } from '../../support/waiting.ts'
import { startAuthorization } from '../../support/world.ts'

const unavailable = {
  code: 'ERR_TOKEN_UNAVAILABLE',
  message: expect.stringContaining('The token endpoint answered 503'),
}

let clock: ManualClock
let server: AuthorizationServer
let provider: (options?: Partial<TokenProviderOptions>) => TokenProvider
let unhandled: unknown[]

beforeEach(async () => {
  clock = createManualClock()
  const started = await startAuthorization({ clock })
  server = started.server
  provider = (options) => started.provider({ clock, ...options })
  unhandled = []
  const note = (reason: unknown) => unhandled.push(reason)
  process.on('unhandledRejection', note)
  return () => process.off('unhandledRejection', note)
})

async function reasons(calls: readonly Promise<unknown>[]): Promise<unknown[]> {
  const outcomes = await Promise.allSettled(calls)
  return outcomes.flatMap((outcome) => (outcome.status === 'rejected' ? [outcome.reason] : []))
}

function storm(tokens: TokenProvider, size: number) {
  return Array.from({ length: size }, () => tokens.getAccessToken())
}

test('ten thousand concurrent cold calls make one token request', { tags: ['D1'] }, async () => {
  const tokens = await Promise.all(storm(provider(), 10_000))
  expect(new Set(tokens).size).toBe(1)
  expect(server.requests).toHaveLength(1)
  expect(server.issued).toBe(1)
})

test('ten thousand callers in an outage make three token requests', { tags: ['D3'] }, async () => {
  server.next(...Array.from({ length: 10 }, () => ({ status: 503 })))
  const tokens = provider({ retries: 0 })
  let rejected = 0
  for (let step = 0; step < 100; step++) {
    const errors = await reasons(storm(tokens, 100))
    rejected += errors.length
    expect(errors[0]).toMatchObject(unavailable)
    await clock.advance(50)
  }
  expect(rejected).toBe(10_000)
  expect(server.requests).toHaveLength(3)
  expect(unhandled).toEqual([])
})

test('a key function that throws holds off every scope for a while', { tags: ['D4'] }, async () => {
  let asked = 0
  const tokens = provider({
    key: () => {
      if (asked++ === 0) throw new Error('no key today')
      return clientKey.privateKey
    },
  })
  const error = await rejection(tokens.getAccessToken())
  expect(error).toMatchObject({ code: 'ERR_KEY_PROVIDER', message: 'The key function failed.' })
  expect(await rejection(tokens.getAccessToken({ scope: 'a' }))).toEqual(error)
  expect(asked).toBe(1)
  await clock.advance(1000)
  expect(server.isLive((await tokens.getAccessToken()).value)).toBe(true)
  expect(asked).toBe(2)
})

test.each(['token-issued', 'renewal-failed'])(
  'a listener that asks for a token at %s does not wait for the token request that called it',
  async (type) => {
    const asked: Promise<unknown>[] = []
    const tokens: TokenProvider = provider({
      onEvent: (event) => {
        if (event.type !== type || asked.length > 0) return
        // Nothing but a token request of its own, or the hold-off, may answer this.
        asked.push(tokens.getAccessToken({ forceRenewal: true }).catch((error: unknown) => error))
      },
    })
    if (type === 'renewal-failed') server.next({ status: 401 })
    const [first] = await Promise.allSettled([tokens.getAccessToken()])
    const [again] = await Promise.all(asked)
    expect(asked).toHaveLength(1)
    if (first?.status === 'fulfilled') expect(again).not.toBe(first.value)
    else expect(again).toMatchObject({ nextAttemptAt: clock.now() + 1_000 })
    expect(server.requests).toHaveLength(type === 'renewal-failed' ? 1 : 2)
  },
)

test('a caller that aborts ends its own wait alone', { tags: ['D5'] }, async () => {
  const release = server.hold()
  const tokens = provider()
  const first = new AbortController()
  const impatient = tokens.getAccessToken({ signal: first.signal })
  const patient = storm(tokens, 10)
  await until(() => server.requests.length === 1)
  first.abort(new Error('enough'))
  await expect(impatient).rejects.toBe(first.signal.reason)
  release()
  expect(new Set(await Promise.all(patient)).size).toBe(1)
  expect(server.requests).toHaveLength(1)
})

test('when all callers abort the token of the flight is kept', { tags: ['D5'] }, async () => {
  const release = server.hold()
  let issued = 0
  const tokens = provider({ onEvent: ({ type }) => void (type === 'token-issued' && issued++) })
  const all = new AbortController()
  const calls = Array.from({ length: 10 }, () => tokens.getAccessToken({ signal: all.signal }))
  await until(() => server.requests.length === 1)
  all.abort()
  expect(new Set(await reasons(calls))).toEqual(new Set([all.signal.reason]))
  release()
  await until(() => issued === 1)
  expect(tokens.currentAccessToken()).toBeDefined()
  expect(await tokens.getAccessToken()).toBe(tokens.currentAccessToken())
  expect(server.requests).toHaveLength(1)
  expect(unhandled).toEqual([])
})

test('an abort before or after the call changes nothing', { tags: ['D6'] }, async () => {
  const tokens = provider()
  const reason = new Error('too late')
  const signal = AbortSignal.abort(reason)
  await expect(tokens.getAccessToken({ signal })).rejects.toBe(reason)
  await clock.advance(0)
  expect(server.requests).toHaveLength(0)
  const controller = new AbortController()
  const token = await tokens.getAccessToken({ signal: controller.signal })
  await expect(tokens.getAccessToken({ signal })).rejects.toBe(reason)
  controller.abort(new Error('first'))
  controller.abort(new Error('second'))
  expect(await tokens.getAccessToken()).toBe(token)
  expect(server.requests).toHaveLength(1)
})

test('a slow token request of one scope holds up no other scope', { tags: ['D7'] }, async () => {
  let release = () => {}
  const gate = new Promise<void>((resolve) => {
    release = resolve
  })
  const slowForA: TokenFetch = async (url, init) => {
    if (new URLSearchParams(String(init.body)).get('scope') === 'a') await gate
    return fetch(url, init)
  }
  const tokens = provider({ fetch: slowForA })
  let isSlowDone = false
  const slow = tokens.getAccessToken({ scope: 'a' }).finally(() => {
    isSlowDone = true
  })
  expect((await tokens.getAccessToken({ scope: 'b' })).scope).toBe('b')
  expect(isSlowDone).toBe(false)
  release()
  expect((await slow).scope).toBe('a')
})

test('a token request that waits for its own token times out', { tags: ['D8'] }, async () => {
  let isWaiting = false
  const tokens = provider({
    fetch: async (url, init) => {
      const token = tokens.getAccessToken()
      isWaiting = true
      await token
      return fetch(url, init)
    },
  })
  const call = reasons([tokens.getAccessToken()])
  await until(() => isWaiting)
  await clock.advance(10_000)
  const [error] = await call
  expect(isCountersignError(error)).toBe(true)
  expect(error).toMatchObject({
    code: 'ERR_TOKEN_TIMEOUT',
    message: expect.stringContaining('that `fetch` does not wait for this token itself'),
  })
  expect(server.requests).toHaveLength(0)
  expect(unhandled).toEqual([])
})

const throwError = () => {
  throw new Error('listener')
}

test.each([
  ['throws', throwError],
  ['rejects', async () => throwError()],
])('a listener that %s costs nobody a token', { tags: ['D4', 'D10'] }, async (_, onEvent) => {
  const tokens = provider({ onEvent, retries: 0 })
  const token = await tokens.getAccessToken()
  expect(server.isLive(token.value)).toBe(true)
  expect(() => tokens.invalidate(token)).not.toThrow()
  server.next({ status: 503 })
  expect(await tokens.getAccessToken()).toBe(token)
  expect(await reasons([tokens.getAccessToken({ rejected: token })])).toMatchObject([unavailable])
  await clock.advance(1000)
  expect(await tokens.getAccessToken({ rejected: token })).not.toBe(token)
  expect(server.isLive((await tokens.getAccessToken()).value)).toBe(true)
  expect(unhandled).toEqual([])
})

test('only a promise that the program drops is unhandled', { tags: ['D11'] }, async () => {
  const script = `
    import { generateKeyPairSync } from 'node:crypto'
    import { createTokenProvider } from '@countersign/core'
    const seen = []
    process.on('unhandledRejection', (reason, promise) => seen.push({ reason, promise }))
    const tokens = createTokenProvider({
      clientId: 'institution-1',
      tokenEndpoint: process.argv[1],
      key: generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey,
    })
    const dropped = tokens.getAccessToken()
    const handled = await tokens.getAccessToken().catch((error) => error)
    for (let turn = 0; turn < 10; turn++) await new Promise(setImmediate)
    console.log(JSON.stringify({
      code: handled.code,
      own: seen.map(({ reason, promise }) => reason.code === handled.code && reason !== handled && promise === dropped),
    }))`
  const { stdout } = await promisify(execFile)(
    process.execPath,
    ['--input-type=module', '--eval', script, server.tokenEndpoint],
    { cwd: fileURLToPath(new URL('../..', import.meta.url)) },
  )
  expect(JSON.parse(stdout)).toEqual({ code: 'ERR_OAUTH', own: [true] })
})
