/**
 * The source of time. Every pause and every time limit of this library uses it, so that a test can
 * set it by hand.
 */
export interface Clock {
  /** The wall clock, in epoch milliseconds. */
  now(): number
  /** Milliseconds since any fixed point. Never goes back. */
  monotonic(): number
  /** Resolves after `ms` milliseconds; rejects with `signal.reason` on abort. */
  wait(ms: number, signal: AbortSignal): Promise<void>
}

/**
 * The clock that the library calls. The platform's clock keeps the process alive only for pauses
 * that a caller waits for.
 */
export interface WaitingClock extends Clock {
  wait(ms: number, signal: AbortSignal, keepsProcessAlive?: boolean): Promise<void>
}

/** In milliseconds. A longer timer ends at once. */
export const longestTimer: number = 2 ** 31 - 1

/** The platform's clocks and timer, looked up at each call, so that fake timers are seen. */
export const systemClock: WaitingClock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  wait: (ms, signal, keepsProcessAlive = false) => {
    let timer: ReturnType<typeof setTimeout> | undefined
    const passed = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, ms)
    })
    // A number in browsers and workers, which have no process to keep alive.
    if (!keepsProcessAlive && typeof timer === 'object') timer.unref()
    return raceAbort(signal, passed).finally(() => clearTimeout(timer))
  },
}

/**
 * Runs `work` with a signal that aborts after `ms`, and rejects with `late()` then, even if the
 * work ignores its signal. The timer ends with the work. `signal` aborts the signal of the work, and
 * nothing else.
 */
export async function runWithin<T>(
  {
    clock,
    ms,
    late,
    signal,
  }: { clock: Clock; ms: number; late: () => Error; signal?: AbortSignal },
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const limit = new AbortController()
  const done = new AbortController()
  const tooLate = clock.wait(ms, done.signal).then(() => {
    const error = late()
    limit.abort(error)
    throw error
  })
  const abort = () => limit.abort(signal?.reason)
  signal?.addEventListener('abort', abort)
  try {
    return await Promise.race([work(limit.signal), tooLate])
  } finally {
    signal?.removeEventListener('abort', abort)
    done.abort()
    tooLate.catch(() => {})
  }
}

/**
 * Settles as `awaited` does, or rejects with the reason of `signal`. It adds one listener and
 * removes it: `AbortSignal.any` keeps references to long-lived signals.
 */
export async function raceAbort<T>(
  signal: AbortSignal | null | undefined,
  awaited: Promise<T>,
): Promise<T> {
  if (!signal) return awaited
  let abort = () => {}
  const aborted = new Promise<never>((_, reject) => {
    abort = () => reject(getAbortReason(signal))
  })
  // Without options: they would inherit a signal that is on Object.prototype.
  signal.addEventListener('abort', abort)
  if (signal.aborted) abort()
  try {
    return await Promise.race([aborted, awaited])
  } finally {
    signal.removeEventListener('abort', abort)
  }
}

/** Returns why a signal was aborted; polyfills of `AbortSignal` may have no reason. */
export function getAbortReason(signal: AbortSignal | undefined): unknown {
  if (signal?.reason !== undefined) return signal.reason
  return new DOMException('This operation was aborted', 'AbortError')
}
