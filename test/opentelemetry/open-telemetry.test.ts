import { memoryStore, type TokenProviderOptions } from '@countersign/core'
import { authorizedFetch } from '@countersign/core/fetch'
import { openTelemetry } from '@countersign/opentelemetry'
import { createManualClock } from '@countersign/testing'
import { context, metrics, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api'
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks'
import { PrometheusExporter } from '@opentelemetry/exporter-prometheus'
import { MeterProvider } from '@opentelemetry/sdk-metrics'
import {
  InMemorySpanExporter,
  type ReadableSpan,
  SimpleSpanProcessor,
  TracerProvider,
} from '@opentelemetry/sdk-trace'
import { afterAll, beforeAll, beforeEach, expect, onTestFinished, test, vi } from 'vitest'
import { rejection, until } from '../support/waiting.ts'
import { startApi, startAuthorization } from '../support/world.ts'

const exporter = new InMemorySpanExporter()
const prometheus = new PrometheusExporter({ preventServerStart: true })

beforeAll(() => {
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable())
  const spanProcessors = [new SimpleSpanProcessor({ exporter })]
  trace.setGlobalTracerProvider(new TracerProvider({ spanProcessors }))
  metrics.setGlobalMeterProvider(new MeterProvider({ readers: [prometheus] }))
})

beforeEach(() => exporter.reset())

afterAll(() => {
  context.disable()
  trace.disable()
  metrics.disable()
})

/** Starts servers, and a provider and a fetch function that record telemetry. */
async function recordedClient(options: Partial<TokenProviderOptions> = {}, hasClientId = false) {
  const telemetry = openTelemetry({ clientId: hasClientId })
  onTestFinished(() => telemetry.disable())
  const clock = createManualClock(Date.now())
  const { server, provider } = await startAuthorization({ clock })
  const api = await startApi(server)
  const tokens = provider({ clock, onEvent: telemetry.onTokenEvent, ...options })
  const origins = [api.origin]
  const send = authorizedFetch(tokens, { origins, onEvent: telemetry.onRequestEvent })
  return { telemetry, clock, server, api, tokens, send }
}

