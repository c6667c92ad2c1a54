import { generateKeyPairSync } from 'node:crypto'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { inspect } from 'node:util'
import {
  type CountersignError,
  createTokenProvider,
  isCountersignError,
  type KeyInput,
  memoryStore,
  type TokenFetch,
  type TokenProviderOptions,
} from '@countersign/core'
import { authorizedFetch } from '@countersign/core/fetch'
import {
  type AuthorizationServer,
  createAuthorizationServer,
  createManualClock,
} from '@countersign/testing'
import { afterEach, beforeEach, expect, test } from 'vitest'

const clientId = 'institution-1'
const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
const jwks = { keys: [{ kty: 'EC', ...publicKey.export({ format: 'jwk' }) }] }
const pem = String(privateKey.export({ type: 'pkcs8', format: 'pem' }))
const jwk = { kty: 'EC', ...privateKey.export({ format: 'jwk' }) }
const secretOfKey = String(jwk.d)
const linesOfKey = pem.split('\n').filter((line) => line !== '' && !line.startsWith('-----'))

let server: AuthorizationServer
let echo: Server
let answer: (form: URLSearchParams) => { status: number; type: string; body: string }
let secrets: Set<string>

beforeEach(async () => {
  secrets = new Set([secretOfKey, ...linesOfKey])
  server = await createAuthorizationServer()
  server.register({ clientId, jwks })
  echo = createServer((request, response) => {
    let body = ''
    request.on('data', (chunk) => {
      body += chunk
    })
    request.on('end', () => {
      const { status, type, body: text } = answer(new URLSearchParams(body))
      response.writeHead(status, { 'content-type': type, location: '/elsewhere' }).end(text)
    })
  })
  await new Promise<void>((resolve) => echo.listen(0, '127.0.0.1', resolve))
})

afterEach(async () => {
  echo.closeAllConnections()
  await Promise.all([server.close(), new Promise((resolve) => echo.close(resolve))])
})

/** Remembers every assertion that goes out, and its signature, as secrets. */
const noted: TokenFetch = (url, init) => {
  noteAssertion(init)
  return fetch(url, init)
}

function noteAssertion(init: RequestInit): string {
  const assertion = new URLSearchParams(String(init.body)).get('client_assertion') ?? ''
  secrets.add(assertion).add(assertion.split('.')[2] ?? '')
  return assertion
}

function provider(options: Partial<TokenProviderOptions> = {}) {
  const { tokenEndpoint } = server
  const fetch = noted
  return createTokenProvider({ clientId, tokenEndpoint, key: pem, retries: 0, fetch, ...options })
}

/** Everything that a logger or an error tracker may make of a value, by name. */
function shownAs(value: unknown): Map<string, string> {
  const forms: [string, () => unknown][] = [
    ['String', () => String(value)],
    ['stack', () => (value as Error).stack],
    ['JSON', () => JSON.stringify(value)],
    ['inspect', () => inspect(value)],
    ['inspect, all of it', () => deep(value)],
    ['structuredClone', () => deep(structuredClone(value))],
    ['spread', () => deep({ ...(value as object) })],
    ['cause', () => deep((value as Error).cause)],
    ['as a cause', () => deep(new Error('outer', { cause: value }))],
    ['AggregateError', () => deep(new AggregateError([value]))],
  ]
  return new Map(forms.map(([name, form]) => [name, attempt(form)]))
}

function deep(value: unknown): string {
  return inspect(value, { depth: 10, showHidden: true, getters: true, maxStringLength: null })
}

/** What cannot be made shows nothing; its refusal is searched as well. */
function attempt(form: () => unknown): string {
  try {
    return String(form())
  } catch (error) {
    return String(error)
  }
}

/** The names of the forms in which a secret shows. */
function leaks(value: unknown): string[] {
  const found = [...shownAs(value)].filter(([, text]) =>
    [...secrets].some((secret) => secret !== '' && text.includes(secret)),
  )
  return found.map(([name]) => name)
}

async function rejection(work: () => unknown): Promise<CountersignError> {
  try {
    await work()
  } catch (error) {
    if (isCountersignError(error)) return error
    throw error
  }
  return expect.unreachable('it did not fail')
}

