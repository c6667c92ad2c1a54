import type { Clock } from './clock.js'

/**
 * Runs `work` with a signal that aborts after `ms`, and rejects with `late()` then, even if the
 * work does not listen. The timer ends with the work.
 */
export async function within<T>(
  { clock, ms, late }: { clock: Clock; ms: number; late: () => Error },
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const limit = new AbortController()
  const done = new AbortController()
  const tooLate = clock.wait(ms, done.signal).then(() => {
    const error = late()
    limit.abort(error)
    throw error
  })
  try {
    return await Promise.race([work(limit.signal), tooLate])
  } finally {
    done.abort()
    tooLate.catch(() => {})
  }
}

/** Why a signal was aborted; old polyfills of `AbortSignal` have no reason. */
export function abortReason(signal: AbortSignal | undefined): unknown {
  return signal?.reason ?? new DOMException('This operation was aborted', 'AbortError')
}
