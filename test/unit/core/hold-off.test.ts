import { ConfigurationError } from '@countersign/core'
import { expect, test } from 'vitest'
import { type Failure, holdOff, isHeldOff } from '#core/renewal/hold-off.js'

const now = { wall: 1_000_000, monotonic: 500 }
const error = new ConfigurationError('ERR_CLOCK', 'any error will do')

/** How long each of so many failures in a row is remembered. */
function pauses(retryAfters: readonly (number | undefined)[]): number[] {
  let failure: Failure | undefined
  return retryAfters.map((retryAfter) => {
    failure = holdOff(failure, error, now, retryAfter)
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
  const failure = holdOff(undefined, error, now, undefined)
  expect(isHeldOff(failure, { wall: now.wall + 999, monotonic: now.monotonic + 999 })).toBe(true)
  expect(isHeldOff(failure, { wall: now.wall + 1_000, monotonic: now.monotonic })).toBe(false)
  expect(isHeldOff(failure, { wall: now.wall, monotonic: now.monotonic + 1_000 })).toBe(false)
})