function echoed(status: number, type: string, body: (assertion: string) => string) {
  answer = (form) => ({ status, type, body: body(form.get('client_assertion') ?? '') })
  const { port } = echo.address() as AddressInfo
  return provider({ tokenEndpoint: `http://127.0.0.1:${port}/token` }).getAccessToken()
}

const json = 'application/json'

const failures: [code: string, how: string, fail: () => unknown][] = [
  [
    'ERR_OAUTH',
    'an error response that quotes the assertion',
    () =>
      echoed(400, json, (sent) =>
        JSON.stringify({ error: 'invalid_client', error_description: `bad: ${sent}` }),
      ),
  ],
  ['ERR_TOKEN_HTTP', 'an error page that quotes it', () => echoed(403, 'text/html', (it) => it)],
  ['ERR_TOKEN_UNAVAILABLE', 'a 503 that quotes it', () => echoed(503, 'text/plain', (it) => it)],
  ['ERR_TOKEN_RATE_LIMITED', 'a 429 that quotes it', () => echoed(429, json, (it) => it)],
  ['ERR_TOKEN_REDIRECT', 'a redirect', () => echoed(307, 'text/plain', (it) => it)],
  ['ERR_TOKEN_RESPONSE_MALFORMED', 'a 200 that quotes it', () => echoed(200, json, (it) => it)],
  [
    'ERR_TOKEN_RESPONSE_INVALID',
    'a token with a line break',
    () => {
      secrets.add('planted-token')
      return echoed(200, json, () =>
        JSON.stringify({ access_token: 'planted-token\n', token_type: 'Bearer', expires_in: 60 }),
      )
    },
  ],
  [
    'ERR_TOKEN_TYPE_UNSUPPORTED',
    'another token type',
    () => {
      secrets.add('planted-token')
      return echoed(200, json, () =>
        JSON.stringify({ access_token: 'planted-token', token_type: 'mac', expires_in: 60 }),
      )
    },
  ],
  [
    'ERR_TOKEN_NETWORK',
    'a connection that breaks',
    () => {
      server.next({ drop: 'inside-body' })
      return provider().getAccessToken()
    },
  ],
  [
    'ERR_KEY_PROVIDER',
    'a key function whose error quotes the key',
    () => {
      const key = (): KeyInput => {
        throw Object.assign(new Error(`cannot read ${pem}`), { key: jwk })
      }
      return provider({ key }).getAccessToken()
    },
  ],
  [
    'ERR_KEY_FORMAT',
    'a damaged PEM',
    () => provider({ key: pem.replace('BEGIN', 'BEGGIN') }).getAccessToken(),
  ],
  [
    'ERR_TOKEN_RESPONSE_TOO_LARGE',
    'an endless answer that quotes it',
    () => echoed(200, json, (sent) => `${sent} `.repeat(400)),
  ],
  [
    'ERR_TOKEN_TIMEOUT',
    'a server that does not answer',
    async () => {
      const release = server.hold()
      try {
        return await provider({ timeout: 200 }).getAccessToken()
      } finally {
        release()
      }
    },
  ],
  [
    'ERR_TOKEN_TLS',
    'https to a server that speaks http',
    () => {
      const tokenEndpoint = server.tokenEndpoint.replace('http:', 'https:')
      return provider({ tokenEndpoint }).getAccessToken()
    },
  ],
  [
    'ERR_TOKEN_PROTOCOL',
    'a transport error that quotes what was sent',
    () => {
      const fetch: TokenFetch = async (_url, init) => {
        const sent = noteAssertion(init)
        throw new TypeError(sent, {
          cause: Object.assign(new Error(sent), { code: 'HPE_INVALID' }),
        })
      }
      return provider({ fetch }).getAccessToken()
    },
  ],
  [
    'ERR_KEY_ALG_MISMATCH',
    'another algorithm than the key is for',
    () => provider({ assertion: { alg: 'PS256' } }),
  ],
  [
    'ERR_KEY_USE',
    'a JWK for encryption',
    () => provider({ key: { ...jwk, use: 'enc' } as KeyInput }),
  ],
  ['ERR_INVALID_SCOPE', 'a key given as a scope', () => provider().getAccessToken({ scope: pem })],
  [
    'ERR_INVALID_TOKEN_ENDPOINT',
    'a key given as an endpoint',
    () => provider({ tokenEndpoint: pem }),
  ],
  ['ERR_INVALID_CLIENT_ID', 'a key given as a client id', () => provider({ clientId: pem })],
  [
    'ERR_FOREIGN_ORIGIN',
    'a request to another origin',
    async () => {
      const tokens = provider()
      secrets.add((await tokens.getAccessToken()).value)
      const origins = ['https://api.example.com']
      const send = authorizedFetch(tokens, { origins, onForeignOrigin: 'throw' })
      await send('https://other.example.com/accounts')
    },
  ],
]

