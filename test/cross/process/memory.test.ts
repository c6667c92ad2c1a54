import { createServer } from 'node:http'
import process from 'node:process'
import { createAuthorizationServer } from '@countersign/testing'
import { expect, test } from 'vitest'
import { createLruMap } from '#core/store/lru-map.js'
import { listen } from '../../../examples/servers/listen.ts'
import { clientKey } from '../../support/keys.ts'
import { resultOf, runProgram } from '../../support/run-program.ts'

const megabyte = 2 ** 20

function run(program: string, env: Record<string, string> = {}) {
  const url = new URL(`programs/${program}`, import.meta.url)
  return resultOf(runProgram(url, env, { flags: ['--expose-gc'] }))
}

test('a hundred thousand scopes leave little on the heap, and a million calls nothing', {
  tags: ['P5', 'P6'],
}, async () => {
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

test('a new key looks at ten others in use at most, however many there are', {
  tags: ['P5'],
}, () => {
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

test.concurrent.for(isNode22 ? [] : ['fetch', 'ky', 'axios, http'])(
  'through %s ten thousand requests with one signal leave no listener, no socket, no memory',
  { tags: ['P10'], timeout: 60_000 },
  async (host, { onTestFinished }) => {
    const issuer = await createAuthorizationServer()
    issuer.register({ clientId: 'client', jwks: clientKey.jwks })
    let authorized = 0
    let connections = 0
    const api = createServer(({ headers: { authorization = '' } }, response) => {
      if (authorization.startsWith('Bearer ')) authorized += 1
      response.end('ok')
    })
    api.on('connection', () => {
      connections += 1
    })
    const { origin, close } = await listen(api)
    onTestFinished(() => Promise.all([issuer.close(), close()]).then(() => {}))
    const { growth, ...rest } = await run('long-lived-signal.ts', {
      ...{ HOST: host, TOKEN_ENDPOINT: issuer.tokenEndpoint },
      ...{ API_ORIGIN: origin, PRIVATE_KEY: clientKey.pem },
    })
    expect(rest).toEqual({ sent: 10_000, listeners: 0, alive: [] })
    expect(growth).toBeLessThan(megabyte)
    expect(authorized).toBe(10_000)
    expect(connections).toBeLessThan(100)
    expect(issuer.issued).toBe(1)
  },
)
