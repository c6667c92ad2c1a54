import { readFile } from 'node:fs/promises'
import { createTestClient } from '@countersign/testing'
import { beforeAll, expect, onTestFinished, test } from 'vitest'
import { type Block, documentedBlocks, programOf, root } from '../end-to-end/documented-program.ts'
import { type Installation, installation } from './installation.ts'
import { names } from './published.ts'

let installed: Installation
let blocks: Block[]

beforeAll(async () => {
  const clients = ['axios@1', 'axios-retry@4', 'ky@2', 'openapi-fetch@0.17', 'graphql-request@7']
  const telemetry = ['@opentelemetry/api@1', 'prom-client@15', 'pino@10', 'graphql@16']
  installed = await installation('jobs', [...names, ...clients, ...telemetry])
  await installed.write({ 'package.json': '{ "private": true, "type": "module" }\n' })
  blocks = await documentedBlocks()
})

/** Starts servers for one job. */
async function startClient() {
  const client = await createTestClient()
  onTestFinished(() => client.close())
  const env = { ...client.env, API_ORIGIN: client.api.origin }
  const run = async (file: string, code: string) => {
    await installed.write({ [file]: code })
    const ended = await installed.run(`node --disable-warning=ExperimentalWarning ${file}`, { env })
    expect(ended).toMatchObject({ code: 0, stderr: '' })
    return ended.stdout
  }
  return { ...client, run }
}

/** Returns the program of the block that contains the text, for this API. */
function documented(page: string, text: string, origin = ''): string {
  const block = blocks.find((block) => block.page === page && block.code.includes(text))
  if (block === undefined) expect.unreachable(`${page} has no block with ${text}`)
  return programOf(block, blocks).replaceAll('https://api.example.com', origin)
}

test('a CommonJS service adds a line to its axios instance, and a line for axios-retry', async () => {
  const { api, run } = await startClient()
  const program = `
const { createTokenProvider } = require('@countersign/core')
const { optionsFromEnv } = require('@countersign/core/env')
const { addAuthorization, retryCondition } = require('@countersign/axios-interceptor')
const { default: axiosRetry } = require('axios-retry')
const api = require('axios').create({ baseURL: process.env.API_ORIGIN })
addAuthorization(api, createTokenProvider(optionsFromEnv()))
axiosRetry(api, { retryCondition })
api.get('/accounts').then(({ status }) => console.log(status))`
  api.next({ status: 503 })
  expect(await run('service.cjs', program)).toBe('200\n')
  expect(api.requests.map(({ status }) => status)).toEqual([503, 200])
})

test('a ky service keeps its token through a fetch of one argument', async () => {
  const { api, run } = await startClient()
  const program = `
import { createTokenProvider } from '@countersign/core'
import { optionsFromEnv } from '@countersign/core/env'
import { authorizationHooks } from '@countersign/ky-hook'
import ky from 'ky'
const prefix = process.env.API_ORIGIN
const hooks = authorizationHooks(createTokenProvider(optionsFromEnv()), { origins: [prefix] })
const api = ky.create({ prefix, hooks, fetch: (request) => fetch(request) })
console.log((await api.post('accounts', { json: {} })).status)`
  expect(await run('ky.mjs', program)).toBe('200\n')
  expect(api.requests.map(({ status }) => status)).toEqual([200])
})

test('a platform engineer starts a server, and the first call needs the file of --save only', async () => {
  const page = await readFile(new URL('docs/guides/quick-start.md', root), 'utf8')
  const [, program = ''] = /^```js\n(.*?)^```$/ms.exec(page) ?? []
  await installed.write({ 'first-call.mjs': program })
  const call = 'node --env-file=.env first-call.mjs'
  const script = `
node_modules/.bin/countersign serve --save .env > serve.log & server=$!
while ! grep -q 'They are in' serve.log; do :; done
${call}; code=$?; kill $server; wait $server; cat serve.log; exit $code`
  const { code, stdout } = await installed.run(script)
  expect([code, stdout]).toEqual([0, expect.stringContaining('200 { ok: true')])
  expect(stdout).toContain('Created countersign.pem')
  expect(stdout).toMatch(/\d\d:\d\d:\d\d 200 POST \/token a token for client-1 \(.*\) in \d+ ms\n/)
})

test('an operator has metrics, spans, logs, health and shutdown in a few lines', async () => {
  const guide = 'docs/guides/monitoring.md'
  const { api, server, run } = await startClient()
  const failing = `\nimport { register } from 'prom-client'
await tokens.getAccessToken().catch(() => {})
console.log(await register.metrics())`
  server.next({ status: 401, body: { error: 'invalid_client' } })
  const metrics = await run('prometheus.ts', documented(guide, 'prom-client') + failing)
  expect(metrics).toContain('countersign_renewal_failures_total{countersign_serving="false"} 1')
  const call = `\nawait api('${api.origin}/accounts')`
  await run('telemetry.ts', documented(guide, 'openTelemetry', api.origin) + call)
  expect(api.requests.map(({ status }) => status)).toEqual([200])
  const logged = await run(
    'log.ts',
    `${documented(guide, 'pino')}\nlog.error({ err: new Error('x') })`,
  )
  expect(JSON.parse(logged).err).toMatchObject({ name: 'Error', message: 'x' })

  /** Lines that the reader writes for it, in addition to a provider, an adapter or a server. */
  const written = (text: string, own: RegExp) =>
    documented(guide, text)
      .split('\n')
      .filter((line) => own.test(line))
  const counting = /^const (\[name|failures|onEvent)|^ {2}(event\.type|failures\.)|^ {2}onEvent,/
  expect(written('prom-client', counting)).toHaveLength(6)
  expect(written('openTelemetry', /telemetry[ .]/)).toHaveLength(3)
  expect(written('createServer', /isReady/)).toHaveLength(2)
  expect(written('SIGTERM', /SIGTERM/)).toHaveLength(1)
  expect(
    documented('docs/guides/axios.md', 'axios-retry').match(/^axiosRetry\(.*\)$/gm),
  ).toHaveLength(1)
})

test('a generated client and a GraphQL client take the fetch function in a line', async () => {
  const { api, run } = await startClient()
  api.next({}, { body: { data: { ok: true } } })
  const program = `
import { createTokenProvider } from '@countersign/core'
import { optionsFromEnv } from '@countersign/core/env'
import { authorizedFetch } from '@countersign/core/fetch'
import { GraphQLClient } from 'graphql-request'
import createClient from 'openapi-fetch'
const { API_ORIGIN } = process.env
const fetch = authorizedFetch(createTokenProvider(optionsFromEnv()), { origins: [API_ORIGIN] })
const { data } = await createClient({ baseUrl: API_ORIGIN, fetch }).GET('/accounts')
const { ok } = await new GraphQLClient(API_ORIGIN + '/graphql', { fetch }).request('{ ok }')
console.log(data.ok, ok)`
  expect(await run('clients.mjs', program)).toBe('true true\n')
  expect(api.requests.map(({ method, status }) => [method, status])).toEqual([
    ['GET', 200],
    ['POST', 200],
  ])
})
