import { execFile } from 'node:child_process'
import { generateKeyPairSync } from 'node:crypto'
import process from 'node:process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { type AuthorizationServer, createAuthorizationServer } from '@countersign/testing'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { type RecordingApi, type Seen, startRecordingApi } from '../support/recording-api.ts'

const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
/** There a `signal` on `Object.prototype` ends sockets, and the process with them. */
const isNode22 = process.version.startsWith('v22.')
const axios112 = new URL('../node_modules/axios-1.12.0/index.js', import.meta.url).href

let server: AuthorizationServer
let api: RecordingApi
let evil: RecordingApi

beforeEach(async () => {
  server = await createAuthorizationServer()
  const keys = [publicKey.export({ format: 'jwk' }) as { kty: string }]
  server.register({ clientId: 'client-1', jwks: { keys } })
  // The API rejects the first token of a GET, so that each GET is sent again.
  let first: string | undefined
  api = await startRecordingApi((response, { url, authorization }) => {
    first ??= authorization
    const isRefused = url.includes('/get') && authorization === first
    response.writeHead(isRefused ? 401 : 200, { 'www-authenticate': 'Bearer' }).end()
  })
  evil = await startRecordingApi((response) => void response.end())
})

afterEach(() => Promise.all([server.close(), api.close(), evil.close()]))

async function run(program: string, env: Record<string, string> = {}): Promise<unknown> {
  const { stdout, stderr } = await promisify(execFile)(
    process.execPath,
    [fileURLToPath(new URL(`../cross/process/programs/${program}`, import.meta.url))],
    {
      maxBuffer: 2 ** 25,
      env: {
        ...env,
        ...{ API_ORIGIN: api.origin, EVIL_ORIGIN: evil.origin },
        ...{ TOKEN_ENDPOINT: server.tokenEndpoint },
        PRIVATE_KEY: String(privateKey.export({ type: 'pkcs8', format: 'pem' })),
      },
    },
  )
  expect(stderr).toBe('')
  return JSON.parse(stdout)
}

test('a __proto__ member out of JSON sets nothing, in any object that is taken', {
  tags: ['G15'],
}, async () => {
  const results = await run('json-prototype.ts')
  expect(results).toEqual({
    sameToken: true,
    scope: 'undefined',
    statuses: Array(10).fill(200),
    responses: [['t', null, 300_000], 'ERR_TOKEN_RESPONSE_INVALID', 'ERR_TOKEN_HTTP'],
    options: [
      // A form field may have any name. The value of this one is not a string.
      ...['ERR_INVALID_CLIENT_ID', 'ERR_INVALID_OPTION', 'ERR_NOT_PRIVATE_KEY'],
      ...['ERR_INVALID_ORIGIN', 'ERR_INVALID_ORIGIN', 'ERR_INVALID_ORIGIN'],
    ],
    polluted: [],
  })
  expect(server.requests).toHaveLength(1)
  expect(api.seen.map(({ method, url }) => `${method} ${url}`)).toEqual([
    ...['GET /fetch', 'GET /fetch', 'GET /ky', 'GET /ky', 'GET /ky', 'GET /axios', 'GET /axios'],
  ])
  expect(api.seen.every(({ authorization }) => authorization?.startsWith('Bearer '))).toBe(true)
  expect(evil.seen.map(({ authorization }) => authorization)).toEqual(Array(3).fill(undefined))
})

test('no option, key, request, response or stored token is read from Object.prototype', {
  tags: ['G16'],
}, async () => {
  const results = (await run('polluted-core.ts')) as Record<string, Record<string, unknown>>
  const { nothing, ...pollutions } = results
  expect(Object.keys(pollutions).length).toBeGreaterThan(60)
  expect(nothing).toMatchObject({
    'no endpoint': expect.arrayContaining(['ERR_INVALID_TOKEN_ENDPOINT']),
    'plain http': expect.arrayContaining(['ERR_INSECURE_TOKEN_ENDPOINT']),
    PEM: [['t', 'Bearer', 'undefined', 60], expect.anything()],
    'the least token response': [['t', 'Bearer', 'undefined', 30], expect.anything()],
    'a stored token without members': ['t', 'Bearer', 'undefined', 60],
    'a stored token without a scope': ['s', 'Bearer', 'undefined', 100],
    'a caller who aborts': 'the caller left',
    'timers left': [],
  })
  for (const [name, reads] of Object.entries(pollutions)) {
    expect({ name, ...reads }).toEqual({ name, ...nothing })
  }
})

/**
 * Names by which the host itself, without us, sends something else or fails: then ours is as the
 * host alone, or not affected. Every other name changes nothing at all.
 */
