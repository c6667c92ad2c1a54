import type { Fault } from '@countersign/testing'
import { expect, test } from 'vitest'
import {
  failureAt,
  faultServer,
  goodToken,
  providerFor,
  rejection,
  secretText,
  standingClock,
  startOfTime,
  wireOf,
} from '../../support/provider-under-test.ts'

type Answer = Omit<Extract<Fault, { type: 'answer' }>, 'type'>

async function refusalOf(answer: Answer) {
  const { error, tokens, server, clock, jtis } = await failureAt({ type: 'answer', ...answer })
  return { error, tokens, requests: server.requests, pauses: clock.pauses, jtis }
}

test.each([
  ['O1', 'invalid_request', 400, 'a parameter that the server requires is missing'],
  ['O2', 'invalid_client', 400, 'the public key is not registered for this client ID'],
  ['O2', 'invalid_client', 401, 'the public key is not registered for this client ID'],
  [
    'O3',
    'unauthorized_client',
    400,
    'the client or the server does not allow the client_credentials grant',
  ],
  [
    'O3',
    'unsupported_grant_type',
    400,
    'the client or the server does not allow the client_credentials grant',
  ],
  ['O3', 'invalid_scope', 400, 'a scope is misspelt or not granted'],
  ['O3', 'invalid_grant', 400, 'the assertion was not valid when it arrived'],
  ['O5', 'scope_invalid', 400, 'a scope is misspelt or not granted'],
  ['O5', 'authorization_type_invalid', 400, 'See the documentation of the authorization server'],
  ['O5', 'constructor', 400, 'See the documentation of the authorization server'],
])(
  '%s: %s with %i is passed on as it is, with advice, without retry',
  async (_, oauth, status, advice) => {
    const { error, requests } = await refusalOf({ status, body: { error: oauth } })
    expect(error).toMatchObject({
      name: 'TokenEndpointError',
      code: 'ERR_OAUTH',
      error: oauth,
      status,
      attempts: 1,
      retryable: false,
    })
    const { message } = error as Error
    expect(message).toContain(`The token endpoint answered ${status} '${oauth}'.`)
    expect(message).toContain(advice)
    expect(requests).toHaveLength(1)
  },
)

test('invalid_client never falls back to Basic, and is remembered', { tags: ['O2'] }, async () => {
  const { error, tokens, requests } = await refusalOf({
    status: 401,
    headers: {
      'www-authenticate': 'Basic realm="as"',
      date: new Date(startOfTime).toUTCString(),
    },
    body: { error: 'invalid_client' },
  })
  expect(error).toMatchObject({ code: 'ERR_OAUTH', nextAttemptAt: startOfTime + 1_000 })
  expect(await rejection(tokens.getAccessToken())).toEqual(error)
  expect(requests).toHaveLength(1)
  expect(requests.map((request) => wireOf(request).head).join()).not.toMatch(/authorization/i)
})

test('reports an empty 403 as a rejection with likely causes', {
  tags: ['O4'],
}, async () => {
  const { error, requests } = await refusalOf({ status: 403 })
  expect(error).toMatchObject({
    code: 'ERR_TOKEN_HTTP',
    status: 403,
    attempts: 1,
    retryable: false,
    message: expect.stringMatching(
      /^The token endpoint answered 403 without an OAuth error\. Probably the server gave no reason: check aud, kid, lifetime, scope, and that it accepts this address\.$/,
    ),
  })
  expect(requests).toHaveLength(1)
})

const html = { 'content-type': 'text/html' }

test.each([
  ['an HTML page', `<html>${secretText}</html>`, html, ' with an HTML page'],
  ['JSON without error', { reason: secretText }, undefined, ' without an OAuth error'],
  [
    'an error that is no string',
    { error: { text: secretText } },
    undefined,
    ' without an OAuth error',
  ],
])(
  'a 400 with %s is an HTTP error that quotes nothing',
  { tags: ['O7'] },
  async (_, body, headers, note) => {
    const { error, requests } = await refusalOf({ status: 400, body, ...(headers && { headers }) })
    expect(error).toMatchObject({
      code: 'ERR_TOKEN_HTTP',
      status: 400,
      retryable: false,
      message: expect.stringContaining(`The token endpoint answered 400${note}.`),
    })
    expect(error).not.toHaveProperty('error')
    expect(String(error)).not.toContain(secretText)
    expect(requests).toHaveLength(1)
  },
)

test.each([
  ['of 10 kB', 'no such '.repeat(1_250), `${'no such '.repeat(8).slice(0, 58)}...`],
  ['with control characters', 'bad\r\n\x1b[31mclient\0', 'bad [31mclient'],
])('an error %s is cut to 64 printable characters', { tags: ['O7'] }, async (_, oauth, shown) => {
  const { error, requests } = await refusalOf({ status: 400, body: { error: oauth } })
  expect(error).toMatchObject({
    code: 'ERR_OAUTH',
    error: shown,
    message: expect.stringContaining(`The token endpoint answered 400 '${shown}'.`),
  })
  expect(shown.length).toBeLessThanOrEqual(64)
  expect(requests).toHaveLength(1)
})

