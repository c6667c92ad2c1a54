import { expect, test } from 'vitest'
import { endpointError, malformedResponse } from '#core/token-endpoint/error-response.js'

const sent = {
  ...{ clientId: 'client-1', audience: 'https://as.example/token', lifetimeSeconds: 60 },
  ...{ alg: 'ES256', kid: 'k1' as string | undefined, thumbprint: 'tp1' as string | undefined },
}
const whatWasSent =
  'Sent: alg ES256, kid k1, aud https://as.example/token, lifetime 60 s, thumbprint tp1, client id client-1.'
const circumstances = {
  ...{ sent, tokenEndpoint: 'https://as.example/token', isCorrected: false },
  ...{ clockOffset: undefined, accepted: undefined },
}

function errorOf(
  status: number,
  body?: Record<string, unknown>,
  contentType: string | null = 'application/json',
) {
  return endpointError({ status, contentType, body }, circumstances, 1)
}

const key = 'the public key is not registered for this client id (thumbprint tp1).'
const kid = "the kid k1 is not known for this client: register it, or correct the option 'kid'."
const aud = 'the server wants another aud, such as its issuer: set assertion.audience.'
const see = 'See the documentation of the authorization server.'

const advice = {
  invalid_client: `Likely: ${key} Or: ${kid} Or: ${aud}`,
  invalid_scope: 'Likely: a scope that is misspelt or not granted to this client.',
  unauthorized_client: `Likely: the client may not use the client_credentials grant. Or: ${key} Or: ${kid}`,
  unsupported_grant_type: 'Likely: the server or the client lacks the client_credentials grant.',
  invalid_request:
    'Likely: a parameter that the server requires is missing, or one that it refuses was sent.',
  invalid_target: 'Likely: a resource that the server does not know.',
  invalid_grant: `Likely: the assertion is expired or was used before. Or: ${key} Or: ${kid}`,
  another_error: see,
  scope_invalid: `Likely: a scope that is misspelt or not granted to this client. ${see}`,
}

test.each(Object.entries(advice))(
  'O1 O2 O3 O5 O8: %s says what happened, what is likely, and what was sent',
  (error, likely) => {
    expect(errorOf(400, { error })).toMatchObject({
      ...{ code: 'ERR_OAUTH', status: 400, error, attempts: 1, retryable: false },
      message: `The token endpoint answered 400 '${error}'. ${likely} ${whatWasSent}`,
    })
  },
)

test('the hints are told one by one beside the message, as sentences', () => {
  expect(errorOf(401, { error: 'invalid_client' }).hints).toEqual([
    'The public key is not registered for this client id (thumbprint tp1).',
    "The kid k1 is not known for this client: register it, or correct the option 'kid'.",
    'The server wants another aud, such as its issuer: set assertion.audience.',
  ])
  expect(errorOf(400, { error: 'another_error' }).hints).toEqual([])
})

test("O14: the server's own description is shown as its words", () => {
  const body = { error: 'invalid_scope', error_description: 'no scope\nof that name' }
  const error = errorOf(400, body)
  expect(error.errorDescription).toBe('no scope of that name')
  expect(error.message).toBe(
    `The token endpoint answered 400 'invalid_scope'. The server says: "no scope of that name". ${advice.invalid_scope} ${whatWasSent}`,
  )
})

test('O7 O14: an error has 64 characters at most, a description 512', () => {
  const words = 'no such '.repeat(100)
  const { error, errorDescription } = errorOf(400, { error: words, error_description: words })
  expect(error).toBe(`${words.slice(0, 58)}...`)
  expect(errorDescription).toBe(`${words.slice(0, 506)}...`)
})

const busy = 'Too many token requests: share one provider per client id.'
const trouble = 'The authorization server is in trouble; later calls try again.'
const badUrl = 'The path /token is wrong. Check the URL of the token endpoint.'
const badAssertion = 'Likely: a bad assertion (aud, kid, exp, scope).'
const blocked = 'the address of this machine is blocked, perhaps after many failed requests.'
const page = 'a login page, a proxy or a firewall answered in place of the token endpoint.'

