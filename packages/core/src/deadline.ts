import type { Clock } from './clock.js'

/**
 * Runs `work` with a signal that aborts after `ms`, and rejects with `late()` then, even if the
 * work ignores its signal. The timer ends with the work.
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

/**
 * Settles as `awaited` does, or rejects with the reason of `signal`. It adds one listener and
 * removes it: `AbortSignal.any` keeps references to long-lived signals.
 */
export async function untilAborted<T>(
  signal: AbortSignal | null | undefined,
  awaited: Promise<T>,
): Promise<T> {
  if (!signal) return awaited
  let abort = () => {}
  const aborted = new Promise<never>((_, reject) => {
    abort = () => reject(abortReason(signal))
  })
  signal.addEventListener('abort', abort)
  if (signal.aborted) abort()
  try {
    return await Promise.race([aborted, awaited])
  } finally {
    signal.removeEventListener('abort', abort)
  }
}

/** Returns why a signal was aborted; polyfills of `AbortSignal` may have no reason. */
export function abortReason(signal: AbortSignal | undefined): unknown {
  if (signal?.reason !== undefined) return signal.reason
  return new DOMException('This operation was aborted', 'AbortError')
}
