import { execFile } from 'node:child_process'
import { generateKeyPairSync } from 'node:crypto'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import process from 'node:process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { createAuthorizationServer } from '@countersign/testing'
import { expect, test } from 'vitest'
import { createLruMap } from '#core/store/lru-map.js'

const megabyte = 2 ** 20

async function run(program: string, env: Record<string, string> = {}) {
  const path = fileURLToPath(new URL(`programs/${program}`, import.meta.url))
  const flags = ['--expose-gc', path]
  const { stdout, stderr } = await promisify(execFile)(process.execPath, flags, { env })
  expect(stderr).toBe('')
  return JSON.parse(stdout)
}

test('P5 P6: a hundred thousand scopes leave little on the heap, and a million calls nothing', async () => {
  const { ofScopes, ofCalls, perSecond, ...counts } = await run('many-tokens.ts')
  expect(counts).toEqual({ requests: 3_001, kept: 1_000, isSame: true })
  // Unbounded, they would need some 300 MB.
  expect(ofScopes).toBeLessThan(20 * megabyte)
  expect(ofCalls).toBeLessThan(megabyte)
  console.log(`P6: ${perSecond.toLocaleString('en')} calls for a token at hand in a second`)
})

test('ten thousand failed token requests leave nothing on the heap', {
  timeout: 60_000,
}, async () => {
  const { requests, growth } = await run('failed-requests.ts')
  expect(requests).toBe(11_000)
  expect(growth).toBeLessThan(megabyte)
})

test('P5: a new key looks at ten others in use at most, however many there are', () => {
  let looks = 0
  let isBusy = true
  const entries = createLruMap<number>(1_000, () => {
    looks += 1
    return isBusy
  })
  for (let key = 0; key < 5_000; key++) entries.set(`${key}`, key)
  expect(looks).toBeLessThanOrEqual(4_000 * 10)
  isBusy = false
  entries.set('one more', 1)
  expect([...entries.values()]).toHaveLength(1_000)
  expect(entries.get('one more')).toBe(1)
})

/** Its own fetch warns of listeners where many requests have one signal, and keeps memory for them. */
const isNode22 = process.version.startsWith('v22.')

test.concurrent.for(isNode22 ? [] : ['fetch', 'ky', 'axios'])(
  'P10: through %s ten thousand requests with one signal leave no listener, no socket, no memory',
  { timeout: 60_000 },
  async (host, { onTestFinished }) => {
    const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
    const issuer = await createAuthorizationServer()
    const keys = [publicKey.export({ format: 'jwk' }) as { kty: string }]
    issuer.register({ clientId: 'institution-1', jwks: { keys } })
    let authorized = 0
    let connections = 0
    const api = createServer(({ headers: { authorization = '' } }, response) => {
      if (authorization.startsWith('Bearer ')) authorized += 1
      response.end('ok')
    })
    api.on('connection', () => {
      connections += 1
    })
    // While the garbage is collected, no connection may end.
    api.keepAliveTimeout = 60_000
    await new Promise<void>((resolve) => api.listen(0, '127.0.0.1', resolve))
    onTestFinished(async () => {
      api.closeAllConnections()
      await Promise.all([issuer.close(), new Promise((resolve) => api.close(resolve))])
    })
    const { growth, ...rest } = await run('long-lived-signal.ts', {
      ...{ HOST: host, TOKEN_ENDPOINT: issuer.tokenEndpoint },
      API_ORIGIN: `http://127.0.0.1:${(api.address() as AddressInfo).port}`,
      PRIVATE_KEY: String(privateKey.export({ type: 'pkcs8', format: 'pem' })),
    })
    expect(rest).toEqual({ sent: 10_000, listeners: 0, alive: [] })
    expect(growth).toBeLessThan(megabyte)
    expect(authorized).toBe(10_000)
    expect(connections).toBeLessThan(100)
    expect(issuer.issued).toBe(1)
  },
)
