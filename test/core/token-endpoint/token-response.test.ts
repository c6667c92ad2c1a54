import { createManualClock, type Fault } from '@countersign/testing'
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
} from '../../support/provider-under-test.ts'

async function tokenFrom(body: unknown, headers: Record<string, string> = {}) {
  const server = await faultServer({ type: 'answer', body, headers })
  const { tokens, events } = providerFor(server.tokenEndpoint, { clock: standingClock() })
  const token = await tokens.getAccessToken()
  const warnings = events.flatMap((event) =>
    event.type === 'response-warning' ? [event.warning] : [],
  )
  return { token, warnings }
}

async function refusalOf(body: unknown, headers: Record<string, string> = {}) {
  const { error, tokens, server } = await failureAt({ type: 'answer', body, headers })
  expect(tokens.currentAccessToken()).toBeUndefined()
  expect(server.requests).toHaveLength(1)
  return error
}

test.each([
  ['HTML', `<html>${secretText}</html>`, 'text/html'],
  ['plain text', secretText, 'text/plain'],
  ['nothing', '', undefined],
  ['null', 'null', 'application/json'],
  ['an array', `["${secretText}"]`, 'application/json'],
  ['a string', `"${secretText}"`, 'application/json'],
  ['a number', '1', 'application/json'],
])(
  'a 200 with %s is malformed, told by type and length only',
  { tags: ['R1'] },
  async (_, body, type) => {
    const error = await refusalOf(body, type ? { 'content-type': type } : {})
    const hint =
      type === 'text/html'
        ? 'A login page or a proxy probably answered: check the URL and the proxy.'
        : 'Check that the URL is that of a token endpoint.'
    expect(error).toMatchObject({
      code: 'ERR_TOKEN_RESPONSE_MALFORMED',
      message: `The token endpoint answered 200, but not with a JSON object (${type ?? 'no content type'}, ${body.length} characters). ${hint}`,
      retryable: false,
    })
    expect(String(error)).not.toContain(secretText)
  },
)

test.each(['text/plain', undefined, 'application/json; charset=utf-8', 'application/vnd.x+json'])(
  'a token response with content type %s is a token response',
  { tags: ['R2'] },
  async (type) => {
    const { token } = await tokenFrom(
      JSON.stringify(goodToken),
      type ? { 'content-type': type } : {},
    )
    expect(token.value).toBe('token-1')
  },
)

test.each([
  ['alone', { error: 'invalid_client' }],
  ['beside an access_token', { error: 'invalid_client', ...goodToken }],
])('a 200 with an error %s is that OAuth error', { tags: ['R5'] }, async (_, body) => {
  const error = await refusalOf(body)
  expect(error).toMatchObject({
    name: 'TokenEndpointError',
    code: 'ERR_OAUTH',
    error: 'invalid_client',
    status: 200,
    attempts: 1,
    retryable: false,
    message: expect.stringContaining("The token endpoint answered 200 'invalid_client'."),
  })
})

const noToken = {
  code: 'ERR_TOKEN_RESPONSE_INVALID',
  field: 'access_token',
  message:
    "The token response's access_token is missing or not printable ASCII without spaces (RFC 6749 section 5.1). The token was discarded.",
  retryable: false,
}

test.each([
  ['missing', undefined],
  ['empty', ''],
  ['null', null],
  ['a number', 7],
  ['an object', { value: 'token-1' }],
  ['whitespace', '   '],
])('an access_token that is %s is refused by its name', { tags: ['R6'] }, async (_, value) => {
  expect(await refusalOf({ ...goodToken, access_token: value })).toMatchObject(noToken)
})

test.each(['Bearer', 'bearer', 'BEARER'])(
  'token_type %s is accepted and sent as Bearer',
  { tags: ['R10'] },
  async (type) => {
    const { token, warnings } = await tokenFrom({ ...goodToken, token_type: type })
    expect(token).toMatchObject({ tokenType: 'Bearer', authorization: 'Bearer token-1' })
    expect(warnings).toEqual([])
  },
)

test('a missing token_type counts as Bearer, with a warning', { tags: ['R11'] }, async () => {
  const { token, warnings } = await tokenFrom({ ...goodToken, token_type: undefined })
  expect(token.authorization).toBe('Bearer token-1')
  expect(warnings).toEqual(['token-type-missing'])
})

const unsupported = {
  code: 'ERR_TOKEN_TYPE_UNSUPPORTED',
  field: 'token_type',
  message:
    "The token response's token_type is not Bearer, so the token was discarded. Ask the operator of the server for Bearer tokens.",
  retryable: false,
}

