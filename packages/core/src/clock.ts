/**
 * Where time comes from. Handed in through `clock`, so that a test can move it by hand: every
 * pause and every time limit of this library goes through it.
 */
export interface Clock {
  /** The wall clock, in epoch milliseconds. */
  now(): number
  /** Milliseconds since whenever; never goes back. */
  monotonic(): number
  /** Resolves after `ms` milliseconds; rejects with `signal.reason` on abort. */
  wait(ms: number, signal: AbortSignal): Promise<void>
}

/**
 * What the library calls: a `Clock` that may also be told that somebody waits for this pause.
 * The platform's clock keeps the process alive for those alone.
 */
export interface WaitingClock extends Clock {
  wait(ms: number, signal: AbortSignal, keepsProcessAlive?: boolean): Promise<void>
}

/** A timer of more milliseconds ends at once. */
export const longestTimer: number = 2 ** 31 - 1

/** The platform's clocks and timer, looked up at each call, so that fake timers are seen. */
export const systemClock: WaitingClock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  wait: (ms, signal, keepsProcessAlive = false) =>
    new Promise((resolve, reject) => {
      if (signal.aborted) return reject(signal.reason)
      const stop = () => {
        clearTimeout(timer)
        signal.removeEventListener('abort', stop)
        reject(signal.reason)
      }
      const timer = setTimeout(() => {
        signal.removeEventListener('abort', stop)
        resolve()
      }, ms)
      // Without options: they would inherit a signal that stands on Object.prototype.
      signal.addEventListener('abort', stop)
      // A number in browsers and workers, which have no process to keep alive.
      if (!keepsProcessAlive && typeof timer === 'object') timer.unref()
    }),
}
