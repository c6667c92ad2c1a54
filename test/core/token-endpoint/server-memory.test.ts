// @module-tag A10

import { expect, test } from 'vitest'
import { computeClockOffset } from '#core/diagnosis/evidence.js'
import { createServerMemory } from '#core/token-endpoint/server-memory.js'

const second = Date.UTC(2026, 0, 1, 12)
const date = new Date(second).toUTCString()

test.each([
  ['within the second', second + 300, second + 400, 0],
  ['from before it to after it', second - 5_000, second + 5_000, 0],
  ['up to its beginning', second - 10, second, 0],
  ['from its end on', second + 999, second + 5_000, 0],
  ['a millisecond before it', second - 10, second - 1, 1],
  ['ten minutes before it', second - 600_010, second - 600_000, 600_000],
  ['a millisecond after it', second + 1_000, second + 1_010, -1],
  ['ten minutes after it', second + 600_999, second + 601_010, -600_000],
])(
  'a request that was under way %s is off by what lies between',
  (_, sentAt, receivedAt, offset) => {
    expect(computeClockOffset(date, sentAt, receivedAt)).toBe(offset)
  },
)

test.each([null, '', 'GMT', 'soon', '2026-01-01T12:00:00Z', '1767268800', 'yesterday GMT'])(
  'the Date %j tells nothing',
  (text) => {
    expect(computeClockOffset(text, second, second)).toBeUndefined()
  },
)

test('forgets a correction, unless another one has replaced it', () => {
  const memory = createServerMemory()
  memory.learn(600_000)
  memory.learn(599_000)
  expect([memory.forget(600_000), memory.correction()]).toEqual([false, 599_000])
  expect([memory.forget(599_000), memory.correction()]).toEqual([true, 0])
})
