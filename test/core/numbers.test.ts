// @module-tag G14

import { memoryStore } from '@countersign/core'
import { expect, test } from 'vitest'
import { faultServer, goodToken, providerFor } from '../support/provider-under-test.ts'

const longestTimer = 2 ** 31 - 1

test.each([
  ['timeout', { timeout: longestTimer }],
  ['timeout of one millisecond less', { timeout: longestTimer - 1 }],
  ['renewal.early', { renewal: { early: longestTimer } }],
  ['retries', { retries: 10 }],
])('the greatest %s keeps every timer within its range', async (_, options) => {
  const { tokenEndpoint } = await faultServer({
    type: 'answer',
    body: { ...goodToken, expires_in: 2 ** 53 },
  })
  const waits: number[] = []
  const { tokens } = providerFor(tokenEndpoint, {
    ...options,
    clock: {
      now: () => Date.now(),
      monotonic: () => performance.now(),
      wait: (ms, signal) => {
        waits.push(ms)
        return new Promise((_, reject) => {
          signal.addEventListener('abort', () => reject(signal.reason), { once: true })
        })
      },
    },
  })
  await tokens.getAccessToken()
  expect(waits.length).toBeGreaterThanOrEqual(3)
  expect(Math.min(...waits)).toBeGreaterThan(0)
  expect(Math.max(...waits)).toBeLessThanOrEqual(longestTimer)
})

test("the platform's own timers take the greatest timeout without a warning", async () => {
  const { tokenEndpoint } = await faultServer({ type: 'answer', body: goodToken })
  const warnings: Error[] = []
  const note = (warning: Error) => void warnings.push(warning)
  process.on('warning', note)
  try {
    const { tokens } = providerFor(tokenEndpoint, { timeout: longestTimer })
    expect((await tokens.getAccessToken()).value).toBe('token-1')
  } finally {
    process.off('warning', note)
  }
  expect(warnings).toEqual([])
})

test.each([0, -1, 1.5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 31, 1e12, '10', null])(
  'a memoryStore of at most %j records is refused',
  (max) => {
    expect(() => memoryStore({ max: max as number })).toThrow(
      expect.objectContaining({
        name: 'ConfigurationError',
        code: 'ERR_INVALID_OPTION',
        message: "Option 'max' must be a whole number from 1 to 1000000.",
        option: 'max',
      }),
    )
  },
)