/** Returns the samples of the Prometheus exporter for a port, without their timestamps. */
async function samplesOf(url: string): Promise<string[]> {
  const { port } = new URL(url)
  const text = await new Promise<string>((resolve) => {
    const response = { statusCode: 0, setHeader() {}, end: resolve }
    prometheus.getMetricsRequestHandler({} as never, response as never)
  })
  const series = text.split('\n').filter((line) => line.includes(`server_port="${port}"`))
  return series.map((line) => line.replace(/,?otel_scope_\w+="[^"]*",?/g, ''))
}

function expectSamples(samples: readonly string[], expected: readonly RegExp[]): void {
  for (const pattern of expected) expect(samples).toContainEqual(expect.stringMatching(pattern))
}

function describeSpan({ name, kind, attributes, status, events }: ReadableSpan) {
  const { 'server.port': _, ...shown } = attributes
  return { name, kind, attributes: shown, status, events: events.map(({ name }) => name) }
}

test('records issued and rejected tokens, requests and the remaining time', async () => {
  const { server, api, send, tokens } = await recordedClient()
  const url = `${api.origin}/path?query`
  await send(url)
  server.revokeAll()
  await send(url)
  await send(url, { countersign: false })
  const issuer = await samplesOf(server.tokenEndpoint)
  expectSamples(issuer, [
    /^countersign_tokens_issued_total\{.*source="endpoint".*\} 2/,
    /^countersign_tokens_rejected_total\{.*action="suspect".*\} 1/,
    /^countersign_token_request_duration_count\{.*\} 2/,
    /^countersign_token_remaining\{.*\} (5|6)\d\d/,
  ])
  const requests = await samplesOf(api.origin)
  expectSamples(requests, [
    /^countersign_requests_replayed_total\{.*\} 1/,
    /^countersign_requests_authorization_skipped_total\{.*reason="opted-out".*status_code="401".*\} 1/,
  ])
  const shown = [...issuer, ...requests].join('\n')
  for (const secret of [(await tokens.getAccessToken()).value, 'path', 'query', 'client'])
    expect(shown).not.toContain(`"${secret}`)
})

test('records failed renewals, and whether the current token still serves', async () => {
  const { server, tokens } = await recordedClient({ retries: 0 }, true)
  await tokens.getAccessToken()
  server.next({ status: 503 }, { status: 400, body: { error: 'invalid_scope' } })
  await tokens.getAccessToken({ forceRenewal: true }).catch(() => {})
  await tokens.getAccessToken({ scope: 'x' }).catch(() => {})
  const samples = await samplesOf(server.tokenEndpoint)
  expectSamples(samples, [
    /^countersign_renewal_failures_total\{.*client_id="client".*ERR_TOKEN_UNAVAILABLE.*serving="true".*\} 1/,
  ])
})

test('makes a span for each token request, which is active while it runs', async () => {
  vi.spyOn(Math, 'random').mockReturnValue(0)
  onTestFinished(() => void vi.restoreAllMocks())
  const { server, tokens } = await recordedClient({
    clock: undefined,
    fetch: async (url, init) => {
      trace.getTracer('http').startSpan('POST').end()
      return fetch(url, init)
    },
  })
  server.next({ status: 503 })
  const parent = trace.getTracer('caller').startSpan('caller')
  const call = () => Promise.all([tokens.getAccessToken(), tokens.getAccessToken()])
  await context.with(trace.setSpan(context.active(), parent), call)
  await until(() => exporter.getFinishedSpans().length === 3)
  const [first, second, span] = exporter.getFinishedSpans()
  if (!first || !second || !span) throw new Error('expected three spans')
  expect(describeSpan(span)).toEqual({
    ...{ name: 'countersign.token_request', kind: SpanKind.INTERNAL },
    attributes: {
      'server.address': '127.0.0.1',
      'countersign.source': 'endpoint',
      'countersign.attempts': 2,
    },
    status: { code: SpanStatusCode.UNSET },
    events: ['countersign.token_request.attempt_failed'],
  })
  expect(span.parentSpanContext?.spanId).toBe(parent.spanContext().spanId)
  for (const http of [first, second])
    expect(http.parentSpanContext?.spanId).toBe(span.spanContext().spanId)
})

test('ends the span of a failed token request with its code', async () => {
  const { server, tokens } = await recordedClient({ retries: 0 }, true)
  server.next({ status: 503 })
  await rejection(tokens.getAccessToken())
  expect(exporter.getFinishedSpans().map(describeSpan)).toEqual([
    expect.objectContaining({
      attributes: {
        'server.address': '127.0.0.1',
        'countersign.client_id': 'client',
        'error.type': 'ERR_TOKEN_UNAVAILABLE',
      },
      status: { code: SpanStatusCode.ERROR, message: 'ERR_TOKEN_UNAVAILABLE' },
    }),
  ])
})

test('makes one span even if it is called twice, and none when it is disabled', async () => {
  const { telemetry, tokens } = await recordedClient({ store: memoryStore() })
  const second = openTelemetry()
  await tokens.getAccessToken()
  expect(exporter.getFinishedSpans()).toHaveLength(1)
  second.disable()
  telemetry.disable()
  await tokens.getAccessToken({ forceRenewal: true })
  expect(exporter.getFinishedSpans()).toHaveLength(1)
})

test('rejects an unknown option', () => {
  for (const wrong of [{ clientID: true }, { clientId: 'yes' }])
    expect(() => openTelemetry(wrong as never)).toThrow(
      expect.objectContaining({ code: 'ERR_INVALID_OPTION', option: Object.keys(wrong)[0] }),
    )
})