test.each(failures)('L1: %s after %s shows no secret in any form', async (code, _, fail) => {
  const error = await rejection(fail)
  expect(error.code).toBe(code)
  expect(error.message).not.toBe('')
  expect(leaks(error)).toEqual([])
})

test('L1 L2: the search finds a planted leak in each of its forms', () => {
  const planted = Object.assign(new Error(`sent ${secretOfKey}`), {
    key: jwk,
    cause: new Error(pem),
  })
  const forms = [...shownAs(planted).keys()]
  expect(leaks(planted)).toEqual(forms)
  expect(leaks(new Error('outer', { cause: { assertion: linesOfKey[0] } }))).toContain('cause')
  expect(
    leaks({
      get hidden() {
        return secretOfKey
      },
    }),
  ).toContain('inspect, all of it')
})

test('L2: a token shows its members to destructuring, and no secret to anything else', async () => {
  const token = await provider({ scope: 'accounts' }).getAccessToken()
  const { value, authorization, scope } = token
  expect(server.isLive(value)).toBe(true)
  expect(authorization).toBe(`Bearer ${value}`)
  expect(scope).toBe('accounts')
  secrets.add(value)
  expect(leaks(token)).toEqual([])
  expect(JSON.parse(JSON.stringify(token))).toMatchObject({
    value: '[redacted]',
    authorization: '[redacted]',
  })
  expect(inspect(token)).toContain('[redacted]')
  expect({ ...token }).toEqual({})
})

test('L2: provider, shared store and authorized fetch show no secret', async () => {
  const store = memoryStore()
  const tokens = provider({ store })
  secrets.add((await tokens.getAccessToken()).value)
  const send = authorizedFetch(tokens, { origins: ['https://api.example.com'] })
  expect(leaks(tokens)).toEqual([])
  expect(leaks(store)).toEqual([])
  expect(leaks(send)).toEqual([])
  expect([...secrets].length).toBeGreaterThan(linesOfKey.length + 3)
})

const quoting: [name: string, quote: (secret: string) => unknown][] = [
  ['Headers.set', (secret) => new Headers().set('authorization', `${secret}\n\u0100`)],
  ['JSON.parse', (secret) => JSON.parse(secret)],
  ['URL', (secret) => new URL(secret)],
  ['Request', (secret) => new Request(`not a URL: ${secret}`)],
]

test.each(quoting)('L6: what %s throws is neither message nor cause', async (_, quote) => {
  let platform: unknown
  const tokens = provider({
    fetch: async (_url, init) => {
      const assertion = noteAssertion(init)
      try {
        quote(assertion)
      } catch (error) {
        platform = error
        throw new TypeError(`fetch failed for ${assertion}`, { cause: error })
      }
      return expect.unreachable('the platform accepted it')
    },
  })
  const error = await rejection(() => tokens.getAccessToken())
  expect(platform).toBeInstanceOf(Error)
  expect(error).toMatchObject({
    code: 'ERR_TOKEN_NETWORK',
    message: expect.stringContaining('The token endpoint could not be reached'),
  })
  expect(error.message).not.toContain((platform as Error).message)
  expect(error.cause).not.toBeInstanceOf(Error)
  expect(leaks(error)).toEqual([])
})

test('L1: a failed renewal shows no secret, nor does its event', async () => {
  const clock = createManualClock(Date.now())
  const events: unknown[] = []
  const tokens = provider({ clock, onEvent: (event) => events.push(event) })
  const token = await tokens.getAccessToken()
  secrets.add(token.value)
  server.next({ status: 503, body: token.value })
  const error = await rejection(() => tokens.getAccessToken({ forceRenewal: true }))
  expect(error.code).toBe('ERR_TOKEN_UNAVAILABLE')
  expect(leaks(error)).toEqual([])
  expect(events.map((event) => (event as { type: string }).type)).toEqual([
    'token-issued',
    'token-request-failed',
    'renewal-failed',
  ])
  expect(leaks(events)).toEqual([])
})
