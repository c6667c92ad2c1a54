import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { openTelemetry } from '@countersign/opentelemetry'
import { metrics } from '@opentelemetry/api'
import { PrometheusExporter } from '@opentelemetry/exporter-prometheus'
import { MeterProvider } from '@opentelemetry/sdk-metrics'
import { beforeAll, expect, test } from 'vitest'
import { clientKey, otherKey } from '../../support/keys.ts'
import { type Block, documentedBlocks, programOf, root } from './documented-program.ts'
import { run, startServers } from './example-program.ts'

const folder = new URL('test/.report/monitoring/', root)
let blocks: Block[]
let all: Block[]

beforeAll(async () => {
  all = await documentedBlocks()
  blocks = all.filter(({ page }) => page === 'docs/guides/monitoring.md')
  await mkdir(folder, { recursive: true })
})

/** Writes the program of the block that contains this text, followed by these lines. */
async function program(text: string, lines: string): Promise<URL> {
  const block = blocks.find(({ code }) => code.includes(text))
  if (block === undefined) expect.unreachable(`no block contains ${text}`)
  const file = new URL(`${block.name}.ts`, folder)
  await writeFile(file, `${programOf(block, all)}\n${lines}`)
  return file
}

test('the program with OpenTelemetry calls an API', async () => {
  const { server, api } = await startServers()
  const file = await program('openTelemetry', `await api('${api.origin}/accounts')`)
  const code = await readFile(file, 'utf8')
  await writeFile(file, code.replaceAll('https://api.example.com', api.origin))
  expect(await run(file, clientKey, server)).toEqual({ code: 0, stdout: '', stderr: '' })
  expect(api.requests.map(({ status }) => status)).toEqual([200])
})

test('the counters of prom-client count a failed renewal', async () => {
  const { server } = await startServers()
  const lines = `
import { register } from 'prom-client'
await tokens.getAccessToken().catch(() => {})
console.log(await register.metrics())`
  const { stdout } = await run(await program('prom-client', lines), otherKey, server)
  expect(stdout).toContain('countersign_renewal_failures_total{countersign_serving="false"} 1')
})

test.each(['pino', 'winston'])('%s logs an error of axios without its token', async (logger) => {
  const { server, api } = await startServers()
  api.next({ status: 500 })
  const call =
    logger === 'pino' ? "log.error({ err: error }, 'failed')" : "log.error('failed', { error })"
  const lines = `
import { createTokenProvider } from '@countersign/core'
import { addAuthorization } from '@countersign/axios-interceptor'
import axios from 'axios'
const { CLIENT_ID: clientId, TOKEN_ENDPOINT: tokenEndpoint, PRIVATE_KEY: key } = process.env
const instance = axios.create({ baseURL: '${api.origin}' })
addAuthorization(instance, createTokenProvider({ clientId, tokenEndpoint, key }))
await instance.get('/accounts?secret').catch((error) => ${call})`
  const { code, stdout } = await run(await program(`from '${logger}'`, lines), clientKey, server)
  const line = JSON.parse(stdout)
  expect(code).toBe(0)
  expect(line.err ?? line.error).toMatchObject({
    ...{ name: 'AxiosError', status: 500, method: 'GET', url: `${api.origin}/accounts` },
    stack: expect.stringMatching(/^AxiosError: .*\n {4}at /),
  })
  expect(stdout).not.toMatch(/eyJ|secret/)
})

test('the health check fails for a permanent error only', async () => {
  const { server } = await startServers()
  const lines = `
import { once } from 'node:events'
await once(server, 'listening')
const { port } = server.address() as { port: number }
const probe = async () => (await fetch('http://127.0.0.1:' + port)).status
const before = await probe()
await tokens.getAccessToken().catch(() => {})
console.log(JSON.stringify([before, await probe()]))
server.closeAllConnections()
server.close()`
  const file = await program('createServer', lines)
  await writeFile(file, (await readFile(file, 'utf8')).replace('listen(8080)', 'listen(0)'))
  expect((await run(file, otherKey, server)).stdout).toBe('[200,503]\n')
  server.next({ status: 503 }, { status: 503 }, { status: 503 })
  expect((await run(file, clientKey, server)).stdout).toBe('[200,200]\n')
})

test('the provider is closed on SIGTERM', async () => {
  const { server } = await startServers()
  const lines = `
process.kill(process.pid, 'SIGTERM')
const alive = setInterval(() => {}, 1000)
while (tokens.status()[0]?.state !== 'closed') await new Promise((next) => setImmediate(next))
clearInterval(alive)`
  const { code, stderr } = await run(await program('SIGTERM', lines), clientKey, server)
  expect([code, stderr]).toEqual([0, ''])
})

test('rules and dashboard use metrics that the exporter has', async () => {
  const exporter = new PrometheusExporter({ preventServerStart: true })
  metrics.setGlobalMeterProvider(new MeterProvider({ readers: [exporter] }))
  const { onTokenEvent, onRequestEvent, disable } = openTelemetry()
  const source = { clientId: 'c', tokenEndpoint: 'https://a.example/t', scope: undefined }
  const common = { ...source, resource: [] }
  const error = { code: 'ERR_OAUTH' } as never
  const renewal = { servesUntil: undefined, nextAttemptAt: 1, error }
  const expiresAt = Date.now() + 60_000
  const issued = { source: 'endpoint', expiresAt, attempts: 1, duration: 1 } as const
  onTokenEvent({ ...common, type: 'token-issued', ...issued, attemptDuration: 1 })
  onTokenEvent({ ...common, type: 'renewal-failed', ...renewal })
  onTokenEvent({ ...common, type: 'token-rejected', action: 'kept', coolDownUntil: 1 })
  onTokenEvent({ ...common, type: 'store-failed', operation: 'get', reason: 'Error' })
  const request = { origin: 'https://api.example', method: 'GET' }
  onRequestEvent({ ...request, type: 'request-replayed' })
  onRequestEvent({ ...request, type: 'replay-skipped', reason: 'aborted' })
  const skipped = { type: 'authorization-skipped', reason: 'foreign-origin', status: 401 } as const
  onRequestEvent({ ...request, ...skipped })
  const text = await new Promise<string>((resolve) => {
    const response = { statusCode: 0, setHeader() {}, end: resolve }
    exporter.getMetricsRequestHandler({} as never, response as never)
  })
  disable()
  metrics.disable()
  for (const file of ['prometheus-rules.yml', 'grafana-dashboard.json']) {
    const used = await readFile(new URL(`examples/monitoring/${file}`, root), 'utf8')
    const names = new Set(used.match(/countersign_(?!serving|action|reason|source|operation)\w+/g))
    expect(names.size).toBeGreaterThan(3)
    for (const name of names) expect(text).toContain(`\n${name}{`)
    for (const label of used.match(/(?<=[({,] ?)(countersign_(serving|action|reason))(?=[=,)])/g) ??
      [])
      expect(text).toContain(`${label}=`)
  }
  JSON.parse(await readFile(new URL('examples/monitoring/grafana-dashboard.json', root), 'utf8'))
})
