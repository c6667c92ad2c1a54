import type { Clock } from '@countersign/core'

/** The machine's own clock, off by that many milliseconds. */
export function offClock(ms: number): Clock {
  return {
    now: () => Date.now() + ms,
    monotonic: () => performance.now(),
    wait: (pause, signal) =>
      new Promise((resolve, reject) => {
        const timer = setTimeout(resolve, pause)
        signal.addEventListener('abort', () => {
          clearTimeout(timer)
          reject(signal.reason)
        })
      }),
  }
}
