/**
 * All inputs of the core, under each pollutant and under all together: options, keys, token requests
 * and responses, failures and stored tokens. The answers have no prototype, so that only the core
 * can read `Object.prototype`.
 */
import { createPrivateKey, webcrypto } from 'node:crypto'
import process from 'node:process'
import { setImmediate } from 'node:timers/promises'
import {
  type AccessTokenOptions,
  createTokenProvider,
  isCountersignError,
  type KeyInput,
  type TokenFetch,
  type TokenProviderOptions,
} from '@countersign/core'
import { createAuthorizer, type HttpClient } from '@countersign/core/adapter'
import { authorizedFetch } from '@countersign/core/fetch'
import { clientKey } from '../../../support/keys.ts'
import { pollutants, polluted } from '../../../support/pollutants.ts'

const { pem, jwk } = clientKey
const pair = await webcrypto.subtle.generateKey({ name: 'ECDSA', namedCurve: 'P-256' }, true, [
  'sign',
])
const clientId = 'client-1'
const tokenEndpoint = 'https://login.example.com/token'
const token = '{"access_token":"t","token_type":"Bearer","expires_in":600}'

const accessToken = await provider({ fetch: async () => answer(200, token) }).getAccessToken()
const other = await provider({
  fetch: async () => answer(200, token.replace('"t"', '"t2"')),
}).getAccessToken()

/** The results of the inputs, in a form that can be compared. */
type Reads = Record<string, unknown>

async function reads(): Promise<Reads> {
  return {
    'no endpoint': attempt(() => createTokenProvider({ clientId, key: pem } as never)),
    'no client ID': attempt(() => createTokenProvider({ tokenEndpoint, key: pem } as never)),
    'no key': attempt(() => createTokenProvider({ clientId, tokenEndpoint })),
    'plain http': attempt(() => provider({ tokenEndpoint: 'http://login.example.com/token' })),
    'a fraction': attempt(() => provider({ timeout: 1500.5 }).tokenEndpoint),
    PEM: await sent(pem),
    JWK: await sent(jwk),
    KeyObject: await sent(createPrivateKey(pem)),
    CryptoKey: await sent(pair.privateKey),
    'a key with its kid': await sent({ key: pem, kid: 'key-1' }),
    'the least token response': await asked(200, '{"access_token":"t"}'),
    'an empty token response': await asked(200, '{}'),
    'an empty error response': await asked(400, '{}'),
    'an error response': await asked(400, '{"error":"invalid_scope"}'),
    'a broken connection': await failed(new TypeError('fetch failed')),
    'a key function that fails': await got(
      provider({
        key: () => {
          throw new TypeError('no key')
        },
      }),
    ),
    'a stored token without members': await stored({}),
    'a stored token without a scope': await stored({
      ...{ value: 's', tokenType: 'Bearer', issuedAt: Date.now(), expiresAt: Date.now() + 1e6 },
    }),
    'a store that fails': await storeFailing(new TypeError('no store')),
    'a call without members': await calledTwice({}),
    'a URL through fetch': await fetched(new URL('https://api.example/x')),
    'what becomes a URL through fetch': await fetched({
      toString: () => 'https://api.example/x',
    } as URL),
    'a text through fetch': await fetched('https://api.example/x', {
      ...{ method: 'POST', body: 'order', headers: { accept: 'text/plain' } },
    }),
    'a 401 of another scheme': await judged(401, 'Basic realm="x"'),
    'a 401 about the token': await judged(401, 'Bearer'),
    'a 403 that names a scope': await judged(403, 'Bearer error=insufficient_scope, scope="a b"'),
    'a 403 that names none': await judged(403, 'Bearer error=insufficient_scope'),
    'a caller who aborts': await aborted(),
    'timers left': process.getActiveResourcesInfo().filter((name) => name === 'Timeout'),
  }
}

function provider(options: Partial<TokenProviderOptions>) {
  return createTokenProvider({ clientId, tokenEndpoint, key: pem, retries: 0, ...options })
}

/** A response with nothing to inherit from. */
function answer(status: number, text: string): Response {
  const body = [new TextEncoder().encode(text)]
  const own = { ok: status === 200, status, type: 'basic', redirected: false, body }
  return { __proto__: null, ...own, headers: { __proto__: null, get: () => null } } as never
}

/** The request that a key of this form leads to, as far as it is the same each time. */
async function sent(key: unknown): Promise<unknown> {
  const seen: unknown[] = []
  const fetch: TokenFetch = async (url, init) => {
    const form = new URLSearchParams(String(init.body))
    const [header = '', payload = ''] = (form.get('client_assertion') ?? '').split('.')
    form.delete('client_assertion')
    const { iat, exp, jti, ...claims } = JSON.parse(Buffer.from(payload, 'base64url').toString())
    seen.push(url, [...form], Buffer.from(header, 'base64url').toString(), claims)
    seen.push(exp - iat, typeof jti, Object.keys(init), Object.entries(init.headers ?? {}))
    seen.push(Object.getPrototypeOf(init), init.method, init.redirect)
    return answer(200, token)
  }
  return [await got(provider({ key: key as KeyInput, fetch })), seen]
}