const affected: Record<string, readonly string[]> = {
  fetch: ['method', 'body', 'signal', 'status'],
  ky: ['method', 'body', 'headers', 'signal', 'fetch', 'json', 'status', 'prefix'],
  'axios, http': ['signal'],
  'axios, fetch': ['method', 'body', 'headers', 'signal', 'status'],
  'axios 1.12.0, http': [
    ...['method', 'headers', 'signal', 'url', 'baseURL', 'adapter', 'auth', 'params', 'env'],
    ...['allowAbsoluteUrls', 'socketPath', 'proxy'],
  ],
  'axios 1.12.0, fetch': [
    ...['method', 'body', 'headers', 'signal', 'url', 'baseURL', 'adapter', 'auth', 'params'],
    ...['env', 'fetchOptions', 'allowAbsoluteUrls', 'status'],
  ],
}

test.each(Object.entries(affected).filter(([host]) => !isNode22 || host !== 'axios, http'))(
  'no request through %s is changed by us',
  { tags: ['G16'] },
  async (host, names) => {
    const outcomes = await outcomesOf(host, [...names, 'context'])
    const seen = (who: 'ours' | 'alone', name: string) => ({
      outcomes: outcomes[name]?.[who],
      sent: sentBy(who, name),
    })
    const [ours, alone] = [seen('ours', 'nothing'), seen('alone', 'nothing')]
    expect(ours.outcomes).toEqual([
      ...['200', '200', '200', 'ERR_INVALID_ORIGIN'],
      ...['request-replayed', 'authorization-skipped'],
    ])
    expect(ours.sent.map(({ scheme }) => scheme)).toEqual(['Bearer', 'Bearer', 'Bearer', undefined])
    for (const name of Object.keys(outcomes)) {
      const [oursNow, aloneNow] = [seen('ours', name), seen('alone', name)]
      if (names.includes(name)) {
        expect({ name, ...aloneNow }).not.toEqual({ name, ...alone })
        const either = [aloneNow.outcomes, ours.outcomes?.slice(0, 3)]
        expect(either).toContainEqual(oursNow.outcomes?.slice(0, aloneNow.outcomes?.length))
        expect(oursNow.outcomes).not.toContain('attached')
        continue
      }
      expect({ name, ...aloneNow }).toEqual({ name, ...alone })
      if (host === 'ky' && name === 'context') {
        // ky copies it among the caller's own options before our hook sees them: no token then.
        expect(oursNow.outcomes?.slice(0, 3)).toEqual(['200', '200', '200'])
        expect(oursNow.sent.map(({ scheme }) => scheme)).toEqual(Array(3).fill(undefined))
      } else expect({ name, ...oursNow }).toEqual({ name, ...ours })
    }
    const strayed = evil.seen.filter(({ url }) => url.includes('/ours/'))
    expect(strayed.length).toBeGreaterThan(40)
    expect(strayed.filter(({ authorization }) => authorization?.startsWith('Bearer'))).toEqual([])
  },
)

test('to an adapter of the caller’s own axios gives a config that inherits nothing, and so do we', {
  tags: ['G16'],
}, async () => {
  const { nothing, ...pollutions } = (await run('polluted-adapter.ts')) as Record<string, unknown[]>
  const inherited = [null, 'function', false]
  expect(nothing).toEqual([
    ...[[200, 'Bearer t'], inherited, 0],
    ...[[401, 'Bearer t'], inherited, 1],
    ...[['Error', 'broken', false], inherited, 1],
    ...[[200, null], inherited, 1],
  ])
  expect(Object.keys(pollutions).length).toBeGreaterThan(60)
  for (const [name, results] of Object.entries(pollutions)) {
    expect({ name, results }).toEqual({ name, results: nothing })
  }
})

type Outcomes = Record<string, { ours: string[]; alone: string[] }>

async function outcomesOf(host: string, spared: readonly string[]): Promise<Outcomes> {
  const old: Record<string, string> = host.includes('1.12.0') ? { AXIOS: axios112 } : {}
  const HOST = host.replace(' 1.12.0', '')
  return (await run('polluted-hosts.ts', { HOST, SPARED: spared.join(' '), ...old })) as Outcomes
}

/** The requests that the servers received in a run. */
function sentBy(who: 'ours' | 'alone', name: string) {
  const run = `/${who}/${encodeURIComponent(name)}/`
  return [...api.seen, ...evil.seen].filter(({ url }) => url.includes(run)).map(shown)
}

function shown({ method, url, headers, body }: Seen) {
  const { host, authorization, ...others } = headers
  const scheme = authorization?.split(' ')[0]
  return { method, path: url.split('/').slice(3), body: String(body), scheme, others }
}
