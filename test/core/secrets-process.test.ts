// @module-tag L9

import { spawn } from 'node:child_process'
import { generateKeyPairSync } from 'node:crypto'
import { once } from 'node:events'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import { expect, onTestFinished, test } from 'vitest'
import { type LeakSearch, leakSearch } from '../support/leak-search.ts'
import { type Answer, type RecordingApi, startRecordingApi } from '../support/recording-api.ts'

const program = fileURLToPath(
  new URL('../cross/process/programs/careless-program.ts', import.meta.url),
)
const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })

/** Tokens that are easily found; the second request fails, and so does the scope `refused`. */
function issuing(search: LeakSearch): Answer {
  let count = 0
  return (response, { body }) => {
    const form = new URLSearchParams(String(body))
    const assertion = form.get('client_assertion') ?? ''
    search.addAssertion(assertion)
    count += 1
    if (count === 2) return void response.writeHead(503).end(`cannot read ${assertion}`)
    const access_token = `secret-token-${count}-of-this-run`
    search.add(access_token)
    const isRefused = form.get('scope') === 'refused'
    const refusal = { error: 'invalid_client', error_description: `${assertion} does not hold` }
    const answer = isRefused ? refusal : { access_token, token_type: 'Bearer', expires_in: 600 }
    response.writeHead(isRefused ? 400 : 200, { 'content-type': 'application/json' })
    response.end(JSON.stringify(answer))
  }
}

const answerOf: Answer = (response, { url, authorization }) => {
  const isRefused = url === '/refused-once' && authorization?.includes('secret-token-1-')
  const status = url === '/failing' ? 500 : isRefused ? 401 : 200
  response.writeHead(status, { 'www-authenticate': 'Bearer error="invalid_token"' }).end('done')
}

async function run(host: string, ending: string) {
  const search = leakSearch(privateKey)
  const servers = await Promise.all([issuing(search), answerOf].map((it) => startRecordingApi(it)))
  const [issuer, api] = servers as [RecordingApi, RecordingApi]
  onTestFinished(() => void Promise.all(servers.map((server) => server.close())))
  const child = spawn(process.execPath, [program], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: {
      ...{ HOST: host, ENDING: ending, API_ORIGIN: api.origin },
      TOKEN_ENDPOINT: `${issuer.origin}/token`,
      PRIVATE_KEY: String(privateKey.export({ type: 'pkcs8', format: 'pem' })),
    },
  })
  const closed = once(child, 'close')
  const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr)])
  const [code] = (await closed) as [number | null]
  return { code, stdout, stderr, search, issuer, api }
}

test.each([
  ['fetch', 'no token', 'TokenEndpointError'],
  ['fetch', 'uncaught', 'TokenEndpointError'],
  ['ky', 'no token', 'TokenEndpointError'],
  ['ky', 'API error', 'HTTPError'],
  ['axios', 'no token', 'AxiosError'],
  ['axios', 'uncaught', 'AxiosError'],
])(
  'a program that logs all it has of %s, and dies of an error (%s), shows no secret',
  async (host, ending, name) => {
    const { code, stdout, stderr, search, api } = await run(host, ending)
    expect(code).toBe(1)
    for (const seen of ['token-issued', 'renewal-failed', 'request-replayed', '[redacted]']) {
      expect(stdout).toContain(seen)
    }
    for (const seen of ['ERR_TOKEN_UNAVAILABLE', 'the caller left', 'ERR_FOREIGN_ORIGIN']) {
      expect(stdout + stderr).toContain(seen)
    }
    expect(stderr.trim().split('\n').at(-1)).toMatch(/^Node\.js v/)
    expect(stderr.split('the caller left').at(-1)).toContain(`${name}: `)
    expect(api.seen.every(({ authorization = '' }) => search.isIn(authorization))).toBe(true)
    expect(search.isIn(stdout)).toBe(false)
    expect(search.isIn(stderr)).toBe(false)
    expect(stdout + stderr).not.toContain('eyJ')
  },
)

test('the search finds a token that is logged, and the one in an axios error', async () => {
  const planted = await run('fetch', 'planted')
  expect(planted.search.isIn(planted.stdout)).toBe(true)
  // As docs/guides/axios.md says: the error of an API failure shows the request that was sent.
  const failed = await run('axios', 'API error')
  expect(failed.code).toBe(1)
  expect(failed.search.isIn(failed.stdout)).toBe(false)
  expect(failed.search.isIn(failed.stderr)).toBe(true)
})
