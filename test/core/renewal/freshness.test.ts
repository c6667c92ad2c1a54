import { describe, expect, test } from 'vitest'
import { computeLifetime, type Instant, judgeFreshness } from '#core/renewal/freshness.js'

const issuedAt = 1_000_000
const received: Instant = { wall: issuedAt, monotonic: 500 }

/** The same moment on both clocks. */
const after = (ms: number): Instant => ({ wall: issuedAt + ms, monotonic: 500 + ms })

function lifeOf(ms: number, settings: { early?: number; random?: number } = {}) {
  const token = { issuedAt, expiresAt: issuedAt + ms }
  return computeLifetime(token, received, { early: 60_000, random: 1, ...settings })
}

/** How long before its end a token that lives this long becomes due. */
function windowOf(ms: number, settings: { early?: number; random?: number } = {}): number {
  const { dueAt, expiresAt } = lifeOf(ms, settings)
  expect(expiresAt.monotonic - dueAt.monotonic).toBe(expiresAt.wall - dueAt.wall)
  return expiresAt.wall - dueAt.wall
}

describe('the window in which a token is renewed', () => {
  test.each([
    ['a minute of a long life', 3_600_000, {}, 60_000],
    ['a fifth of a short one', 10_000, {}, 2_000],
    ['what the option says, where that is less', 600_000, { early: 5_000 }, 5_000],
    ['never more than a fifth, whatever the option says', 10_000, { early: 9_000 }, 2_000],
    ['nothing, where nothing is to be renewed early', 600_000, { early: 0 }, 0],
    ['four fifths of it for the luckiest of a fleet', 3_600_000, { random: 0 }, 48_000],
    ['nine tenths in the middle of a fleet', 3_600_000, { random: 0.5 }, 54_000],
  ])('is %s', { tags: ['C2'] }, (_, life, settings, window) => {
    expect(windowOf(life, settings)).toBeCloseTo(window, 6)
  })
})

describe('a token that lives 100 s', () => {
  const life = lifeOf(100_000)

  test.each([
    [0, 'fresh'],
    [79_999, 'fresh'],
    [80_000, 'due'],
    [99_999, 'due'],
    [100_000, 'expired'],
    [200_000, 'expired'],
  ])('after %i ms it is %s', { tags: ['C2'] }, (ms, state) => {
    expect(judgeFreshness(life, after(ms))).toBe(state)
  })

  test.each([
    ['due', 80_000],
    ['expired', 100_000],
  ])('is %s as soon as either clock says so', { tags: ['C5', 'C6'] }, (state, ms) => {
    const { wall, monotonic } = after(ms)
    expect(judgeFreshness(life, { ...received, wall })).toBe(state)
    expect(judgeFreshness(life, { ...received, monotonic })).toBe(state)
  })

  test('ends a whole life after its request was sent, if the wall clock was set back meanwhile', {
    tags: ['C5'],
  }, () => {
    const token = { issuedAt, expiresAt: issuedAt + 100_000 }
    const setBack = { wall: issuedAt - 3_600_000, monotonic: 1_500 }
    const settings = { early: 60_000, random: 1, sentAt: 500 }
    const { dueAt, expiresAt } = computeLifetime(token, setBack, settings)
    expect(expiresAt).toEqual(after(100_000))
    expect(dueAt).toEqual(after(80_000))
  })

  test('is expired when a clock gives no number', { tags: ['C5'] }, () => {
    expect(judgeFreshness(life, { ...received, wall: Number.NaN })).toBe('expired')
    expect(judgeFreshness(life, { ...received, monotonic: Number.NaN })).toBe('expired')
  })

  test('has lived already when its response arrives', { tags: ['C7'] }, () => {
    const token = { issuedAt, expiresAt: issuedAt + 100_000 }
    const late = computeLifetime(token, after(30_000), { early: 60_000, random: 1 })
    expect(late.expiresAt).toEqual(after(100_000))
    expect(late.dueAt).toEqual(after(80_000))
  })
})