test.each([
  ['O10', 429, 'ERR_TOKEN_RATE_LIMITED', '429', busy, true],
  ['O13', 408, 'ERR_TOKEN_UNAVAILABLE', '408', trouble, true],
  ['O13', 425, 'ERR_TOKEN_UNAVAILABLE', '425', trouble, true],
  ['O13', 500, 'ERR_TOKEN_UNAVAILABLE', '500', trouble, true],
  ['O13', 501, 'ERR_TOKEN_UNAVAILABLE', '501', badUrl, false],
  ['O13', 404, 'ERR_TOKEN_HTTP', '404: rejected without an OAuth error', badUrl, false],
  ['O13', 405, 'ERR_TOKEN_HTTP', '405: rejected without an OAuth error', badUrl, false],
  ['O13', 410, 'ERR_TOKEN_HTTP', '410: rejected without an OAuth error', badUrl, false],
  ['O13', 415, 'ERR_TOKEN_HTTP', '415: rejected without an OAuth error', badUrl, false],
  [
    'O4',
    403,
    'ERR_TOKEN_HTTP',
    '403: rejected without an OAuth error',
    `${badAssertion} Or: ${blocked}`,
    false,
  ],
  ['O4', 499, 'ERR_TOKEN_HTTP', '499: rejected without an OAuth error', badAssertion, false],
])('%s: a %i without an OAuth error is %s', (_, status, code, answered, advised, retryable) => {
  const error = errorOf(status)
  expect(error).toMatchObject({
    ...{ code, status, retryable },
    message: `The token endpoint answered ${answered}. ${advised} ${whatWasSent}`,
  })
  expect(error).not.toHaveProperty('error')
  expect(error).not.toHaveProperty('errorDescription')
})

test('O9 O10: a status that says enough is not outdone by an OAuth error', () => {
  expect(errorOf(429, { error: 'slow_down' })).toMatchObject({
    ...{ code: 'ERR_TOKEN_RATE_LIMITED', error: 'slow_down' },
    message: `The token endpoint answered 429 'slow_down'. ${busy} ${whatWasSent}`,
  })
  expect(errorOf(503, { error: 'temporarily_unavailable' })).toMatchObject({
    ...{ code: 'ERR_TOKEN_UNAVAILABLE', error: 'temporarily_unavailable' },
    message: `The token endpoint answered 503 'temporarily_unavailable'. ${trouble} ${whatWasSent}`,
  })
})

test('O6 O7: an HTML page is told as one, never quoted', () => {
  const html = 'text/html; charset=utf-8'
  expect(errorOf(500, undefined, html).message).toBe(
    `The token endpoint answered 500 with an HTML page. ${trouble} Or: some servers answer so to a kid that they do not know (k1). ${whatWasSent}`,
  )
  expect(errorOf(400, undefined, html).message).toBe(
    `The token endpoint answered 400: rejected without an OAuth error with an HTML page. Likely: ${page} Or: a bad assertion (aud, kid, exp, scope). ${whatWasSent}`,
  )
  expect(errorOf(500, undefined, null).message).toContain('answered 500. ')
})

test('what was sent: a long client id is shortened, kid and thumbprint may be missing', () => {
  const say = (more: Partial<typeof sent>) =>
    endpointError(
      { status: 418, contentType: null, body: undefined },
      { ...circumstances, sent: { ...sent, ...more } },
      1,
    ).message
  expect(say({ clientId: 'twelve-chars' })).toMatch(/kid k1, .* client id twelve-chars\.$/)
  expect(say({ clientId: 'thirteen-char' })).toMatch(/ client id thirteen\.\.\.\.$/)
  expect(say({ kid: undefined })).toContain(' kid none, ')
  expect(say({ kid: 'k'.repeat(30) })).toContain(` kid ${'k'.repeat(30)}, `)
  expect(say({ kid: 'k'.repeat(65) })).toContain(` kid ${'k'.repeat(61)}..., `)
  expect(say({ thumbprint: undefined })).toContain(', thumbprint unknown, ')
  expect(say({ lifetimeSeconds: 300 })).toContain(', lifetime 300 s, ')
})

test('what was sent is our own: a thumbprint used as kid or a long audience is not redacted', () => {
  const thumbprint = 'NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs'
  const audience = `https://as.example/${thumbprint}`
  const { message } = endpointError(
    { status: 418, contentType: null, body: undefined },
    { ...circumstances, sent: { ...sent, kid: thumbprint, thumbprint, audience } },
    1,
  )
  expect(message).toContain(`kid ${thumbprint}, aud ${audience}, `)
  expect(message).toContain(`, thumbprint ${thumbprint}, `)
  expect(message).not.toContain('[redacted]')
})

test('R1: a success that is no JSON object is told by its type and length', () => {
  expect(malformedResponse({ status: 200, contentType: 'text/html' }, 12, sent)).toMatchObject({
    code: 'ERR_TOKEN_RESPONSE_MALFORMED',
    message: `The token endpoint answered 200, but not with a JSON object (text/html, 12 characters). A login page or a proxy's page answered in its place. Check that the URL is that of a token endpoint. ${whatWasSent}`,
    hints: [
      "A login page or a proxy's page answered in its place.",
      'Check that the URL is that of a token endpoint.',
    ],
  })
  expect(malformedResponse({ status: 200, contentType: 'text/plain' }, 12, sent)).toMatchObject({
    message: `The token endpoint answered 200, but not with a JSON object (text/plain, 12 characters). Check that the URL is that of a token endpoint. ${whatWasSent}`,
    hints: ['Check that the URL is that of a token endpoint.'],
  })
  expect(malformedResponse({ status: 204, contentType: null }, 0, sent).message).toContain(
    ' (no content type, 0 characters)',
  )
})
