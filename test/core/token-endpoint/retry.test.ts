import { describe, expect, test } from 'vitest'
import { isRetryableStatus } from '#core/diagnosis/evidence.js'
import { readRetryAfter } from '#core/token-endpoint/answer.js'
import { computeBackoff } from '#core/token-endpoint/token-client.js'

test.each([
  ['O13 O10', [408, 425, 429, 500, 502, 503, 504, 599], true],
  [
    'O1 O13',
    [200, 301, 400, 401, 403, 404, 405, 407, 409, 410, 415, 424, 426, 428, 430, 499, 501],
    false,
  ],
])('%s: whether the statuses %j are worth another attempt: %s', (_, statuses, isWorth) => {
  expect(statuses.map(isRetryableStatus)).toEqual(statuses.map(() => isWorth))
})

test('a pause is any part of 200 ms, and of twice as long each time', { tags: ['O12'] }, () => {
  expect([0, 1, 2].map((retry) => computeBackoff(retry, 1))).toEqual([200, 400, 800])
  expect([0, 1, 2].map((retry) => computeBackoff(retry, 0.5))).toEqual([100, 200, 400])
  expect(computeBackoff(2, 0)).toBe(0)
})

describe('Retry-After', () => {
  const now = Date.UTC(2026, 0, 1)
  const date = (ms: number) => new Date(now + ms).toUTCString()
  const waitFor = (value: string, more: Record<string, string> = {}) =>
    readRetryAfter(new Headers({ 'retry-after': value, ...more }), now)

  test.each([
    ['seconds', '2', 2_000],
    ['many seconds', '3600', 3_600_000],
    ['a date', date(120_000), 120_000],
    ['a date in the form of RFC 850', 'Thursday, 01-Jan-26 00:02:00 GMT', 120_000],
  ])('%s is so long a wait', { tags: ['O10', 'O11'] }, (_, value, wait) => {
    expect(waitFor(value)).toBe(wait)
  })

  test("a date is read against the server's own, where there is one", { tags: ['O11'] }, () => {
    expect(waitFor(date(120_000), { date: date(100_000) })).toBe(20_000)
    expect(waitFor(date(120_000), { date: 'garbage' })).toBe(120_000)
  })

  test.each([
    ['nothing', ''],
    ['no wait at all', '0'],
    ['a negative number', '-5'],
    ['a fraction', '1.5'],
    ['a number and more', '5s'],
    ['more and a number', 's5'],
    ['a word', 'soon'],
    ['a date in the past', date(-1_000)],
    ['this very moment', date(0)],
    ['a date of another form', '2026-01-01T00:02:00Z'],
    ['a date behind something else', `x${date(120_000)}`],
    ['a date that is none', 'Thu, 99 Foo 2026'],
  ])('%s counts as no word from the server', { tags: ['O11'] }, (_, value) => {
    expect(waitFor(value)).toBeUndefined()
  })

  test('is missing most of the time', { tags: ['O11'] }, () => {
    expect(readRetryAfter(new Headers(), now)).toBeUndefined()
  })
})
