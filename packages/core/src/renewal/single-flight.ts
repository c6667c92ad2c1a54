import pMemoize from 'p-memoize'
import { longestTimer, type WaitingClock } from '../clock.js'

/** One running token request for all who wait for the same thing. */
export interface Flight<T> {
  /** Greater than that of every flight before it. */
  readonly id: number
  /** Monotonic. */
  readonly since: number
  /** The same promise for all; it counts as handled, for nobody may be waiting. */
  readonly promise: Promise<T>
}

/** A flight ends itself at its time limit; this long after it, it is taken for dead. */
const grace = 100

/**
 * Starts flights under numbers that are never used again, on p-memoize without its cache: a
 * flight that never settles blocks no later one.
 */
export function flights<T>(): (since: number, work: (id: number) => Promise<T>) => Flight<T> {
  let count = 0
  const run = pMemoize((id: number, work: (id: number) => Promise<T>) => work(id), { cache: false })
  return (since, work) => {
    const id = ++count
    const promise = run(id, work)
    promise.catch(() => {})
    return { id, since, promise }
  }
}

/** Its own time limit is over, and it did not settle: whoever started it is gone. */
export function isDead(flight: Flight<unknown>, timeout: number, now: number): boolean {
  return now - flight.since >= timeout + grace
}

/**
 * Waits for a flight, at most until it is dead (then: undefined), or until the caller's signal.
 * Each waiter has a timer of its own, which lives only while it waits: on Cloudflare Workers a
 * flight dies with the request that started it.
 */
export async function waitFor<T>(
  flight: Flight<T>,
  {
    timeout,
    clock,
    signal,
  }: { timeout: number; clock: WaitingClock; signal: AbortSignal | undefined },
): Promise<T | undefined> {
  const over = new AbortController()
  const left = Math.max(0, flight.since + timeout + grace - clock.monotonic())
  const dead = clock.wait(Math.min(left, longestTimer), over.signal, true).then(
    () => undefined,
    () => undefined,
  )
  try {
    return await untilAborted(Promise.race([flight.promise, dead]), signal)
  } finally {
    over.abort()
  }
}

/** Settles as the promise does, or rejects with `signal.reason`; leaves no listener behind. */
async function untilAborted<T>(promise: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return promise
  let stop = () => {}
  const aborted = new Promise<never>((_, reject) => {
    stop = () => reject(signal.reason)
    signal.addEventListener('abort', stop)
  })
  try {
    return await Promise.race([promise, aborted])
  } finally {
    signal.removeEventListener('abort', stop)
  }
}
