import { expect, test } from 'vitest'
import {
  createMalformedError,
  createTokenEndpointError,
} from '#core/token-endpoint/error-response.js'

const sent = {
  ...{ clientId: 'client-1', audience: 'https://as.example/token', lifetimeSeconds: 60 },
  ...{ alg: 'ES256', kid: 'k1' as string | undefined, thumbprint: 'tp1' as string | undefined },
}
const circumstances = {
  ...{ sent, tokenEndpoint: 'https://as.example/token', isCorrected: false },
  ...{ clockOffset: undefined, accepted: undefined },
}

function errorOf(
  status: number,
  body?: Record<string, unknown>,
  contentType: string | null = 'application/json',
) {
  return createTokenEndpointError({ status, contentType, body }, 1, circumstances)
}

const key = 'the public key is not registered for this client ID (thumbprint tp1).'
const see = 'See the documentation of the authorization server.'

const grant = 'Probably the client or the server does not allow the client_credentials grant.'

const advice = {
  invalid_client: `Probably ${key}`,
  invalid_scope: 'Probably a scope is misspelt or not granted to this client.',
  unauthorized_client: grant,
  unsupported_grant_type: grant,
  invalid_request:
    'Probably a parameter that the server requires is missing, or it rejects one that was sent.',
  invalid_target: 'Probably the server does not know the resource.',
  invalid_grant:
    'Probably the assertion was not valid when it arrived (lifetime 60 s): check both clocks.',
  another_error: see,
  scope_invalid: 'Probably a scope is misspelt or not granted to this client.',
}

test.each(Object.entries(advice))(
  '%s says what happened and what is likely',
  { tags: ['O1', 'O2', 'O3', 'O5', 'O8'] },
  (error, likely) => {
    expect(errorOf(400, { error })).toMatchObject({
      ...{ code: 'ERR_OAUTH', status: 400, error, attempts: 1, retryable: false },
      message: `The token endpoint answered 400 '${error}'. ${likely}`,
    })
  },
)

test('has the hints one by one next to the message, as sentences', () => {
  expect(errorOf(401, { error: 'invalid_client' }).hints).toEqual([
    'The public key is not registered for this client ID (thumbprint tp1).',
    "The kid k1 is not known for this client: register it, or correct the option 'kid'.",
    'The server expects another aud, such as its issuer: set assertion.audience.',
  ])
  expect(errorOf(400, { error: 'another_error' }).hints).toEqual([])
})

test("the server's own description is shown as its words", { tags: ['O14'] }, () => {
  const body = { error: 'invalid_scope', error_description: 'no scope\nof that name' }
  const error = errorOf(400, body)
  expect(error.errorDescription).toBe('no scope of that name')
  expect(error.message).toBe(
    `The token endpoint answered 400 'invalid_scope'. The server reports: "no scope of that name". ${advice.invalid_scope}`,
  )
})

test('an error has 64 characters at most, a description 512', { tags: ['O7', 'O14'] }, () => {
  const words = 'no such '.repeat(100)
  const { error, errorDescription } = errorOf(400, { error: words, error_description: words })
  expect(error).toBe(`${words.slice(0, 58)}...`)
  expect(errorDescription).toBe(`${words.slice(0, 506)}...`)
})

const busy = 'Too many token requests: share one provider per client ID.'
const trouble = 'The authorization server is failing: later calls will retry.'
const badUrl = "The path /token is not a token endpoint: check the option 'tokenEndpoint'."
const badAssertion =
  'Probably the server gave no reason: check aud, kid, lifetime, scope, and that it accepts this address.'
const page = 'a login page, a proxy or a firewall answered in place of the token endpoint.'

test.each([
  ['O10', 429, 'ERR_TOKEN_RATE_LIMITED', '429', busy, true],
  ['O13', 408, 'ERR_TOKEN_UNAVAILABLE', '408', trouble, true],
  ['O13', 425, 'ERR_TOKEN_UNAVAILABLE', '425', trouble, true],
  ['O13', 500, 'ERR_TOKEN_UNAVAILABLE', '500', trouble, true],
  ['O13', 501, 'ERR_TOKEN_UNAVAILABLE', '501', badUrl, false],
  ['O13', 404, 'ERR_TOKEN_HTTP', '404 without an OAuth error', badUrl, false],
  ['O13', 405, 'ERR_TOKEN_HTTP', '405 without an OAuth error', badUrl, false],
  ['O13', 410, 'ERR_TOKEN_HTTP', '410 without an OAuth error', badUrl, false],
  ['O13', 415, 'ERR_TOKEN_HTTP', '415 without an OAuth error', badUrl, false],
  ['O4', 403, 'ERR_TOKEN_HTTP', '403 without an OAuth error', badAssertion, false],
  ['O4', 499, 'ERR_TOKEN_HTTP', '499 without an OAuth error', badAssertion, false],
])('%s: a %i without an OAuth error is %s', (_, status, code, answered, advised, retryable) => {
  const error = errorOf(status)
  expect(error).toMatchObject({
    ...{ code, status, retryable },
    message: `The token endpoint answered ${answered}. ${advised}`,
  })
  expect(error).not.toHaveProperty('error')
  expect(error).not.toHaveProperty('errorDescription')
})