test('a Retry-After of 2 s is waited for once, by all callers together', {
  tags: ['O10'],
}, async () => {
  const server = await faultServer(
    { type: 'answer', status: 429, headers: { 'retry-after': '2' } },
    { type: 'answer', body: goodToken },
  )
  const clock = standingClock()
  const { tokens, events } = providerFor(server.tokenEndpoint, { clock })
  const [first, ...others] = await Promise.all(
    Array.from({ length: 20 }, () => tokens.getAccessToken()),
  )
  expect(others.every((token) => token === first)).toBe(true)
  expect(clock.pauses).toEqual([2_000])
  expect(server.requests).toHaveLength(2)
  expect(events[0]).toMatchObject({
    type: 'token-request-failed',
    error: {
      code: 'ERR_TOKEN_RATE_LIMITED',
      message: expect.stringContaining('share one provider per client ID'),
    },
    retryIn: 2_000,
  })
})

const inTwoMinutes = {
  'retry-after': new Date(startOfTime + 120_000).toUTCString(),
  date: new Date(startOfTime).toUTCString(),
}

test.each([
  [429, 'of an hour', { 'retry-after': '3600' }, 3_600_000],
  [503, 'of an hour', { 'retry-after': '3600' }, 3_600_000],
  [429, 'that is a date', inTwoMinutes, 120_000],
  [503, 'of 10^20 s', { 'retry-after': `1${'0'.repeat(20)}` }, 3_600_000],
])(
  'a %i with a Retry-After %s fails at once until then, at most an hour',
  { tags: ['O11'] },
  async (status, _, headers, wait) => {
    const { error, tokens, requests, pauses } = await refusalOf({ status, headers })
    expect(error).toMatchObject({
      code: status === 429 ? 'ERR_TOKEN_RATE_LIMITED' : 'ERR_TOKEN_UNAVAILABLE',
      message: expect.stringContaining(`The token endpoint answered ${status}.`),
      attempts: 1,
      retryable: true,
      nextAttemptAt: startOfTime + wait,
    })
    expect(await rejection(tokens.getAccessToken())).toEqual(error)
    expect(requests).toHaveLength(1)
    expect(pauses).toEqual([])
  },
)

/** An answer that is 100 bytes long by its head, and ends after one. */
const cut = (status: string, ...headers: string[]): Fault => ({
  type: 'raw',
  bytes: [`HTTP/1.1 ${status}`, ...headers, 'content-length: 100', '', '{'].join('\r\n'),
})
const gzip = 'content-encoding: gzip'

test.each<[string, Fault, string, number, number]>([
  ['429', cut('429 Busy', 'retry-after: 60'), 'ERR_TOKEN_RATE_LIMITED', 1, 60_000],
  ['503', cut('503 Down', 'retry-after: 60', gzip), 'ERR_TOKEN_UNAVAILABLE', 1, 60_000],
  ['503', cut('503 Down'), 'ERR_TOKEN_UNAVAILABLE', 3, 1_000],
  ['401', cut('401 No'), 'ERR_TOKEN_HTTP', 1, 1_000],
  ['400', cut('400 No', gzip), 'ERR_TOKEN_HTTP', 1, 1_000],
])(
  'a %s counts whatever becomes of its body',
  { tags: ['O10', 'O11'] },
  async (_, fault, code, attempts, wait) => {
    const { error, server } = await failureAt(fault)
    expect(error).toMatchObject({ code, attempts, nextAttemptAt: startOfTime + wait })
    expect(server.requests).toHaveLength(attempts)
  },
)

test.each([
  ['in the past', { ...inTwoMinutes, 'retry-after': new Date(0).toUTCString() }],
  ['of garbage', { 'retry-after': 'soon' }],
  ['below zero', { 'retry-after': '-5' }],
  ['in scientific notation', { 'retry-after': '1e20' }],
])('a Retry-After %s leaves the usual pauses', { tags: ['O11'] }, async (_, headers) => {
  const { error, requests, pauses } = await refusalOf({ status: 503, headers })
  expect(error).toMatchObject({
    code: 'ERR_TOKEN_UNAVAILABLE',
    message: expect.stringContaining('The token endpoint answered 503.'),
    attempts: 3,
    nextAttemptAt: startOfTime + 1_000,
  })
  expect(requests).toHaveLength(3)
  expect(pauses.map((pause, index) => pause < 200 * 2 ** index)).toEqual([true, true])
})

test('three times 503 is the end, each with an assertion of its own', {
  tags: ['O12'],
}, async () => {
  const { error, jtis } = await refusalOf({ status: 503 })
  expect(error).toMatchObject({
    name: 'TokenEndpointError',
    code: 'ERR_TOKEN_UNAVAILABLE',
    status: 503,
    attempts: 3,
    retryable: true,
    message: expect.stringContaining(
      'The token endpoint answered 503. The authorization server is failing: later calls will retry.',
    ),
  })
  expect(jtis).toHaveLength(3)
  expect(new Set(jtis).size).toBe(3)
})
