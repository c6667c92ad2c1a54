import type { Clock } from '../clock.js'
import { readClocks } from './freshness.js'

const tick = 900
/** Longer than a busy process blocks its event loop, shorter than a platform freezes it. */
const longestGap = 2_500

export type FreezeWatch = ReturnType<typeof watchForFreeze>

/**
 * Notices that the process stood still: AWS Lambda between two invocations, a suspended machine,
 * SIGSTOP. A pause that ends far too late shows it on the monotonic clock; a suspended machine
 * may show it on the wall clock alone.
 */
export function watchForFreeze(clock: Clock, duration: number) {
  const stopped = new AbortController()
  let last = readClocks(clock)
  let hasFrozen = false
  /** The pauses of a test's clock may end at once. Such a clock cannot show a freeze. */
  let isBlind = false
  const end = last.monotonic + duration
  watch().catch(() => {})
  return { isFrozen, stop: () => stopped.abort() }

  function isFrozen(): boolean {
    if (!isBlind) look()
    return hasFrozen
  }

  function look() {
    const now = readClocks(clock)
    const gap = Math.max(now.wall - last.wall, now.monotonic - last.monotonic)
    hasFrozen ||= gap >= longestGap
    return now
  }

  async function watch(): Promise<void> {
    while (!hasFrozen && !isBlind && last.monotonic < end && !stopped.signal.aborted) {
      await clock.wait(tick, stopped.signal)
      const now = look()
      isBlind = !(now.monotonic > last.monotonic)
      last = now
    }
  }
}
