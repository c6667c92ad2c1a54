import type { TokenEvent } from '@countersign/core'
import type { Fault } from '@countersign/testing'
import { expect, test } from 'vitest'
import {
  failureAt,
  faultServer,
  jtiOf,
  providerFor,
  rejection,
  standingClock,
} from '../../support/provider-under-test.ts'

const broken = (code: string) => ({
  name: 'TokenTransportError',
  code: 'ERR_TOKEN_NETWORK',
  message: expect.stringMatching(
    new RegExp(
      `^The token request to [\\w.:-]+ failed: (\\w+ )?${code}( [\\d.:]+)?: [\\w ,]+\\. Check host, port and proxy\\.$`,
    ),
  ),
  cause: expect.objectContaining({ code }),
  attempts: 3,
  retryable: true,
})

test('a refused connection is a network error after three attempts', { tags: ['E6'] }, async () => {
  const server = await faultServer()
  await server.close()
  const clock = standingClock()
  const { tokens } = providerFor(server.tokenEndpoint, { clock })
  const { host } = new URL(server.tokenEndpoint)
  expect(await rejection(tokens.getAccessToken())).toMatchObject({
    ...broken('ECONNREFUSED'),
    message: `The token request to ${host} failed: connect ECONNREFUSED ${host}: nothing is listening there. Check host, port and proxy.`,
    cause: { code: 'ECONNREFUSED', syscall: 'connect' },
  })
  expect(clock.pauses).toHaveLength(2)
})

const breaks: [row: string, what: string, fault: Fault, code: string][] = [
  ['E7', 'a reset after the request', { type: 'reset' }, 'ECONNRESET'],
  ['E8', 'a close without an answer', { type: 'close' }, 'UND_ERR_SOCKET'],
]

test.each(breaks)(
  '%s: %s is a network error after three connections, no jti twice',
  async (_, __, fault, code) => {
    const { error, server, clock, jtis } = await failureAt(fault)
    expect(error).toMatchObject(broken(code))
    expect(server.connections).toHaveLength(3)
    expect(server.requests.map(({ connection }) => connection)).toEqual([0, 1, 2])
    expect(new Set(jtis).size).toBe(3)
    expect(clock.pauses).toHaveLength(2)
  },
)

test.each(breaks)('%s: after %s the next attempt brings the token', async (_, __, fault) => {
  const server = await faultServer(fault, { type: 'answer' })
  const { tokens, events } = providerFor(server.tokenEndpoint, { clock: standingClock() })
  expect((await tokens.getAccessToken()).value).toBe('token-of-the-fault-server')
  expect(events.map(({ type }) => type)).toEqual(['token-request-failed', 'token-issued'])
  const [first, second] = server.requests.map(jtiOf)
  expect(second).not.toBe(first)
})

test('a kept-alive connection that turns out to be closed costs an attempt, not the token', {
  tags: ['E8'],
}, async () => {
  const server = await faultServer({ type: 'answer' }, { type: 'close' }, { type: 'answer' })
  const { tokens } = providerFor(server.tokenEndpoint, { clock: standingClock() })
  tokens.invalidate(await tokens.getAccessToken())
  await tokens.getAccessToken()
  expect(server.requests.map(({ connection }) => connection)).toEqual([0, 0, 1])
  expect(new Set(server.requests.map(jtiOf)).size).toBe(3)
})

// Node 20 connects again and again until the time limit ends that; Node 24 tells at once.
test('a server that accepts and closes is a network error after three connections, no hang', {
  tags: ['E9'],
}, async () => {
  const { error, server, clock } = await failureAt({ type: 'close-on-accept' })
  expect(error).toMatchObject(broken('UND_ERR_SOCKET'))
  expect([server.connections.length, server.requests.length]).toEqual([3, 0])
  expect(clock.pauses).toHaveLength(2)
})

// The resolver rejects a label of more than 63 characters itself: no query leaves the machine.
test('retries a name that does not resolve once', {
  tags: ['E12'],
}, async () => {
  const clock = standingClock()
  const { tokens, events } = providerFor(`https://${'x'.repeat(64)}.invalid/token`, { clock })
  expect(await rejection(tokens.getAccessToken())).toMatchObject({
    ...broken('ENOTFOUND'),
    cause: { code: 'ENOTFOUND', syscall: 'getaddrinfo' },
    attempts: 2,
  })
  expect(failedAttempts(events)).toEqual([1, 2])
  expect(clock.pauses).toHaveLength(1)
})

// A stand-in: no resolver fails for the moment at will. This is how Node's fetch rejects then.
test('a resolver that fails for the moment is tried three times in all', {
  tags: ['E12'],
}, async () => {
  const server = await faultServer()
  const clock = standingClock()
  let lookups = 0
  const { tokens, events } = providerFor(server.tokenEndpoint, {
    clock,
    fetch: (url, init) => {
      if (++lookups === 3) return fetch(url, init)
      const cause = Object.assign(new Error('getaddrinfo EAI_AGAIN login.example.com'), {
        errno: -3001,
        code: 'EAI_AGAIN',
        syscall: 'getaddrinfo',
        hostname: 'login.example.com',
      })
      return Promise.reject(new TypeError('fetch failed', { cause }))
    },
  })
  await tokens.getAccessToken()
  expect(failedAttempts(events)).toEqual([1, 2])
  expect(events[0]).toMatchObject({ error: { ...broken('EAI_AGAIN'), attempts: 1 } })
  expect(server.requests).toHaveLength(1)
})

function failedAttempts(events: readonly TokenEvent[]): number[] {
  return events.flatMap((event) => (event.type === 'token-request-failed' ? [event.attempt] : []))
}

test('a failing endpoint sees three token requests, no jti twice', { tags: ['E22'] }, async () => {
  const { error, server, jtis } = await failureAt({ type: 'answer', status: 500 })
  expect(error).toMatchObject({
    code: 'ERR_TOKEN_UNAVAILABLE',
    message: expect.stringContaining('The token endpoint answered 500.'),
    attempts: 3,
  })
  expect(server.requests).toHaveLength(3)
  expect(new Set(jtis).size).toBe(3)
})

test('opens at most three connections for failures of every kind', {
  tags: ['E22'],
}, async () => {
  const { error, server, jtis } = await failureAt(
    { type: 'reset' },
    { type: 'cut-body' },
    { type: 'raw', bytes: 'HTTP/1.1 503 Busy\r\ncontent-length: 0\r\n\r\n' },
  )
  expect(error).toMatchObject({ code: 'ERR_TOKEN_UNAVAILABLE', status: 503, attempts: 3 })
  expect(server.connections).toHaveLength(3)
  expect(new Set(jtis).size).toBe(3)
})
