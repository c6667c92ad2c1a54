import { getEventListeners } from 'node:events'
import { createServer } from 'node:https'
import process from 'node:process'
import { setImmediate } from 'node:timers/promises'
import { type Clock, createTokenProvider } from '@countersign/core'
import { createManualClock } from '@countersign/testing'
import { afterEach, describe, expect, onTestFinished, test, vi } from 'vitest'
import { listen } from '../../../examples/servers/listen.ts'
import { createCertificateAuthority } from '../../support/certificates.ts'
import { hosts } from '../../support/hosts.ts'
import { clientKey } from '../../support/keys.ts'
import { startRecordingApi } from '../../support/recording-api.ts'
import { startAuthorization, until } from '../../support/world.ts'

describe('with faked timers', { tags: ['P3'] }, () => {
  afterEach(() => {
    vi.useRealTimers()
  })

  /** A provider on the platform's clock, as it is when it is asked, and the server of its client. */
  async function onFakedTime(options: Parameters<typeof vi.useFakeTimers>[0] = {}) {
    vi.useFakeTimers({ now: Date.UTC(2026, 0, 1), ...options })
    const { server, provider } = await startAuthorization()
    const api = await startRecordingApi((response) => void response.end('ok'))
    onTestFinished(() => api.close())
    const events: string[] = []
    const tokens = provider({ onEvent: ({ type }) => void events.push(type) })
    return { server, api, tokens, events }
  }

  test.each(Object.entries(hosts))(
    'a request through %s is sent while time stands still',
    async (_, make) => {
      const { server, api, tokens } = await onFakedTime()
      const { send } = make(tokens, { origins: [api.origin] })
      await send(api.origin, { timeout: 5_000 })
      await send(api.origin)
      expect(server.issued).toBe(1)
      vi.advanceTimersByTime(599_999)
      expect(tokens.currentAccessToken()).toBeDefined()
      vi.advanceTimersByTime(1)
      expect(tokens.currentAccessToken()).toBeUndefined()
      await send(api.origin)
      expect(server.issued).toBe(2)
      expect(api.seen.every(({ authorization }) => authorization?.startsWith('Bearer '))).toBe(true)
    },
  )

  test('a pause between attempts ends when it is moved on', async () => {
    // Node's fetch takes a connection again in a setImmediate: that one stays real.
    const { server, tokens, events } = await onFakedTime({
      toFake: ['setTimeout', 'clearTimeout', 'Date', 'performance'],
    })
    server.next({ status: 503, headers: { 'retry-after': '2' } })
    let value: string | undefined
    const waiting = tokens.getAccessToken().then((token) => {
      value = token.value
    })
    await until(() => events.includes('token-request-failed'))
    await vi.advanceTimersByTimeAsync(1_999)
    expect([value, server.requests.length]).toEqual([undefined, 1])
    await vi.advanceTimersByTimeAsync(1)
    await waiting
    expect(server.isLive(value ?? '')).toBe(true)
  })

  test('a time limit ends a request when it is moved on', async () => {
    const { server, tokens } = await onFakedTime()
    const release = server.hold()
    const waiting = tokens.getAccessToken().catch((error: unknown) => error)
    await until(() => server.requests.length > 0)
    await vi.advanceTimersByTimeAsync(10_000)
    expect(await waiting).toMatchObject({ code: 'ERR_TOKEN_TIMEOUT' })
    release()
  })
})

/** A clock that is moved by its `at`; time limits never come. */
function handClock(): Clock & { at: number; readonly waiting: number } {
  let waiting = 0
  return {
    at: 0,
    get waiting() {
      return waiting
    },
    now() {
      return Date.UTC(2026, 0, 1) + this.at
    },
    monotonic() {
      return this.at
    },
    wait: (_, signal) =>
      new Promise((_resolve, reject) => {
        waiting += 1
        signal.addEventListener('abort', () => {
          waiting -= 1
          reject(signal.reason)
        })
      }),
  }
}

test('ten thousand failed flights leave no listener, and no warning of too many', {
  tags: ['P7'],
}, async () => {
  const warnings: Error[] = []
  const note = (warning: Error) => void warnings.push(warning)
  process.on('warning', note)
  onTestFinished(() => void process.off('warning', note))
  const clock = handClock()
  const { signal } = new AbortController()
  let flights = 0
  const tokens = createTokenProvider({
    ...{ clientId: 'client-1', tokenEndpoint: 'https://as.example/token', clock, retries: 0 },
    key: clientKey.privateKey,
    fetch: async (_url, { signal: own }) => {
      flights += 1
      // Like the platform's, it listens to the signal that it is given.
      own?.addEventListener('abort', () => {})
      if (flights % 2 === 0) return new Response('{}', { status: 503 })
      throw new TypeError('fetch failed')
    },
  })
  for (let call = 0; call < 10_000; call++) {
    const error = await tokens.getAccessToken({ signal }).catch((thrown: unknown) => thrown)
    if (!(error instanceof Error)) expect.unreachable('it did not fail')
    clock.at += 30_000
  }
  await setImmediate()
  expect(flights).toBe(10_000)
  expect(getEventListeners(signal, 'abort')).toHaveLength(0)
  expect(clock.waiting).toBe(0)
  expect(warnings).toEqual([])
})

test('in a minute of calls a bad certificate is met six times', { tags: ['P8'] }, async () => {
  const { issue } = await createCertificateAuthority('nobody trusts it')
  const server = createServer(await issue())
  let connections = 0
  server.on('connection', () => {
    connections += 1
  })
  server.on('tlsClientError', () => {})
  const { origin, close } = await listen(server)
  onTestFinished(close)
  const clock = createManualClock()
  const tokens = createTokenProvider({
    ...{ clientId: 'client-1', tokenEndpoint: `${origin.replace('http:', 'https:')}/token`, clock },
    key: clientKey.privateKey,
  })
  for (let second = 0; second < 60; second++) {
    for (let call = 0; call < 20; call++) {
      const error = await tokens.getAccessToken().catch((thrown: unknown) => thrown)
      expect(error).toMatchObject({ code: 'ERR_TOKEN_TLS', retryable: false })
    }
    await clock.advance(1_000)
  }
  // After 0, 1, 3, 7, 15 and 31 seconds.
  expect(connections).toBe(6)
})
