import { setImmediate } from 'node:timers/promises'
import { createManualClock } from '@countersign/testing'
import { expect, onTestFinished, test } from 'vitest'
import type { WaitingClock } from '#core/clock.js'
import { createSingleFlight } from '#core/renewal/single-flight.js'

const timeout = 1_000

function deferred<T>() {
  let settle: { resolve: (value: T) => void; reject: (error: unknown) => void } | undefined
  const promise = new Promise<T>((resolve, reject) => {
    settle = { resolve, reject }
  })
  return { promise, ...(settle as NonNullable<typeof settle>) }
}

/** A flight that began when the clock did, and somebody who waits for it. */
function waiting(signal?: AbortSignal) {
  const clock = createManualClock()
  const { promise, resolve, reject } = deferred<string>()
  const timers: AbortSignal[] = []
  const wait: WaitingClock['wait'] = (ms, timer, keepsProcessAlive) => {
    if (!keepsProcessAlive) return clock.wait(ms, timer)
    timers.push(timer)
    return clock.wait(ms, timer)
  }
  const single = createSingleFlight<string>({ timeout, clock: { ...clock, wait } })
  const waited = single.wait(single.start('key', false), promise, signal)
  return { clock, resolve, reject, waited, timers }
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

test('a flight that never settles holds up no later one', async () => {
  const single = createSingleFlight<string>({ timeout, clock: createManualClock() })
  void single.run(single.start('key', false), () => new Promise(() => {}))
  expect(await single.run(single.start('key', false), async () => 'later')).toBe('later')
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

test('the failure of a flight that nobody waits for is no unhandled rejection', {
  tags: ['D11'],
}, async () => {
  const unhandled: unknown[] = []
  const note = (reason: unknown) => unhandled.push(reason)
  process.on('unhandledRejection', note)
  onTestFinished(() => void process.off('unhandledRejection', note))

  const single = createSingleFlight<string>({ timeout, clock: createManualClock() })
  void single.run(single.start('key', false), () => Promise.reject(new Error('nobody waits')))
  await setImmediate()
  await setImmediate()

  expect(unhandled).toEqual([])
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

test('who waits keeps the process alive, gets what the flight brings, and leaves no timer', async () => {
  const { waited, resolve, timers } = waiting()
  resolve('token')
  expect(await waited).toBe('token')
  expect(timers.map(({ aborted }) => aborted)).toEqual([true])
})

test('who waits gets the error of the flight, and no timer is left', async () => {
  const { waited, reject, timers } = waiting()
  reject(new Error('no token'))
  await expect(waited).rejects.toThrow('no token')
  expect(timers.map(({ aborted }) => aborted)).toEqual([true])
})

test('who waits learns that a flight is dead when it is, and not before', {
  tags: ['P11'],
}, async () => {
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

test('an abort ends the wait with its own reason, and leaves no timer', {
  tags: ['D5'],
}, async () => {
  const caller = new AbortController()
  const { waited, timers } = waiting(caller.signal)
  const reason = new Error('enough')
  caller.abort(reason)
  await expect(waited).rejects.toBe(reason)
  expect(timers.map(({ aborted }) => aborted)).toEqual([true])
})

test('leaves no listener on the signal of a caller, however its wait ended', {
  tags: ['P10'],
}, async () => {
  const { signal } = new AbortController()
  const listeners = new Set<unknown>()
  signal.addEventListener = (_: string, listener: unknown) => void listeners.add(listener)
  signal.removeEventListener = (name: string, listener: unknown) =>
    void (name === 'abort' && listeners.delete(listener))
  const well = waiting(signal)
  const badly = waiting(signal)
  await setImmediate()
  expect(listeners.size).toBe(2)
  well.resolve('token')
  badly.reject(new Error('no token'))
  await Promise.allSettled([well.waited, badly.waited])
  expect(listeners.size).toBe(0)
})
