import type { RequestEvent, TokenEvent } from '@countersign/core'
import { type Attributes, type Meter, metrics } from '@opentelemetry/api'
import { describeServer } from './attributes.js'

/** Creates functions that record events. The instruments are created with the first event. */
export function createMetrics(hasClientId: boolean) {
  let created: ReturnType<typeof createInstruments> | undefined
  // A meter that is created before the SDK is registered records nothing.
  const instruments = () => (created ??= createInstruments(metrics.getMeter(name)))
  return { recordTokenEvent, recordRequestEvent }

  function recordTokenEvent(event: TokenEvent): void {
    const { requestDuration, issued, failures, rejected, storeFailures, remaining } = instruments()
    const server = {
      ...describeServer(event.tokenEndpoint),
      ...(hasClientId && { 'countersign.client_id': event.clientId }),
    }
    switch (event.type) {
      case 'token-issued':
        issued.add(1, { ...server, 'countersign.source': event.source })
        if (event.attemptDuration !== undefined)
          requestDuration.record(event.attemptDuration / 1000, server)
        remaining.note(event, server)
        break
      case 'token-request-failed': {
        const failed = { ...server, 'error.type': event.error.code }
        requestDuration.record(event.duration / 1000, failed)
        break
      }
      case 'renewal-failed': {
        const { servesUntil, nextAttemptAt } = event
        const isServing = servesUntil !== undefined && servesUntil > nextAttemptAt
        const detail = { 'error.type': event.error.code, 'countersign.serving': isServing }
        failures.add(1, { ...server, ...detail })
        break
      }
      case 'token-rejected':
        rejected.add(1, { ...server, 'countersign.action': event.action })
        break
      case 'store-failed':
        storeFailures.add(1, { ...server, 'countersign.operation': event.operation })
    }
  }

  function recordRequestEvent(event: RequestEvent): void {
    const { replayed, replaysSkipped, authorizationSkipped } = instruments()
    const server = describeServer(event.origin)
    switch (event.type) {
      case 'request-replayed':
        replayed.add(1, server)
        break
      case 'replay-skipped':
        replaysSkipped.add(1, { ...server, 'countersign.reason': event.reason })
        break
      case 'authorization-skipped': {
        const status = event.status && { 'http.response.status_code': event.status }
        authorizationSkipped.add(1, { ...server, 'countersign.reason': event.reason, ...status })
      }
    }
  }
}

const name = '@countersign/opentelemetry'

function createInstruments(meter: Meter) {
  const count = (name: string, unit: string, description: string) =>
    meter.createCounter(`countersign.${name}`, { unit, description })
  return {
    requestDuration: meter.createHistogram('countersign.token.request.duration', {
      unit: 's',
      description: 'The duration of one attempt of a token request.',
      advice: { explicitBucketBoundaries: [0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10] },
    }),
    issued: count('tokens.issued', '{token}', 'Tokens that were obtained.'),
    failures: count('renewal.failures', '{failure}', 'Renewals whose attempts all failed.'),
    rejected: count('tokens.rejected', '{token}', 'Tokens that a resource server rejected.'),
    storeFailures: count('store.failures', '{failure}', 'Failed calls of the shared store.'),
    replayed: count('requests.replayed', '{request}', 'Requests that were sent again.'),
    replaysSkipped: count(
      ...(['requests.replays_skipped', '{request}', 'Requests that could not be resent.'] as const),
    ),
    authorizationSkipped: count(
      ...(['requests.authorization_skipped', '{origin}', 'Origins without the token.'] as const),
    ),
    remaining: createRemainingGauge(meter),
  }
}

const mostTokens = 1000

/** Observes the shortest time for which a token is still valid, per set of attributes. */
function createRemainingGauge(meter: Meter) {
  const tokens = new Map<string, { expiresAt: number; attributes: Attributes }>()
  const gauge = meter.createObservableGauge('countersign.token.remaining', {
    unit: 's',
    description: 'The time until the first of the current tokens expires.',
  })
  gauge.addCallback((result) => {
    const shortest = new Map<string, { seconds: number; attributes: Attributes }>()
    for (const [key, { expiresAt, attributes }] of tokens) {
      const seconds = (expiresAt - Date.now()) / 1000
      const series = JSON.stringify(attributes)
      if (seconds <= 0) tokens.delete(key)
      else if (seconds < (shortest.get(series)?.seconds ?? Number.POSITIVE_INFINITY))
        shortest.set(series, { seconds, attributes })
    }
    for (const { seconds, attributes } of shortest.values()) result.observe(seconds, attributes)
  })
  return { note }

  function note(event: TokenEvent & { expiresAt: number }, attributes: Attributes): void {
    const { clientId, tokenEndpoint, scope, resource, expiresAt } = event
    const key = JSON.stringify([clientId, tokenEndpoint, scope, resource])
    tokens.delete(key)
    tokens.set(key, { expiresAt, attributes })
    const [oldest = ''] = tokens.keys()
    if (tokens.size > mostTokens) tokens.delete(oldest)
  }
}
