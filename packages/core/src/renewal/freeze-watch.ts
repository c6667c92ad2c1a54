import type { Clock } from '../clock.js'

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
  let wall = clock.now()
  let monotonic = clock.monotonic()
  let isFrozen = false
  let isBlind = false
  const end = monotonic + duration

  const look = () => {
    const now = { wall: clock.now(), monotonic: clock.monotonic() }
    const gap = Math.max(now.wall - wall, now.monotonic - monotonic)
    isFrozen ||= gap >= longestGap
    return now
  }
  const watch = async () => {
    while (!isFrozen && !isBlind && monotonic < end && !stopped.signal.aborted) {
      await clock.wait(tick, stopped.signal)
      const now = look()
      // The pauses of a test's clock may end at once: it cannot show a freeze.
      isBlind = !(now.monotonic > monotonic)
      wall = now.wall
      monotonic = now.monotonic
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
