import { expect, test } from 'vitest'
import {
  mostInOutage,
  mostTokenRequests,
  ratePerTenant,
  renewalWindow,
  useInOutage,
} from './bounds.ts'

const lifetimeMs = 2_000

test('H2: a minute of tokens of 2 s, each used up, costs 31 token requests at the most', () => {
  const bound = (elapsedMs: number) =>
    mostTokenRequests(elapsedMs, { lifetimeMs, renewsEarly: false })
  expect([bound(0), bound(1_999), bound(2_000), bound(10_000), bound(60_000)]).toEqual([
    1, 1, 2, 6, 31,
  ])
})

test('H2: a minute of tokens of 2 s, renewed in the last fifth of their life, costs 38', () => {
  const bound = (elapsedMs: number) =>
    mostTokenRequests(elapsedMs, { lifetimeMs, renewsEarly: true })
  expect([bound(1_599), bound(1_600), bound(10_000), bound(60_000)]).toEqual([1, 2, 7, 38])
})

test('H3: a revocation may cost one token request more', () => {
  const terms = { lifetimeMs, renewsEarly: true }
  expect(mostTokenRequests(10_000, { ...terms, revocations: 2 })).toBe(9)
})

test('H4: the load of an outage ends after its token is due, and before it is over', () => {
  for (const life of [12_000, 60_000, 300_000, 720_000]) {
    const latestDue = life - 0.8 * renewalWindow(life)
    expect(useInOutage(life)).toBeGreaterThan(latestDue)
    expect(useInOutage(life)).toBeLessThan(life)
  }
  expect(renewalWindow(12_000)).toBe(2_400)
  expect(renewalWindow(720_000)).toBe(60_000)
})

test('H5: an outage costs a flight of three attempts, then a probe for each hold-off', () => {
  expect([0, 999, 1_000, 2_999, 3_000, 7_000, 15_000].map(mostInOutage)).toEqual([
    3, 3, 4, 4, 5, 6, 7,
  ])
  expect(mostInOutage(20_000)).toBeLessThanOrEqual(10)
})

test('H5: hold-offs grow no longer than 30 s', () => {
  expect([31_000, 60_999, 61_000, 91_000].map(mostInOutage)).toEqual([8, 8, 9, 10])
})

test('H6: each tenant sends what is wanted, or its part of what the machine can do', () => {
  const terms = { wanted: 50, tenants: 200, share: 0.7 }
  expect(ratePerTenant({ ...terms, capacity: 20_000 })).toBe(50)
  expect(ratePerTenant({ ...terms, capacity: 3_000 })).toBe(10)
  expect(ratePerTenant({ ...terms, capacity: 100 })).toBe(1)
})
