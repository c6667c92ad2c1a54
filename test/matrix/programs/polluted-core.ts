/**
 * Everything that the core reads, under each pollutant and under all together: options, keys, the
 * token request, token responses, failures and stored tokens. The answers are objects without a
 * prototype, so that nothing but our code can look at `Object.prototype`.
 */
import { createPrivateKey, generateKeyPairSync, webcrypto } from 'node:crypto'
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
import { importJWK } from 'jose'
import { pollutants, polluted } from './pollutants.ts'

const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
const pem = String(privateKey.export({ type: 'pkcs8', format: 'pem' }))
const jwk = { kty: 'EC', ...privateKey.export({ format: 'jwk' }) }
const pair = await webcrypto.subtle.generateKey({ name: 'ECDSA', namedCurve: 'P-256' }, true, [
  'sign',
])
const clientId = 'client-1'
const tokenEndpoint = 'https://login.example.com/token'
const token = '{"access_token":"t","token_type":"Bearer","expires_in":600}'

/** What each read gave, in words that can be compared. */
type Reads = Record<string, unknown>

async function reads(): Promise<Reads> {
  return {
    'no endpoint': attempt(() => createTokenProvider({ clientId, key: pem } as never)),
    'no client id': attempt(() => createTokenProvider({ tokenEndpoint, key: pem } as never)),
    'no key': attempt(() => createTokenProvider({ clientId, tokenEndpoint })),
    'plain http': attempt(() => provider({ tokenEndpoint: 'http://login.example.com/token' })),
    'a fraction': attempt(() => provider({ timeout: 1500.5 }).tokenEndpoint),
    'jose alone': await importJWK(jwk, 'ES256').then(
      () => 'imported',
      (error: Error) => error.name,
    ),
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
    'a stored token without members': await stored({}),
    'a stored token without a scope': await stored({
      ...{ value: 's', tokenType: 'Bearer', issuedAt: Date.now(), expiresAt: Date.now() + 1e6 },
    }),
    'a call without members': await calledTwice({}),
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

/** Whether the second call is given the same token. */
async function calledTwice(options: AccessTokenOptions): Promise<unknown> {
  const tokens = provider({ fetch: async () => answer(200, token) })
  const given = await tokens.getAccessToken().catch(shown)
  return (await tokens.getAccessToken(options).catch(shown)) === given
}

/** What a caller gets who waits no longer; the token request ends after that. */
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
  return [name, code, message, retryable, Object.keys(error), Object.hasOwn(error, 'cause')]
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
delete each.alg
results.everything = await polluted(each, reads)
console.log(JSON.stringify(results))
