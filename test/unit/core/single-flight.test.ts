import { setImmediate } from 'node:timers/promises'
import { createManualClock } from '@countersign/testing'
import { expect, onTestFinished, test } from 'vitest'
import type { WaitingClock } from '#core/clock.js'
import { type Flight, flights, waitFor } from '#core/renewal/single-flight.js'

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
  const flight: Flight<string> = { id: 1, since: 0, promise, isLost: () => false }
  const timers: AbortSignal[] = []
  const wait: WaitingClock['wait'] = (ms, timer, keepsProcessAlive) => {
    timers.push(timer)
    expect(keepsProcessAlive).toBe(true)
    return clock.wait(ms, timer)
  }
  const waited = waitFor(flight, { timeout, clock: { ...clock, wait }, signal })
  return { clock, resolve, reject, waited, timers }
}

test('each flight has a number of its own, greater than any before it', async () => {
  const clock = createManualClock()
  await clock.advance(5)
  const start = flights<number>({ timeout, clock })
  const one = start(async ({ id }) => id)
  await clock.advance(2)
  const two = start(async ({ id }) => id)
  expect([one.since, two.since]).toEqual([5, 7])
  expect(two.id).toBeGreaterThan(one.id)
  expect(await Promise.all([one.promise, two.promise])).toEqual([one.id, two.id])
})

test('a flight that never settles holds up no later one', async () => {
  const start = flights<string>({ timeout, clock: createManualClock() })
  start(() => new Promise(() => {}))
  expect(await start(async () => 'later').promise).toBe('later')
})

test('D4: work that throws at once is a rejection', async () => {
  const failed = flights<string>({ timeout, clock: createManualClock() })(() => {
    throw new Error('at once')
  })
  await expect(failed.promise).rejects.toThrow('at once')
})

test('D11: the failure of a flight that nobody waits for is no unhandled rejection', async () => {
  const unhandled: unknown[] = []
  const note = (reason: unknown) => unhandled.push(reason)
  process.on('unhandledRejection', note)
  onTestFinished(() => void process.off('unhandledRejection', note))

  flights<string>({ timeout, clock: createManualClock() })(() =>
    Promise.reject(new Error('nobody waits')),
  )
  await setImmediate()
  await setImmediate()

  expect(unhandled).toEqual([])
})

test('P11: a flight is lost a moment after its own time limit', async () => {
  const clock = createManualClock()
  await clock.advance(50)
  const flight = flights<string>({ timeout, clock })(() => new Promise(() => {}))
  await clock.advance(timeout + 99)
  expect(flight.isLost()).toBe(false)
  await clock.advance(1)
  expect(flight.isLost()).toBe(true)
})

test('a flight is lost when a clock leaps ahead of what its ticks can explain', async () => {
  const clock = createManualClock()
  const flight = flights<string>({ timeout: 10_000, clock })(() => new Promise(() => {}))
  await clock.advance(9_000)
  clock.setWallClock(clock.now() + 2_499)
  expect(flight.isLost()).toBe(false)
  clock.setWallClock(clock.now() + 1)
  expect(flight.isLost()).toBe(true)
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

test('P11: who waits learns that a flight is dead when it is, and not before', async () => {
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

test('P11: who comes late waits only for what is left of the time', async () => {
  const clock = createManualClock()
  await clock.advance(900)
  const flight: Flight<string> = {
    ...{ id: 1, since: 0, promise: new Promise(() => {}) },
    isLost: () => false,
  }
  let isOver = false
  const done = waitFor(flight, { timeout, clock, signal: undefined }).then(() => {
    isOver = true
  })
  await clock.advance(199)
  expect(isOver).toBe(false)
  await clock.advance(1)
  await done
  const veryLate = { ...flight, since: -10_000 }
  expect(await waitFor(veryLate, { timeout, clock, signal: undefined })).toBeUndefined()
})

test('D5: an abort ends the wait with its own reason, and leaves no timer', async () => {
  const caller = new AbortController()
  const { waited, timers } = waiting(caller.signal)
  const reason = new Error('enough')
  caller.abort(reason)
  await expect(waited).rejects.toBe(reason)
  expect(timers.map(({ aborted }) => aborted)).toEqual([true])
})

test('P10: no listener is left on the signal of a caller, whatever came of its wait', async () => {
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
