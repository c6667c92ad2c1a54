import { execFile } from 'node:child_process'
import { generateKeyPairSync } from 'node:crypto'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { isCountersignError, type TokenFetch } from '@countersign/core'
import { createAuthorizationServer } from '@countersign/testing'
import { expect, onTestFinished, test } from 'vitest'
import {
  expectNoSecret,
  faultServer,
  providerFor,
  rejection,
  requestFailed,
  secretText,
  standingClock,
  wireOf,
} from '../../support/provider-under-test.ts'
import { forwardProxy } from './forward-proxy.ts'
import { nodeFetch } from './node-fetch.ts'

test('a token request is a bare form POST with nothing secret outside its body', {
  tags: ['E20'],
}, async () => {
  const server = await faultServer({
    type: 'answer',
    headers: { 'set-cookie': 'session=1; Path=/' },
  })
  const tokenEndpoint = `${server.tokenEndpoint}?tenant=a%20b&%74=1`
  const { tokens } = providerFor(tokenEndpoint, { clock: standingClock(), scope: 'accounts' })
  await tokens.getAccessToken()
  await tokens.getAccessToken({ forceRenewal: true })

  expect(server.requests).toHaveLength(2)
  for (const request of server.requests) {
    const { head, body } = wireOf(request)
    const [requestLine, ...lines] = head.split('\r\n')
    expect(requestLine).toBe('POST /token?tenant=a%20b&%74=1 HTTP/1.1')
    const headers = Object.fromEntries(lines.map((line) => line.toLowerCase().split(': ')))
    expect(headers).toEqual({
      host: new URL(server.origin).host,
      connection: 'keep-alive',
      'content-type': 'application/x-www-form-urlencoded',
      'content-length': String(body.length),
      accept: 'application/json',
      'accept-encoding': 'gzip, deflate',
      'accept-language': '*',
      pragma: 'no-cache',
      'cache-control': 'no-cache',
      'sec-fetch-mode': 'cors',
      'user-agent': 'node',
    })
    expect(Object.fromEntries(new URLSearchParams(body))).toEqual({
      grant_type: 'client_credentials',
      client_id: 'client-1',
      client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
      client_assertion: expect.stringMatching(/^eyJ[\w-]+\.[\w-]+\.[\w-]+$/),
      scope: 'accounts',
    })
  }
})

test('fetch is asked for a POST without redirects, and for nothing else', {
  tags: ['E20'],
}, async () => {
  const server = await faultServer()
  const asked: [string, RequestInit][] = []
  const { tokens } = providerFor(server.tokenEndpoint, {
    clock: standingClock(),
    fetch: (url, init) => {
      asked.push([url, init])
      return fetch(url, init)
    },
  })
  await tokens.getAccessToken()
  expect(asked).toHaveLength(1)
  const [url, init] = asked[0] ?? []
  expect(url).toBe(server.tokenEndpoint)
  expect({ ...init }).toEqual({
    method: 'POST',
    redirect: 'manual',
    cache: 'no-store',
    signal: expect.any(AbortSignal),
    body: expect.any(String),
    headers: {
      accept: 'application/json',
      'content-type': 'application/x-www-form-urlencoded',
    },
  })
})

test('a fetch of the user may go through a forward proxy', { tags: ['E21'] }, async () => {
  const server = await faultServer()
  const proxy = await forwardProxy()
  const { hostname, port } = proxy.url
  const { tokens } = providerFor(server.tokenEndpoint, {
    clock: standingClock(),
    fetch: nodeFetch(({ href }) => ({ hostname, port, path: href })),
  })
  expect((await tokens.getAccessToken()).value).toBe('token-of-the-fault-server')
  expect(proxy.asked).toEqual([`POST ${server.tokenEndpoint}`])
  expect(server.requests).toHaveLength(1)
})

test('a proxy that is not there is a network error', { tags: ['E21'] }, async () => {
  const server = await faultServer()
  const gone = await faultServer()
  await gone.close()
  const { hostname, port } = new URL(gone.origin)
  const { tokens } = providerFor(server.tokenEndpoint, {
    clock: standingClock(),
    fetch: nodeFetch(({ href }) => ({ hostname, port, path: href })),
  })
  expect(await rejection(tokens.getAccessToken())).toMatchObject({
    code: 'ERR_TOKEN_NETWORK',
    cause: { code: 'ECONNREFUSED', syscall: 'connect' },
    attempts: 3,
  })
  expect(server.connections).toHaveLength(0)
})

test('uses the proxy of the environment if Node.js is set to', { tags: ['E21'] }, async () => {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const server = await createAuthorizationServer()
  onTestFinished(() => server.close())
  const jwk = { kty: 'EC', ...publicKey.export({ format: 'jwk' }) }
  server.register({ clientId: 'client-1', jwks: { keys: [jwk] } })
  const proxy = await forwardProxy()
  const script = `
    import { createTokenProvider } from '@countersign/core'
    const { TOKEN_ENDPOINT: tokenEndpoint, PRIVATE_KEY: key } = process.env
    const tokens = createTokenProvider({ clientId: 'client-1', tokenEndpoint, key })
    console.log((await tokens.getAccessToken()).tokenType)`
  const { stdout } = await promisify(execFile)(
    process.execPath,
    ['--input-type=module', '--eval', script],
    {
      cwd: fileURLToPath(new URL('../..', import.meta.url)),
      env: {
        NODE_USE_ENV_PROXY: '1',
        HTTP_PROXY: proxy.url.origin,
        TOKEN_ENDPOINT: server.tokenEndpoint,
        PRIVATE_KEY: String(privateKey.export({ type: 'pkcs8', format: 'pem' })),
      },
    },
  )
  expect(stdout).toBe('Bearer\n')
  const { tokenEndpoint } = server
  // For plain http, from Node 26 on there is none.
  const hasTunnel = Number.parseInt(process.versions.node, 10) < 26
  const asked = hasTunnel ? `CONNECT ${new URL(tokenEndpoint).host}` : `POST ${tokenEndpoint}`
  expect(proxy.asked).toEqual([asked])
  expect(server.issued).toBe(1)
})

const thrown: [what: string, value: unknown][] = [
  ['a string', secretText],
  ['undefined', undefined],
  ['null', null],
  ['a number', 7],
  ['an object', { code: secretText, message: secretText }],
]
const ways: [how: string, fail: (value: unknown) => TokenFetch][] = [
  ['rejects with', (value) => () => Promise.reject(value)],
  [
    'throws',
    (value) => () => {
      throw value
    },
  ],
]

test.each(
  ways.flatMap(([how, fail]) => thrown.map(([what, value]) => [how, what, fail(value)] as const)),
)(
  'a fetch of the user that %s %s is a network error that quotes nothing',
  { tags: ['E21'] },
  async (_, __, fetch) => {
    const server = await faultServer()
    const { tokens, events } = providerFor(server.tokenEndpoint, { clock: standingClock(), fetch })
    const error = await rejection(tokens.getAccessToken())
    expect(isCountersignError(error)).toBe(true)
    expect(error).toMatchObject({
      name: 'TokenTransportError',
      code: 'ERR_TOKEN_NETWORK',
      message: requestFailed(
        'the host could not be reached, or the connection broke. Check host, port and proxy.',
      ),
      attempts: 3,
      retryable: true,
    })
    expect(error).not.toHaveProperty('cause')
    expectNoSecret(server, error, events)
  },
)
