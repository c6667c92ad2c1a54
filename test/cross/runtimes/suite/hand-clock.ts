import type { Clock } from '@countersign/core'

/** A clock that stands still until it is moved. Its pauses end when they are aborted, never else. */
export interface HandClock extends Clock {
  move(ms: number): void
}

export function createHandClock(start: number): HandClock {
  let elapsed = 0
  return {
    now: () => start + elapsed,
    monotonic: () => elapsed,
    wait: (_, signal) =>
      new Promise((_resolve, reject) => {
        if (signal.aborted) return reject(signal.reason)
        signal.addEventListener('abort', () => reject(signal.reason), { once: true })
      }),
    move: (ms) => {
      elapsed += ms
    },
  }
}
