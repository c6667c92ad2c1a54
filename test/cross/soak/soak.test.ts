import { TokenTransportError } from '@countersign/core'
import { describe, expect, test } from 'vitest'
import {
  findCostlyRevocations,
  findCostlyTenants,
  maxInOutage,
  maxTokenRequests,
  renewalWindow,
  useInOutage,
} from './bounds.ts'
import { digest, findAnswerFault, findOutageFault } from './call.ts'
import { countDue, openLoop } from './load.ts'
import { findFaults, type Run } from './row.ts'
import { watchRejections } from './rows/revocations.ts'
import { ratePerTenant } from './rows/tenants.ts'
import { createTally } from './tally.ts'

describe('the bounds of the soak', () => {
  test.each([
    ['tokens that are used up', { renewsEarly: false }, [1, 1, 1, 2, 6, 31]],
    ['tokens that are renewed early', { renewsEarly: true }, [1, 1, 2, 2, 7, 38]],
    ['two revocations', { renewsEarly: true, revocations: 2 }, [3, 3, 4, 4, 9, 40]],
  ])('%s cost so many token requests', (_, terms, expected) => {
    const times = [0, 1_599, 1_999, 2_000, 10_000, 60_000]
    const bound = (elapsed: number) => maxTokenRequests(elapsed, { lifetimeMs: 2_000, ...terms })
    expect(times.map(bound)).toEqual(expected)
  })

  test.each([12_000, 60_000, 720_000])('a token of %i ms is due within the outage', (ms) => {
    expect(useInOutage(ms)).toBeGreaterThan(ms - 0.8 * renewalWindow(ms))
    expect(useInOutage(ms)).toBeLessThan(ms)
  })

  test('an outage costs three attempts, then one after each hold-off of up to 30 s', () => {
    const times = [0, 999, 1_000, 2_999, 3_000, 7_000, 15_000, 31_000, 60_999, 61_000]
    expect(times.map(maxInOutage)).toEqual([3, 3, 4, 4, 5, 6, 7, 8, 8, 9])
  })

  test('each tenant sends the wanted rate, or its share of the capacity', () => {
    expect([20_000, 3_000, 100].map(ratePerTenant)).toEqual([50, 10, 1])
  })

  test('name a revocation that cost two token requests', () => {
    const requests = [{ at: 500 }, { at: 1_010 }, { at: 2_001 }, { at: 5_020 }, { at: 5_900 }]
    expect(findCostlyRevocations(requests, [1_000, 5_000])).toEqual([
      'revocation 2 cost 2 token requests, at most 1 is allowed',
    ])
  })

  test('name a tenant without a token request of its own, and one with too many', () => {
    const requests = ['a', 'b', 'b', 'b'].map((clientId) => ({ clientId }))
    expect(findCostlyTenants(requests, ['a', 'b', 'c'], 2)).toEqual([
      'b: 3 token requests, 1 to 2 are allowed',
      'c: 0 token requests, 1 to 2 are allowed',
    ])
  })
})

const body = { id: 'one' }
const answer = (clientId: string, received: string) => ({
  status: 200,
  text: JSON.stringify({ clientId, bodyDigest: digest(received) }),
})

test.each([
  ['a whole body', answer('h3', '{"id":"one"}'), undefined],
  ['a 401', { status: 401, text: '' }, 'answered 401'],
  ['a body cut short', answer('h3', '{"id":"on'), 'its body did not arrive intact'],
  ['another token', answer('h4', '{"id":"one"}'), 'sent with the token of another client'],
  ['an empty answer', { status: 200, text: '' }, 'answered 200 without JSON'],
])('%s is judged as it should be', (_, given, fault) => {
  expect(findAnswerFault(given, { clientId: 'h3', body })).toBe(fault)
})

const startedAt = Date.now()
const failure = (
  nextAttemptAt?: number,
  code: 'ERR_TOKEN_NETWORK' | 'ERR_TOKEN_TIMEOUT' | '' = '',
) =>
  Object.assign(new TokenTransportError(code || 'ERR_TOKEN_NETWORK', 'Down.', { attempts: 1 }), {
    nextAttemptAt,
  })