test('rejects a token_type that is present and unknown', { tags: ['R11'] }, async () => {
  expect(await refusalOf({ ...goodToken, token_type: 'unknown' })).toMatchObject(unsupported)
})

test.each(['DPoP', 'mac', 'N_A', 'Bearer2', 'NotBearer', 'Bearer DPoP', ''])(
  'token_type "%s" is refused and its token neither kept nor told',
  { tags: ['R12'] },
  async (type) => {
    const error = await refusalOf({ ...goodToken, token_type: type })
    expect(error).toMatchObject(unsupported)
    expect(JSON.stringify(error)).not.toContain('token-1')
  },
)

test.each(['BearerToken', 'Bearer ', ' bearer', 'Bearer Token', 'bearer_token'])(
  'token_type %j counts as Bearer, with a warning',
  async (type) => {
    const { token, warnings } = await tokenFrom({ ...goodToken, token_type: type })
    expect(token.authorization).toBe('Bearer token-1')
    expect(warnings).toEqual(['token-type-variant'])
  },
)

test('a lifetime counts from when the token request was sent', { tags: ['R13'] }, async () => {
  const clock = createManualClock(startOfTime)
  const server = await faultServer({ type: 'answer', body: goodToken })
  const { tokens } = providerFor(server.tokenEndpoint, {
    clock,
    fetch: async (url, init) => {
      const response = await fetch(url, init)
      await clock.advance(2_000)
      return response
    },
  })
  const token = await tokens.getAccessToken()
  expect(token.issuedAt).toBe(startOfTime)
  expect(token.expiresAt).toBe(startOfTime + 600_000)
})

test.each([undefined, null])(
  'expires_in %s means 300 s with a warning, whatever a JWT says',
  { tags: ['R14'] },
  async (value) => {
    const jwt = ['{"alg":"none"}', '{"exp":9999999999}', 'x']
      .map((part) => Buffer.from(part).toString('base64url'))
      .join('.')
    const { token, warnings } = await tokenFrom({
      ...goodToken,
      access_token: jwt,
      expires_in: value,
    })
    expect(token.expiresAt).toBe(startOfTime + 300_000)
    expect(warnings).toEqual(['expires-in-missing'])
  },
)

const noLifetime = {
  code: 'ERR_TOKEN_RESPONSE_INVALID',
  field: 'expires_in',
  message:
    "The token response's expires_in is not a number of seconds (RFC 6749 section 5.1). The token was discarded.",
  retryable: false,
}

test.each([-1, -0.5])(
  'expires_in %s is refused, and remembered for a while',
  { tags: ['R15'] },
  async (value) => {
    const server = await faultServer({ type: 'answer', body: { ...goodToken, expires_in: value } })
    const { tokens } = providerFor(server.tokenEndpoint, { clock: standingClock() })
    const error = await rejection(tokens.getAccessToken())
    expect(error).toMatchObject({ ...noLifetime, nextAttemptAt: startOfTime + 1_000 })
    expect(await rejection(tokens.getAccessToken())).toEqual(error)
    expect(server.requests).toHaveLength(1)
  },
)

const zero: Fault = { type: 'answer', body: { ...goodToken, expires_in: 0 } }

test.each([[1], [2]])(
  'asks again 1 s after expires_in 0, %i times, also with retries: 0',
  async (times) => {
    const clock = standingClock()
    const server = await faultServer(...Array(times).fill(zero), {
      type: 'answer',
      body: goodToken,
    })
    const { tokens } = providerFor(server.tokenEndpoint, { clock, retries: 0 })
    expect((await tokens.getAccessToken()).value).toBe('token-1')
    expect(clock.pauses).toEqual(Array(times).fill(1_000))
    expect(server.requests).toHaveLength(times + 1)
  },
)

test('a third expires_in 0 is an error, and held off', async () => {
  const clock = standingClock()
  const server = await faultServer(zero)
  const { tokens } = providerFor(server.tokenEndpoint, { clock })
  expect(await rejection(tokens.getAccessToken())).toMatchObject({
    code: 'ERR_TOKEN_RESPONSE_INVALID',
    field: 'expires_in',
    message:
      'The token had expired when its response arrived: expires_in counts from when the request was sent.',
    retryable: false,
    nextAttemptAt: startOfTime + 1_000,
  })
  expect(clock.pauses).toEqual([1_000, 1_000])
  await rejection(tokens.getAccessToken())
  expect(server.requests).toHaveLength(3)
})

