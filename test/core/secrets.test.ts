import { generateKeyPairSync } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { inspect } from 'node:util'
import { addAuthorization } from '@countersign/axios-interceptor'
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
import { authorizationHooks } from '@countersign/ky-hook'
import {
  type AuthorizationServer,
  createAuthorizationServer,
  createManualClock,
} from '@countersign/testing'
import axios from 'axios'
import ky from 'ky'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import {
  type LeakSearch,
  leakSearch,
  secretsOf,
  shownAs,
  watchedFetch,
} from '../support/leak-search.ts'

const clientId = 'institution-1'
const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
const weak = generateKeyPairSync('rsa', { modulusLength: 1024 }).privateKey
const jwks = { keys: [{ kty: 'EC', ...publicKey.export({ format: 'jwk' }) }] }
const pem = String(privateKey.export({ type: 'pkcs8', format: 'pem' }))
const jwk = { kty: 'EC', ...privateKey.export({ format: 'jwk' }) }
const secretOfKey = String(jwk.d)
const api = 'https://api.example.com'

let server: AuthorizationServer
let echo: Server
let answer: (form: URLSearchParams) => { status: number; type: string; body: string }
let search: LeakSearch

beforeEach(async () => {
  search = leakSearch(privateKey, weak)
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
  vi.unstubAllGlobals()
  echo.closeAllConnections()
  await Promise.all([server.close(), new Promise((resolve) => echo.close(resolve))])
})

/** For what never gets to a server. */
function noteAssertion({ body }: RequestInit): string {
  const assertion = new URLSearchParams(String(body)).get('client_assertion') ?? ''
  search.addAssertion(assertion)
  return assertion
}

function provider(options: Partial<TokenProviderOptions> = {}) {
  const { tokenEndpoint } = server
  const fetch = watchedFetch(search)
  return createTokenProvider({ clientId, tokenEndpoint, key: pem, retries: 0, fetch, ...options })
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
      search.add('planted-token')
      return echoed(200, json, () =>
        JSON.stringify({ access_token: 'planted-token\n', token_type: 'Bearer', expires_in: 60 }),
      )
    },
  ],
  [
    'ERR_TOKEN_TYPE_UNSUPPORTED',
    'another token type',
    () => {
      search.add('planted-token')
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
    () => provider({ alg: 'PS256' }),
  ],
  ['ERR_KEY_USE', 'a JWK for encryption', () => provider({ key: { ...jwk, use: 'enc' } })],
  ['ERR_INVALID_SCOPE', 'a key given as a scope', () => provider().getAccessToken({ scope: pem })],
  [
    'ERR_INVALID_TOKEN_ENDPOINT',
    'a key given as an endpoint',
    () => provider({ tokenEndpoint: pem }),
  ],
  ['ERR_INVALID_CLIENT_ID', 'a key given as a client ID', () => provider({ clientId: pem })],
  [
    'ERR_FOREIGN_ORIGIN',
    'a request to another origin',
    async () => {
      const tokens = provider()
      await tokens.getAccessToken()
      const send = authorizedFetch(tokens, { origins: [api], onForeignOrigin: 'throw' })
      await send('https://other.example.com/accounts')
    },
  ],
  ['ERR_INVALID_OPTION', 'a key given as a time limit', () => provider({ timeout: pem as never })],
  [
    'ERR_KEY_FORMAT',
    'a passphrase that does not open the key',
    () => {
      search.add('secret passphrase')
      search.add('another passphrase')
      const locked = privateKey.export({
        ...{ format: 'pem', type: 'pkcs8', cipher: 'aes-256-cbc', passphrase: 'secret passphrase' },
      } as const) as string
      search.add(locked.split('\n')[1] as string)
      provider({ key: locked, passphrase: 'another passphrase' })
    },
  ],
  [
    'ERR_INSECURE_TOKEN_ENDPOINT',
    'a key in the query of a plain http endpoint',
    () => provider({ tokenEndpoint: `http://as.example/token?key=${secretOfKey}` }),
  ],
  [
    'ERR_INVALID_ORIGIN',
    'a password in an origin',
    () => authorizedFetch(provider(), { origins: [`https://user:${secretOfKey}@api.example.com`] }),
  ],
  [
    'ERR_INVALID_ORIGIN',
    'a password in the base URL of an axios instance',
    () => {
      const baseURL = `https://user:${secretOfKey}@api.example.com`
      addAuthorization(axios.create({ baseURL }), provider())
    },
  ],
  [
    'ERR_INVALID_RESOURCE',
    'a key given as a resource',
    () => provider().getAccessToken({ resource: pem }),
  ],
  [
    'ERR_RESERVED_PARAMETER',
    'a key given as an assertion',
    () => provider({ parameters: { client_assertion: secretOfKey } }),
  ],
  ['ERR_UNSUPPORTED_ALG', 'a key given as an algorithm', () => provider({ alg: pem as never })],
  [
    'ERR_UNSUPPORTED_CLIENT',
    'a runtime that carries the token across redirects',
    async () => {
      const tokens = provider()
      await tokens.getAccessToken()
      const compatibilityFlags = { strip_authorization_on_cross_origin_redirect: false }
      vi.stubGlobal('Cloudflare', { compatibilityFlags })
      await authorizedFetch(tokens, { origins: [api] })(`${api}/accounts`)
    },
  ],
  [
    'ERR_CLOCK',
    'a clock that gives no number',
    () =>
      provider({
        clock: { ...createManualClock(), now: () => Number.NaN },
      }).getAccessToken(),
  ],
  [
    'ERR_NOT_PRIVATE_KEY',
    'a symmetric key',
    () => provider({ key: { kty: 'oct', k: secretOfKey } as KeyInput }),
  ],
  [
    'ERR_PROVIDER_CLOSED',
    'a call after the provider was closed',
    async () => {
      const tokens = provider()
      await tokens.getAccessToken()
      await tokens.close()
      return tokens.getAccessToken()
    },
  ],
  ['ERR_WEAK_KEY', 'a short RSA key', () => provider({ key: weak, alg: 'PS256' })],
]