test.each<[string, unknown, number, string | undefined]>([
  ['one in time', failure(startedAt), 9_999, undefined],
  ['one of axios', new Error('Down.', { cause: failure(startedAt) }), 0, undefined],
  ['a network error', new TypeError('fetch failed'), 0, 'rejected: TypeError: fetch failed'],
  ['another code', failure(startedAt, 'ERR_TOKEN_TIMEOUT'), 0, 'rejected: ERR_TOKEN_TIMEOUT'],
  ['a late one', failure(startedAt), 10_000, 'rejected after the timeout of the token request'],
  ['one without a next attempt', failure(), 0, 'rejected without nextAttemptAt'],
  ['one after the hold-off', failure(startedAt - 1), 0, 'rejected after the hold-off'],
  ['a long hold-off', failure(startedAt + 30_001), 0, 'held off for over 30 s'],
])('a rejection, %s, is judged as it should be', (_, error, tookMs, fault) => {
  expect(findOutageFault({ error, startedAt, tookMs })).toBe(fault)
})

const kept: Run = {
  ...{ name: 'axios', requests: 1_000, answered200: 1_000, withoutToken: 0, lost: {} },
  ...{ p50Ms: 1, p99Ms: 2, tokenRequests: 1, bound: 1 },
}

test.each<[string, Partial<Run>, string[]]>([
  ['nothing', {}, []],
  ['a token request', { tokenRequests: 2 }, ['2 token requests, at most 1 are allowed']],
  ['the count of token requests', { tokenRequests: 0 }, ['no token request was counted']],
  [
    'a lost request',
    { answered200: 999, lost: { 'answered 401': 1 } },
    ['1 of 1000 requests lost: answered 401 (1)'],
  ],
  ['the answers', { answered200: 0, withoutToken: 1_000 }, ['no request was answered 200']],
  ['an outcome', { answered200: 999 }, ['the outcomes do not add up to 1000 requests']],
])('%s breaks a load', (_, changes, faults) => {
  expect(findFaults({ ...kept, ...changes })).toEqual(faults.map((fault) => `axios: ${fault}`))
})

test('a request that has not ended when the totals are made is lost', () => {
  const tally = createTally()
  for (let request = 0; request < 4; request++) tally.start()
  for (const outcome of ['answered', 'without-token', { lost: 'answered 500' }] as const) {
    tally.end(outcome, 1)
  }
  expect(tally.totals()).toMatchObject({
    ...{ requests: 4, answered200: 1, withoutToken: 1 },
    lost: { 'answered 500': 1, 'never answered': 1 },
  })
})

test('a second rejection of a token, and a host without a replayed POST, are faults', () => {
  const watch = watchRejections()
  const access = { scope: undefined, resource: [] }
  const provider = { clientId: 'h3', tokenEndpoint: 'https://as.example/token', ...access }
  const event = { ...provider, type: 'token-rejected', coolDownUntil: undefined } as const
  watch.onTokenEvent({ ...event, action: 'suspect' })
  for (const name of ['axios', 'fetch'] as const) watch.onReplay(name, 'POST')
  watch.onReplay('ky', 'GET')
  expect(watch.findFaults(1)).toEqual(['ky: no POST was replayed, so nothing is proved'])
  watch.onReplay('ky', 'POST')
  expect(watch.findFaults(1)).toEqual([])
  watch.onTokenEvent({ ...event, action: 'kept' })
  expect(watch.findFaults(1)).toEqual(['1 revocations: 1 tokens suspect, 1 kept'])
})

test('a load keeps its rate, and holds back what exceeds the limit of calls in flight', async () => {
  expect([0, 4, 5, 1_000].map((elapsed) => countDue(elapsed, 200))).toEqual([1, 1, 2, 201])
  const started: number[] = []
  const release: (() => void)[] = []
  const end = await openLoop({
    ...{ rate: 1_000, atOnce: 3 },
    isDone: (elapsed) => {
      if (started.length < 3 || elapsed < 20) return false
      for (const done of release) done()
      return true
    },
    start: (index) => {
      started.push(index)
      return new Promise((resolve) => release.push(resolve))
    },
  })
  expect(started).toEqual([0, 1, 2])
  expect(end.heldBack).toBeGreaterThan(0)
})