test('a status that says enough is not outdone by an OAuth error', { tags: ['O9', 'O10'] }, () => {
  expect(errorOf(429, { error: 'slow_down' })).toMatchObject({
    ...{ code: 'ERR_TOKEN_RATE_LIMITED', error: 'slow_down' },
    message: `The token endpoint answered 429 'slow_down'. ${busy}`,
  })
  expect(errorOf(503, { error: 'temporarily_unavailable' })).toMatchObject({
    ...{ code: 'ERR_TOKEN_UNAVAILABLE', error: 'temporarily_unavailable' },
    message: `The token endpoint answered 503 'temporarily_unavailable'. ${trouble}`,
  })
})

test('states that the response is an HTML page, without quoting it', { tags: ['O6', 'O7'] }, () => {
  const html = 'text/html; charset=utf-8'
  expect(errorOf(500, undefined, html).message).toBe(
    `The token endpoint answered 500 with an HTML page. ${trouble}`,
  )
  expect(errorOf(400, undefined, html).message).toBe(
    `The token endpoint answered 400 with an HTML page. Probably ${page}`,
  )
  expect(errorOf(500, undefined, null).message).toContain('answered 500. ')
})

test('what the assertion contained is a field, without the query of the audience', () => {
  const { clientId: _, ...fields } = sent
  expect(errorOf(418).sent).toEqual(fields)
  const audience = 'https://as.example/token?key=secret'
  const error = createTokenEndpointError({ status: 418, contentType: null, body: undefined }, 1, {
    ...circumstances,
    sent: { ...sent, audience },
  })
  expect(error.sent.audience).toBe('https://as.example/token?...')
  expect(error.toJSON()).toMatchObject({ sent: error.sent })
})

test('a thumbprint used as kid is not redacted, and values of more than 64 characters are shortened', () => {
  const kid = 'NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs'
  const hintsOf = (more: Partial<typeof sent>, error_description: string) =>
    createTokenEndpointError(
      { status: 400, contentType: null, body: { error: 'invalid_client', error_description } },
      1,
      { ...circumstances, sent: { ...sent, ...more } },
    ).hints[0]
  expect(hintsOf({ kid }, 'unknown kid')).toContain(`The kid ${kid} is not known`)
  expect(hintsOf({ kid: 'k'.repeat(65) }, 'unknown kid')).toContain(`kid ${'k'.repeat(61)}... is`)
  expect(hintsOf({ clientId: 'thirteen-char' }, 'unknown client')).toContain('ID thirteen-char is')
})

test('a message has three sentences and 350 characters at most, whatever the server says', () => {
  const words = 'no such thing '.repeat(40)
  const long = 'x'.repeat(200)
  const lying = { ...sent, kid: long, audience: `https://as.example/${long}`, clientId: long }
  const bodies = [
    undefined,
    ...Object.keys(advice)
      .concat(words)
      .flatMap((error) => [
        { error },
        ...['unknown kid', 'wrong aud', 'alg', 'expired', 'unknown client', 'jti', words].map(
          (text) => ({ error, error_description: `${text} ${words}` }),
        ),
      ]),
  ]
  const kinds = [400, 401, 403, 404, 407, 408, 429, 500, 503].flatMap((status) =>
    bodies.flatMap((body) =>
      ['text/html', null].map((contentType) => ({ status, contentType, body })),
    ),
  )
  const wide = { ...circumstances, tokenEndpoint: `https://as.example/${long}`, clockOffset: 9e12 }
  for (const kind of kinds)
    for (const facts of [circumstances, { ...wide, sent: lying }]) {
      const { message } = createTokenEndpointError(kind, 1, facts)
      expect(message.length).toBeLessThanOrEqual(350)
      expect(message.replace(/"[^"]*"/, '').match(/[.:] [A-Z]|\.$/g)?.length).toBeLessThanOrEqual(3)
    }
})

test('describes a success that is not a JSON object by its type and length', {
  tags: ['R1'],
}, () => {
  expect(createMalformedError({ status: 200, contentType: 'text/html' }, 12)).toMatchObject({
    code: 'ERR_TOKEN_RESPONSE_MALFORMED',
    message: `The token endpoint answered 200, but not with a JSON object (text/html, 12 characters). A login page or a proxy probably answered: check the URL and the proxy.`,
    hints: [
      'A login page or a proxy probably answered: check the URL and the proxy.',
      'Check that the URL is that of a token endpoint.',
    ],
  })
  expect(createMalformedError({ status: 200, contentType: 'text/plain' }, 12)).toMatchObject({
    message: `The token endpoint answered 200, but not with a JSON object (text/plain, 12 characters). Check that the URL is that of a token endpoint.`,
    hints: ['Check that the URL is that of a token endpoint.'],
  })
  expect(createMalformedError({ status: 204, contentType: null }, 0).message).toContain(
    ' (no content type, 0 characters)',
  )
})
