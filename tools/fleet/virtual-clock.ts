import { setImmediate } from 'node:timers/promises'
import type { Clock } from '@countersign/core'
import TinyQueue from 'tinyqueue'

interface Alarm {
  readonly at: number
  readonly order: number
  ring: (() => void) | undefined
}

export type VirtualClock = ReturnType<typeof createVirtualClock>

/** Creates a clock that jumps from one alarm to the next, as soon as nothing else can run. */
export function createVirtualClock(start = Date.UTC(2026, 0, 1)) {
  const alarms = new TinyQueue<Alarm>(
    [],
    (one, other) => one.at - other.at || one.order - other.order,
  )
  let now = 0
  let order = 0

  /** Calls back after this many milliseconds. Returns a function that cancels it. */
  function schedule(ms: number, ring: () => void): () => void {
    order += 1
    const alarm: Alarm = { at: now + Math.max(0, ms), order, ring }
    alarms.push(alarm)
    return () => {
      alarm.ring = undefined
    }
  }

  /** A member's clock, whose wall clock is ahead by `skew` milliseconds. */
  function createClock(skew = 0): Clock {
    return {
      now: () => start + now + skew,
      monotonic: () => now,
      wait: (ms, signal) =>
        new Promise((resolve, reject) => {
          if (signal.aborted) return reject(signal.reason)
          const abort = () => {
            cancel()
            reject(signal.reason)
          }
          const cancel = schedule(ms, () => {
            signal.removeEventListener('abort', abort)
            resolve()
          })
          signal.addEventListener('abort', abort, { once: true })
        }),
    }
  }

  /** Runs until the promise has settled or this much time has passed. */
  async function run(ended: Promise<unknown>, limit: number): Promise<void> {
    let isOver = false
    const end = () => {
      isOver = true
    }
    ended.then(end, end)
    for (;;) {
      await setImmediate()
      if (isOver) return
      const next = alarms.peek()
      if (next === undefined || next.at > limit) return
      now = next.at
      while (alarms.peek()?.at === now) alarms.pop()?.ring?.()
    }
  }

  return { schedule, createClock, run, now: () => now }
}
