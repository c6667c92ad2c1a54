import { setImmediate } from 'node:timers/promises'
import { createManualClock } from '@countersign/testing'
import { expect, onTestFinished, test, vi } from 'vitest'
import type { WaitingClock } from '#core/clock.js'
import { createSingleFlight } from '#core/renewal/single-flight.js'

const timeout = 1_000

/** A flight that began when the clock did, and somebody who waits for it. */
function waiting() {
  const clock = createManualClock()
  const { signal } = new AbortController()
  const listeners = new Set<unknown>()
  signal.addEventListener = (_: string, listener: unknown) => void listeners.add(listener)
  signal.removeEventListener = (name: string, listener: unknown) =>
    void (name === 'abort' && listeners.delete(listener))
  const timers: AbortSignal[] = []
  const wait: WaitingClock['wait'] = (ms, timer, keepsProcessAlive) => {
    if (keepsProcessAlive) timers.push(timer)
    return clock.wait(ms, timer)
  }
  const single = createSingleFlight<string>({ timeout, clock: { ...clock, wait } })
  let settle: { resolve: (value: string) => void; reject: (error: unknown) => void } | undefined
  const flight = new Promise<string>((resolve, reject) => {
    settle = { resolve, reject }
  })
  const waited = single.wait(single.start('key', false), flight, signal)
  return { ...(settle as NonNullable<typeof settle>), clock, waited, timers, listeners }
}

test('callers of one flight share its work, and no other flight does', async () => {
  const clock = createManualClock()
  await clock.advance(5)
  const single = createSingleFlight<number>({ timeout, clock })
  let count = 0
  const work = async () => ++count
  const one = single.start('key', false)
  await clock.advance(2)
  const two = single.start('key', true)
  expect([one.startedAt, two.startedAt]).toEqual([5, 7])
  expect(two.generation).toBeGreaterThan(one.generation)
  const joined = [one, one, two, two].map((flight) => single.run(flight, work))
  expect(await Promise.all(joined)).toEqual([1, 1, 2, 2])
})

test('ten thousand failures leave no entry behind', async () => {
  const single = createSingleFlight<string>({ timeout, clock: createManualClock() })
  const all = Array.from({ length: 10_000 }, (_, index) => single.start(`key ${index}`, false))
  const fail = () => Promise.reject(new Error('no token'))
  await Promise.allSettled(all.map((flight) => single.run(flight, fail)))
  const again = await Promise.all(all.map((flight) => single.run(flight, async () => 'again')))
  expect(new Set(again)).toEqual(new Set(['again']))
})

test('work that throws at once is a rejection', { tags: ['D4'] }, async () => {
  const single = createSingleFlight<string>({ timeout, clock: createManualClock() })
  const failed = single.run(single.start('key', false), () => {
    throw new Error('at once')
  })
  await expect(failed).rejects.toThrow('at once')
})

test('handles the failure of a flight that nobody waits for', { tags: ['D11'] }, async () => {
  const unhandled = vi.fn()
  process.on('unhandledRejection', unhandled)
  onTestFinished(() => void process.off('unhandledRejection', unhandled))
  const single = createSingleFlight<string>({ timeout, clock: createManualClock() })
  void single.run(single.start('key', false), () => Promise.reject(new Error('nobody waits')))
  await setImmediate()
  await setImmediate()
  expect(unhandled).not.toHaveBeenCalled()
})

test('a flight is lost a moment after its own time limit', { tags: ['P11'] }, async () => {
  const clock = createManualClock()
  await clock.advance(50)
  const single = createSingleFlight<string>({ timeout, clock })
  const flight = single.start('key', false)
  await clock.advance(timeout + 99)
  expect(single.isOpen(flight)).toBe(true)
  await clock.advance(1)
  expect(single.isOpen(flight)).toBe(false)
})

test('a flight is lost when a clock leaps ahead of what its ticks can explain', async () => {
  const clock = createManualClock()
  const single = createSingleFlight<string>({ timeout: 10_000, clock })
  const flight = single.start('key', false)
  await clock.advance(9_000)
  clock.setWallClock(clock.now() + 2_499)
  expect(single.isOpen(flight)).toBe(true)
  clock.setWallClock(clock.now() + 1)
  expect(single.isOpen(flight)).toBe(false)
})

test('who waits learns when a flight is dead, and not before', { tags: ['P11'] }, async () => {
  const { clock, waited } = waiting()
  let outcome: string | undefined = 'still waiting'
  const done = waited.then((value) => {
    outcome = value
  })
  await clock.advance(timeout + 99)
  expect(outcome).toBe('still waiting')
  await clock.advance(1)
  await done
  expect(outcome).toBeUndefined()
})

test('who comes late waits only for what is left of the time', { tags: ['P11'] }, async () => {
  const clock = createManualClock()
  await clock.advance(900)
  const never = new Promise<string>(() => {})
  const single = createSingleFlight<string>({ timeout, clock })
  const flight = { ...single.start('key', false), startedAt: 0 }
  let isOver = false
  const done = single.wait(flight, never, undefined).then(() => {
    isOver = true
  })
  await clock.advance(199)
  expect(isOver).toBe(false)
  await clock.advance(1)
  await done
  const veryLate = { ...flight, startedAt: -10_000 }
  expect(await single.wait(veryLate, never, undefined)).toBeUndefined()
})

const error = new Error('no token')

test.each<[string, (flight: ReturnType<typeof waiting>) => void, unknown]>([
  ['brings a token', ({ resolve }) => resolve('token'), 'token'],
  ['fails', ({ reject }) => reject(error), error],
])(
  'who waits keeps the process alive until the flight %s, and leaves no timer and no listener',
  { tags: ['P10'] },
  async (_, end, outcome) => {
    const flight = waiting()
    const { waited, timers, listeners } = flight
    await setImmediate()
    expect([listeners.size, timers.length]).toEqual([1, 1])
    end(flight)
    expect(await waited.catch((thrown) => thrown)).toBe(outcome)
    expect(listeners.size).toBe(0)
    expect(timers.map(({ aborted }) => aborted)).toEqual([true])
  },
)

test('an abort ends the wait with its own reason', { tags: ['D5'] }, async () => {
  const single = createSingleFlight<string>({ timeout, clock: createManualClock() })
  const caller = new AbortController()
  const waited = single.wait(single.start('key', false), new Promise(() => {}), caller.signal)
  caller.abort(error)
  await expect(waited).rejects.toBe(error)
})