test('does not ask again for an expires_in of 0 past the timeout', async () => {
  let elapsed = 0
  const server = await faultServer(zero)
  const { tokens } = providerFor(server.tokenEndpoint, {
    clock: { ...standingClock(), monotonic: () => elapsed },
    fetch: (url, init) => {
      elapsed = 9_500
      return fetch(url, init)
    },
  })
  await rejection(tokens.getAccessToken())
  expect(server.requests).toHaveLength(1)
})

test('asks again after expires_in 0 in the single attempt after a failure', async () => {
  let elapsed = 0
  const clock = { ...standingClock(), monotonic: () => elapsed }
  const answer: Fault = { type: 'answer', body: goodToken }
  const server = await faultServer({ type: 'answer', status: 404 }, zero, answer)
  const { tokens } = providerFor(server.tokenEndpoint, { clock })
  await rejection(tokens.getAccessToken())
  elapsed = 1_000
  clock.now = () => startOfTime + 1_000
  expect((await tokens.getAccessToken()).value).toBe('token-1')
  expect(server.requests).toHaveLength(3)
})

test('a wall clock that is set during the first request costs another request and no pause', async () => {
  const clock = createManualClock(startOfTime)
  const server = await faultServer({ type: 'answer', body: goodToken })
  let asked = 0
  const { tokens } = providerFor(server.tokenEndpoint, {
    clock,
    retries: 0,
    fetch: (url, init) => {
      if (asked++ === 0) clock.setWallClock(clock.now() + 3_600_000)
      return fetch(url, init)
    },
  })
  expect((await tokens.getAccessToken()).expiresAt).toBe(startOfTime + 4_200_000)
  expect(server.requests).toHaveLength(2)
})

test('expires_in as a string of digits is accepted', { tags: ['R16'] }, async () => {
  const { token, warnings } = await tokenFrom({ ...goodToken, expires_in: '600' })
  expect(token.expiresAt).toBe(startOfTime + 600_000)
  expect(warnings).toEqual([])
})

test.each([['600s'], [''], [' 600'], ['0x10'], ['1e3'], [true], [[600]], [{}]])(
  'expires_in %j is refused',
  { tags: ['R16'] },
  async (value) => {
    expect(await refusalOf({ ...goodToken, expires_in: value })).toMatchObject(noLifetime)
  },
)

test('a fraction of a second is cut off', { tags: ['R17'] }, async () => {
  const { token } = await tokenFrom({ ...goodToken, expires_in: 599.9 })
  expect(token.expiresAt).toBe(startOfTime + 599_000)
})

test('rejects an infinite expires_in', { tags: ['R18'] }, async () => {
  const body = '{"access_token":"token-1","token_type":"Bearer","expires_in":1e400}'
  expect(await refusalOf(body)).toMatchObject(noLifetime)
})

test.each([2 ** 53, 1e12])(
  'expires_in %s is cut to a day, with a warning',
  { tags: ['R18'] },
  async (value) => {
    const { token, warnings } = await tokenFrom({ ...goodToken, expires_in: value })
    expect(token.expiresAt).toBe(startOfTime + 86_400_000)
    expect(warnings).toEqual(['expires-in-clamped'])
  },
)

test.each([1, 2, 5])(
  'a token of %s s serves 1000 calls a second with one token request in its life',
  { tags: ['R19'] },
  async (seconds) => {
    const clock = createManualClock(startOfTime)
    const server = await faultServer({
      type: 'answer',
      body: { ...goodToken, expires_in: seconds },
    })
    const { tokens } = providerFor(server.tokenEndpoint, { clock })
    const issued = new Set<number>()
    for (let call = 0; call < 3 * seconds * 1000; call++) {
      const token = await tokens.getAccessToken()
      if (token.expiresAt <= clock.now()) expect.fail(`call ${call} got an expired token`)
      issued.add(token.issuedAt)
      await clock.advance(1)
    }
    const instants = [...issued]
    const lives = instants.slice(1).map((instant, index) => instant - (instants[index] ?? 0))
    expect(Math.min(...lives)).toBeGreaterThanOrEqual(seconds * 800)
    expect(server.requests.length - instants.length).toBeLessThanOrEqual(1)
  },
)

test.each([
  ['CR and LF', 'tok\r\nx: y'],
  ['NUL', 'tok\0en'],
  ['TAB', 'tok\ten'],
  ['a space', 'tok en'],
  ['DEL', 'tok\x7fen'],
  ['an umlaut', 'tök'],
  ['U+2028', 'tok\u2028en'],
])(
  'a token with %s inside is refused before a header is built',
  { tags: ['R20'] },
  async (_, value) => {
    const error = await refusalOf({ ...goodToken, access_token: value })
    expect(error).toMatchObject(noToken)
    expect(String(error)).not.toContain(value)
  },
)