async function asked(status: number, body: string): Promise<unknown> {
  const events: string[] = []
  const fetch: TokenFetch = async () => answer(status, body)
  const onEvent = (event: { type: string; warning?: string }) =>
    void events.push(Object.hasOwn(event, 'warning') ? `${event.warning}` : event.type)
  return [await got(provider({ fetch, onEvent })), events]
}

function failed(error: Error): Promise<unknown> {
  const fetch: TokenFetch = () => Promise.reject(error)
  return got(provider({ fetch }))
}

/** What comes of a record that a shared store holds. */
function stored(record: object): Promise<unknown> {
  const store = { get: async () => record as never, set: async () => {}, delete: async () => true }
  return got(provider({ store, fetch: async () => answer(200, token) }))
}

/** Returns the events of a store whose calls fail. */
async function storeFailing(error: Error): Promise<unknown> {
  const fail = () => Promise.reject(error)
  const told: unknown[] = []
  const onEvent = (event: { type: string; reason?: string }) =>
    void (event.type === 'store-failed' && told.push(event.reason))
  const fetch: TokenFetch = async () => answer(200, token)
  return [
    await got(provider({ store: { get: fail, set: fail, delete: fail }, fetch, onEvent })),
    told,
  ]
}

/** Returns the arguments of fetch for a rejected request and its replay. */
async function fetched(target: string | URL, init?: RequestInit): Promise<unknown> {
  const given: unknown[] = []
  const fetch = async (url: unknown, { headers, ...own }: RequestInit = {}) => {
    given.push(typeof url, String(url), Object.entries(own), Object.entries(headers ?? {}))
    return answer(given.length > 4 ? 200 : 401, '')
  }
  const tokens = { getAccessToken: async () => other, invalidate: () => {} }
  const source = { ...tokens, currentAccessToken: () => (given.length === 0 ? accessToken : other) }
  const options = { origins: ['https://api.example'], fetch: fetch as never }
  await authorizedFetch(source, options)(target, init)
  return given
}

/** Returns the calls and events after an answer of an API. */
async function judged(status: number, challenge: string): Promise<unknown> {
  const told: unknown[] = []
  const tokens = { getAccessToken: async () => accessToken, invalidate: () => told.push('refused') }
  const host: HttpClient<string, number> = {
    url: (url) => url,
    method: () => 'GET',
    authorization: () => undefined,
    hasAuthorization: () => false,
    isReplayable: () => false,
    wait: (_, waited) => waited,
    send: async (_, { authorization }) => {
      told.push(String(authorization))
      return status
    },
    status: (outcome) => outcome,
    challenge: () => challenge,
    responseUrl: () => undefined,
    discard: () => {},
  }
  const options = { origins: ['https://api.example'], onEvent: (event: object) => told.push(event) }
  const authorize = createAuthorizer(tokens as never, host, options)
  await authorize('https://api.example/x')
  await authorize('https://foreign.example/x')
  return told
}

/** Whether the second call is given the same token. */
async function calledTwice(options: AccessTokenOptions): Promise<unknown> {
  const tokens = provider({ fetch: async () => answer(200, token) })
  const given = await tokens.getAccessToken().catch(shown)
  return (await tokens.getAccessToken(options).catch(shown)) === given
}

/** Returns the reason that a caller who aborts receives. */
async function aborted(): Promise<unknown> {
  let end = () => {}
  const response = new Promise<Response>((resolve) => {
    end = () => resolve(answer(200, token))
  })
  const caller = new AbortController()
  const waiting = provider({ fetch: () => response }).getAccessToken({ signal: caller.signal })
  caller.abort('the caller left')
  const reason = await waiting.catch(String)
  end()
  for (let turn = 0; turn < 10; turn++) await setImmediate()
  return reason
}

async function got(tokens: ReturnType<typeof provider>): Promise<unknown> {
  try {
    const { value, tokenType, scope, issuedAt, expiresAt } = await tokens.getAccessToken()
    return [value, tokenType, String(scope), Math.round((expiresAt - issuedAt) / 1e4)]
  } catch (error) {
    return shown(error)
  }
}

function attempt(work: () => unknown): unknown {
  try {
    return typeof work()
  } catch (error) {
    return shown(error)
  }
}

function shown(error: unknown): unknown {
  if (!isCountersignError(error)) return String(error)
  const { name, code, message, retryable } = error
  const cause = Object.hasOwn(error, 'cause') && Object.entries(error.cause as object)
  return [name, code, message, retryable, Object.keys(error), cause]
}

// With a passphrase there, Node itself aborts in createPrivateKey.
const { passphrase, ...others } = pollutants('https://evil.test')
// Names of events break Node's sockets; here there are none.
const each: Record<string, unknown> = {
  ...others,
  ...{ error: 'insufficient_scope', error_description: 'polluted', timeout: 1, data: 'polluted' },
}
const results: Record<string, Reads> = { nothing: await reads() }
for (const [name, value] of Object.entries(each)) {
  results[name] = await polluted({ [name]: value }, reads)
}
results.everything = await polluted(each, reads)
console.log(JSON.stringify(results))
