import { expect, test } from 'vitest'
import { readArguments } from './arguments.ts'
import { dueBy, openLoop } from './open-loop.ts'

const rows = ['H1', 'H2']

test('a rate is kept over the whole load, whatever a turn took', () => {
  expect([0, 4, 5, 1_000, 10_000].map((elapsedMs) => dueBy(elapsedMs, 200))).toEqual([
    1, 1, 2, 201, 2_001,
  ])
})

test('calls start although none before has ended, in their order, and are waited for', async () => {
  const started: number[] = []
  const release: (() => void)[] = []
  const end = await openLoop({
    rate: 1_000,
    isOver: () => {
      if (started.length < 3) return false
      for (const done of release) done()
      return true
    },
    start: (index) => {
      started.push(index)
      return new Promise((resolve) => release.push(resolve))
    },
  })
  expect(started.slice(0, 3)).toEqual([0, 1, 2])
  expect(end.started).toBe(started.length)
  expect(end.heldBack).toBe(0)
})

test('what would exceed the limit of calls under way is held back and counted', async () => {
  let release = () => {}
  const gate = new Promise<void>((resolve) => {
    release = resolve
  })
  let turns = 0
  const end = await openLoop({
    rate: 1_000,
    atOnce: 2,
    isOver: (elapsedMs) => {
      turns += 1
      if (turns < 3 || elapsedMs < 10) return false
      release()
      return true
    },
    start: () => gate,
  })
  expect(end.started).toBe(2)
  expect(end.heldBack).toBeGreaterThan(0)
})

test('by default each row runs for 10 s', () => {
  expect(readArguments([], rows)).toEqual({ durationMs: 10_000, only: rows, json: false })
})

test('minutes, rows and JSON can be asked for', () => {
  expect(readArguments(['--', '--minutes', '2', '--only', 'h2, H1', '--json'], rows)).toEqual({
    ...{ durationMs: 120_000, only: ['H2', 'H1'], json: true },
  })
})

test.each([
  [['--only', 'H7'], "--only: 'H7' is none of H1, H2"],
  [['--minutes', 'ten'], '--minutes: a number from 0.17 to 60'],
  [['--minutes', '0.1'], '--minutes: a number from 0.17 to 60'],
  [['--minutes', '61'], '--minutes: a number from 0.17 to 60'],
])('refuses %j', (given, message) => {
  expect(() => readArguments(given, rows)).toThrow(new Error(message))
})

test('refuses an argument that it does not know', () => {
  expect(() => readArguments(['--hours', '1'], rows)).toThrow("Unknown option '--hours'")
})
