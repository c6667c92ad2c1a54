import { addAbortListener } from 'node:events'
import { setImmediate } from 'node:timers/promises'
import type { Clock } from '@countersign/core'

/** A clock that a test moves by hand. Time stands still between calls of `advance`. */
export interface ManualClock extends Clock {
  /**
   * Moves both clocks by `ms` milliseconds. It stops at each pause that ends on the way, in order,
   * and lets what waited for it run. Chains without I/O settle; wait for sockets and thread pools
   * yourself.
   *
   * @throws RangeError (as a rejection) when `ms` is negative or not finite.
   */
  advance(ms: number): Promise<void>
  /** Sets the wall clock alone, in epoch milliseconds, as NTP or an operator does. Ends no pause. */
  setWallClock(epochMs: number): void
}

/** Turns of the event loop between two steps: enough for a chain of a few pauses and promises. */
const turns = 4

/**
 * Creates a clock for tests of everything that waits or expires.
 *
 * @param start - The wall clock at first, in epoch milliseconds. The monotonic clock starts at 0.
 * `@default` 2026-01-01T00:00:00Z
 *
 * @example
 * ```ts
 * const clock = createManualClock()
 * const tokens = createTokenProvider({ clientId, tokenEndpoint, key, clock })
 * await clock.advance(600_000)
 * ```
 */
export function createManualClock(start: number = Date.UTC(2026, 0, 1)): ManualClock {
  let elapsed = 0
  /** The wall clock when the monotonic clock was 0. */
  let origin = start
  let moves: Promise<void> = Promise.resolve()
  const pauses = new Set<{ readonly due: number; end(): void }>()

  const move = async (ms: number) => {
    const target = elapsed + ms
    await settle()
    for (let next = earliest(); next && next.due <= target; next = earliest()) {
      elapsed = next.due
      next.end()
      await settle()
    }
    elapsed = target
    await settle()
  }

  // The sort is stable: of two pauses that end together, the one that began first ends first.
  const earliest = () => [...pauses].sort((one, other) => one.due - other.due)[0]

  return {
    now: () => origin + elapsed,
    monotonic: () => elapsed,
    wait: (ms, signal) =>
      new Promise((resolve, reject) => {
        if (!signal.aborted && !(ms > 0)) return resolve()
        const pause = {
          due: elapsed + ms,
          end: (): void => {
            pauses.delete(pause)
            abortListener[Symbol.dispose]()
            resolve()
          },
        }
        pauses.add(pause)
        const abortListener = addAbortListener(signal, () => {
          pauses.delete(pause)
          reject(signal.reason)
        })
      }),
    advance: (ms) => {
      if (!(ms >= 0 && ms < Number.POSITIVE_INFINITY))
        return Promise.reject(new RangeError(`a clock cannot advance by ${ms} ms`))
      moves = moves.then(() => move(ms))
      return moves
    },
    setWallClock: (epochMs) => {
      origin = epochMs - elapsed
    },
  }
}

async function settle(): Promise<void> {
  for (let turn = 0; turn < turns; turn++) await setImmediate()
}
