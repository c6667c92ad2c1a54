import { expect, test } from 'vitest'
import { costlyRevocations, dearTenants } from './overspending.ts'
import { watchRefusals } from './refusal-watch.ts'
import { brokenBy, type Run } from './run.ts'
import { createTally } from './tally.ts'

const kept: Run = {
  ...{ name: 'axios', requests: 1_000, answered200: 1_000, withoutToken: 0, lost: {} },
  ...{ p50Ms: 1, p99Ms: 2, tokenRequests: 1, bound: 1 },
}

test('a load that kept everything breaks nothing', () => {
  expect(brokenBy(kept)).toEqual([])
})

test('H1: one token request too many breaks the row', () => {
  expect(brokenBy({ ...kept, tokenRequests: 2 })).toEqual([
    'axios: 2 token requests, at most 1 are allowed',
  ])
})

test('H1 H2 H3 H4: one lost request breaks the row, with its reason', () => {
  const lost = { 'answered 401': 1 }
  expect(brokenBy({ ...kept, answered200: 999, lost })).toEqual([
    'axios: 1 of 1000 requests lost: answered 401 (1)',
  ])
})

test('H2: a load whose token requests nobody counted proves nothing', () => {
  expect(brokenBy({ ...kept, tokenRequests: 0 })).toEqual(['axios: no token request was counted'])
})

test('H5: a load without one answer breaks the row', () => {
  expect(brokenBy({ ...kept, answered200: 0, withoutToken: 1_000 })).toEqual([
    'axios: no request was answered 200',
  ])
})

test('a request whose outcome nobody saw breaks the row', () => {
  expect(brokenBy({ ...kept, answered200: 999 })).toEqual([
    'axios: the outcomes do not add up to 1000 requests',
  ])
})

test('a request that has not ended when the totals are made is lost', () => {
  const tally = createTally()
  for (let request = 0; request < 4; request++) tally.started()
  tally.ended('answered', 1)
  tally.ended('without-token', 1)
  tally.ended({ lost: 'answered 500' }, 1)
  expect(tally.totals()).toMatchObject({
    ...{ requests: 4, answered200: 1, withoutToken: 1 },
    lost: { 'answered 500': 1, 'never answered': 1 },
  })
})

test('H3: a second token request in the second after a revocation is named', () => {
  const requests = [{ at: 500 }, { at: 1_010 }, { at: 2_001 }, { at: 5_020 }, { at: 5_900 }]
  expect(costlyRevocations(requests, [1_000])).toEqual([])
  expect(costlyRevocations(requests, [1_000, 5_000])).toEqual([
    'revocation 2 cost 2 token requests, at most 1 is allowed',
  ])
})

test('H6: a tenant without a token request of its own is named, and one with too many', () => {
  const requests = ['a', 'b', 'b', 'b'].map((clientId) => ({ clientId }))
  expect(dearTenants(requests, ['a', 'b'], 3)).toEqual([])
  expect(dearTenants(requests, ['a', 'b', 'c'], 2)).toEqual([
    'b: 3 token requests, 1 to 2 are allowed',
    'c: 0 token requests, 1 to 2 are allowed',
  ])
})

const provider = { clientId: 'h3', tokenEndpoint: 'https://as.example/token' }

test('H3: one suspect token for each revocation, and a POST sent again by each host, is as it should be', async () => {
  const watch = watchRefusals()
  const next = watch.nextToken()
  const refused = { ...provider, type: 'token-refused', coolDownUntil: undefined } as const
  watch.onTokenEvent({ ...refused, action: 'suspect' })
  const issued = { ...provider, type: 'token-issued', source: 'endpoint' } as const
  watch.onTokenEvent({ ...issued, expiresAt: 0, attempts: 1, duration: 1 })
  await next
  for (const name of ['axios', 'ky', 'fetch'] as const) watch.onReplay(name, 'POST')
  expect(watch.replays()).toBe('1 POSTs by axios, 1 POSTs by ky, 1 POSTs by fetch')
  expect(watch.broken(1)).toEqual([])
  watch.onTokenEvent({ ...refused, action: 'kept' })
  expect(watch.broken(1)).toEqual(['1 revocations: 1 tokens suspect, 1 kept'])
  expect(watch.broken(0)).toEqual(['0 revocations: 1 tokens suspect, 1 kept'])
})

test('H3: a host none of whose POSTs was sent again proves nothing', () => {
  const watch = watchRefusals()
  watch.onReplay('axios', 'POST')
  watch.onReplay('fetch', 'POST')
  watch.onReplay('ky', 'GET')
  expect(watch.broken(1)).toEqual(['ky: no POST was refused and sent again, so nothing is proved'])
})