test('every code that the library has is among them', { tags: ['L1'] }, () => {
  const source = readFileSync(new URL('../../packages/core/src/errors.ts', import.meta.url), 'utf8')
  const declared = new Set(source.match(/ERR_[A-Z_]+(?=')/g))
  expect(declared.size).toBeGreaterThan(30)
  expect(new Set(failures.map(([code]) => code))).toEqual(declared)
})

test.each(failures)(
  '%s after %s shows no secret in any form',
  { tags: ['L1'] },
  async (code, _, fail) => {
    const known = search.size
    const error = await rejection(fail)
    expect(error.code).toBe(code)
    expect(error.message).not.toBe('')
    expect(search.leaks(error)).toEqual([])
    // Search for the request's contents, too.
    if (/^ERR_(TOKEN|OAUTH)/.test(code)) expect(search.size).toBeGreaterThan(known)
  },
)

test('the search finds a planted leak in each of its forms', { tags: ['L1', 'L2'] }, () => {
  const planted = Object.assign(new Error(`sent ${secretOfKey}`), {
    key: jwk,
    cause: new Error(pem),
  })
  expect(search.leaks(planted)).toEqual([...shownAs(planted).keys()])
  const [line] = secretsOf(privateKey)
  expect(search.leaks(new Error('outer', { cause: { assertion: line } }))).toContain('cause')
  const hidden = Object.defineProperty({}, 'hidden', { get: () => secretOfKey })
  expect(search.leaks(hidden)).toContain('inspect, all of it')
})

test('a token shows its members to destructuring, and no secret to anything else', {
  tags: ['L2'],
}, async () => {
  const token = await provider({ scope: 'accounts' }).getAccessToken()
  const { value, authorization, scope } = token
  expect(server.isLive(value)).toBe(true)
  expect(authorization).toBe(`Bearer ${value}`)
  expect(scope).toBe('accounts')
  expect(search.leaks(token)).toEqual([])
  expect(JSON.parse(JSON.stringify(token))).toMatchObject({
    value: '[redacted]',
    authorization: '[redacted]',
  })
  expect(inspect(token)).toContain('[redacted]')
  expect({ ...token }).toEqual({})
})

test('provider, shared store, and what the adapters make of them show no secret', {
  tags: ['L2'],
}, async () => {
  const store = memoryStore()
  const tokens = provider({ store })
  const { value } = await tokens.getAccessToken()
  const hooks = authorizationHooks(tokens, { origins: [api] })
  const instance = axios.create({ baseURL: api })
  const eject = addAuthorization(instance, tokens)
  const send = authorizedFetch(tokens, { origins: [api] })
  for (const held of [tokens, store, send, hooks, ky.create({ hooks }), instance, eject]) {
    expect(search.leaks(held)).toEqual([])
  }
  expect(search.size).toBe(leakSearch(privateKey, weak).size + 4)
  const keeping = Object.assign(() => {}, { tokens: [value] })
  expect(search.leaks(keeping)).toContain('inspect, all of it')
})

const unreached = 'the host could not be reached, or the connection broke'
const quoting: [name: string, quote: (secret: string) => unknown, message: string][] = [
  [
    'Headers.set',
    (secret) => new Headers().set('authorization', `${secret}\n\u0100`),
    'fetch rejected the request before it was sent',
  ],
  ['JSON.parse', (secret) => JSON.parse(secret), unreached],
  ['URL', (secret) => new URL(secret), unreached],
  ['Request', (secret) => new Request(`not a URL: ${secret}`), unreached],
]

test.each(quoting)(
  'what %s throws is neither message nor cause',
  { tags: ['L6'] },
  async (_, quote, message) => {
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
      message: expect.stringContaining(message),
    })
    expect(error.message).not.toContain((platform as Error).message)
    expect(error.cause).not.toBe(platform)
    expect(error.cause).toMatchObject({ name: (platform as Error).name })
    expect((error.cause as Error).message).toMatch(omitted)
    expect(search.leaks(error)).toEqual([])
  },
)

const omitted = /The original message is omitted: it may contain secrets\.$/

/** An error that shows a secret wherever an error may hold one. */
function quotingError(secret: string): Error {
  const inner = Object.assign(new Error(secret), { code: 'EPIPE', syscall: 'write' })
  inner.stack = `Error: ${secret}\n    at ${secret} (file:///${secret})`
  return Object.assign(inner, {
    ...{ config: { headers: { authorization: secret } }, body: secret, [Symbol(secret)]: secret },
    ...{ cause: new AggregateError([new Error(secret)], secret), toJSON: () => secret },
    [inspect.custom]: () => secret,
  })
}

const outside: [sender: string, options: (fail: () => never) => Partial<TokenProviderOptions>][] = [
  ['fetch', (fail) => ({ fetch: async () => fail() })],
  ['the key function', (fail) => ({ key: async () => fail() })],
  [
    'the signer',
    (fail) => ({
      key: undefined,
      signer: { alg: 'ES256', kid: 'key-1', sign: async () => fail() },
    }),
  ],
]

test.each(outside)(
  'the cause is a new error after one of %s',
  { tags: ['L6'] },
  async (_, options) => {
    const thrown = quotingError(secretOfKey)
    expect(search.leaks({ cause: thrown })).toContain('cause')
    const { cause } = await rejection(() =>
      provider(
        options(() => {
          throw thrown
        }),
      ).getAccessToken(),
    )
    expect(Object.getPrototypeOf(cause)).toBe(Error.prototype)
    expect(Reflect.ownKeys(cause as Error).sort()).toEqual(
      ['code', 'message', 'name', 'stack', 'syscall'].sort(),
    )
    expect({ ...(cause as Error) }).toEqual({ code: 'EPIPE', syscall: 'write' })
    expect((cause as Error).message).toBe(
      'write EPIPE. The original message is omitted: it may contain secrets.',
    )
    expect(search.leaks({ cause })).toEqual([])
  },
)

test('loggers show the cause by its name and code, and where each comes from', {
  tags: ['L6'],
}, async () => {
  const thrown = Object.assign(new RangeError(secretOfKey), { code: 'ECONNRESET', syscall: 'read' })
  const error = await rejection(() =>
    provider({ fetch: () => Promise.reject(thrown) }).getAccessToken(),
  )
  const { stack } = error.cause as Error
  expect(stack).toMatch(/^RangeError: read ECONNRESET\. The original message is omitted.*\n +at /)
  expect(error.stack).toMatch(/^TokenTransportError: The token request .*\n +at /)
  expect(inspect(error)).toMatch(
    /\[cause\]: (Error \[)?RangeError\]?: read ECONNRESET\. The original message/,
  )
  expect(inspect(error)).toContain("code: 'ECONNRESET'")
  expect(Object.keys(error)).not.toContain('cause')
  expect(JSON.stringify(error)).not.toContain('ECONNRESET. The original')
})

test('shows no secret in a failed renewal and in its event', { tags: ['L1'] }, async () => {
  const clock = createManualClock(Date.now())
  const events: unknown[] = []
  const tokens = provider({ clock, onEvent: (event) => events.push(event) })
  const token = await tokens.getAccessToken()
  server.next({ status: 503, body: token.value })
  const error = await rejection(() => tokens.getAccessToken({ forceRenewal: true }))
  expect(error.code).toBe('ERR_TOKEN_UNAVAILABLE')
  expect(search.leaks(error)).toEqual([])
  expect(events.map((event) => (event as { type: string }).type)).toEqual([
    'token-issued',
    'token-request-failed',
    'renewal-failed',
  ])
  expect(search.leaks(events)).toEqual([])
})
