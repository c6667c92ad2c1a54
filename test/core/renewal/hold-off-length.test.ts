import { ConfigurationError } from '@countersign/core'
import { expect, test } from 'vitest'
import { createHoldOff } from '#core/renewal/hold-off.js'

const now = { wall: 1_000_000, monotonic: 500 }
const error = new ConfigurationError('ERR_CLOCK', 'any error will do')

/** How long each of so many failures in a row is remembered. */
function pauses(retryAfters: readonly (number | undefined)[]): number[] {
  const holdOff = createHoldOff()
  return retryAfters.map((retryAfter) => {
    const failure = holdOff.fail({ error, now, retryAfter, startedAt: now.monotonic + 1 })
    expect(failure.error).toBe(error)
    expect(failure.until.monotonic - now.monotonic).toBe(failure.until.wall - now.wall)
    return failure.until.wall - now.wall
  })
}

test('a failure is remembered for a second, and for twice as long each time, up to 30 s', () => {
  expect(pauses(Array(8).fill(undefined))).toEqual([
    1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000, 30_000,
  ])
})

test('what the server asked for counts instead, be it more or less, up to an hour', () => {
  expect(pauses([100, 5_000, 3_600_000, 3_600_001])).toEqual([100, 5_000, 3_600_000, 3_600_000])
})

test('without a word from the server again the pause has grown meanwhile', () => {
  expect(pauses([5_000, 5_000, undefined, 0])).toEqual([5_000, 5_000, 4_000, 8_000])
})

test('callers share the failure until its end has come on either clock', () => {
  const { fail, current } = createHoldOff()
  const failure = fail({ error, now, retryAfter: undefined, startedAt: 0 })
  expect(current({ wall: now.wall + 999, monotonic: now.monotonic + 999 })).toBe(failure)
  expect(current({ wall: now.wall + 1_000, monotonic: now.monotonic })).toBeUndefined()
  expect(current({ wall: now.wall, monotonic: now.monotonic + 1_000 })).toBeUndefined()
})

test('token requests that fail together double the pause once, and the longest hold-off counts', () => {
  const { fail, current } = createHoldOff()
  fail({ error, now, retryAfter: 60_000, startedAt: 0 })
  const second = fail({ error, now, retryAfter: undefined, startedAt: 100 })
  expect(second.pause).toBe(1_000)
  expect(current({ wall: now.wall + 59_999, monotonic: now.monotonic + 59_999 })).toBe(second)
})

test('the success of a token request that was in flight before the failure does not end it', () => {
  const { fail, succeed, last } = createHoldOff()
  fail({ error, now, retryAfter: undefined, startedAt: 0 })
  succeed(now.monotonic)
  expect(last()).toBeDefined()
  succeed(now.monotonic + 1)
  expect(last()).toBeUndefined()
})
