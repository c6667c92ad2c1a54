import type { Clock } from '../clock.js'
import { readClocks } from './freshness.js'

const tick = 900
/** Longer than a busy process blocks its event loop, shorter than a function host freezes it. */
const longestGap = 2_500

export interface FreezeWatch {
  /** Whether the process stood still since the watch began. */
  isFrozen(): boolean
  stop(): void
}

/**
 * Notices that the process stood still: AWS Lambda between two invocations, a suspended machine,
 * SIGSTOP. A pause that ends far too late shows it on the monotonic clock; a suspended machine
 * may show it on the wall clock alone.
 */
export function watchForFreeze(clock: Clock, duration: number): FreezeWatch {
  const stopped = new AbortController()
  let last = readClocks(clock)
  let isFrozen = false
  let isBlind = false
  const end = last.monotonic + duration

  const look = () => {
    const now = readClocks(clock)
    const gap = Math.max(now.wall - last.wall, now.monotonic - last.monotonic)
    isFrozen ||= gap >= longestGap
    return now
  }
  const watch = async () => {
    while (!isFrozen && !isBlind && last.monotonic < end && !stopped.signal.aborted) {
      await clock.wait(tick, stopped.signal)
      const now = look()
      // The pauses of a test's clock may end at once: it cannot show a freeze.
      isBlind = !(now.monotonic > last.monotonic)
      last = now
    }
  }
  watch().catch(() => {})
  return {
    isFrozen() {
      if (!isBlind) look()
      return isFrozen
    },
    stop: () => stopped.abort(),
  }
}
