import pMemoize from 'p-memoize'
import { longestTimer, type WaitingClock } from '../clock.js'
import { abortReason } from '../deadline.js'
import { watchForFreeze } from './freeze-watch.js'

/** One running token request for all who wait for the same thing. */
export interface Flight<T> {
  /** Greater than that of every flight before it. */
  readonly id: number
  /** Monotonic. */
  readonly since: number
  /** The same promise for all; it counts as handled, for nobody may be waiting. */
  readonly promise: Promise<T>
  /** Whether nobody can rely on it: its time limit has passed, or the process stood still. */
  isLost(): boolean
}

/** What a flight's own work knows of it. */
export interface Run {
  readonly id: number
  readonly since: number
  /** Whether the process stood still since the flight started. */
  isFrozen(): boolean
}

/** A flight ends itself at its time limit; this long after it, it counts as dead. */
const grace = 100

/**
 * Starts flights under numbers that are never used again, on p-memoize without its cache: a
 * flight that never settles blocks no later one.
 */
export function flights<T>({
  timeout,
  clock,
}: {
  timeout: number
  clock: WaitingClock
}): (work: (run: Run) => Promise<T>) => Flight<T> {
  let count = 0
  const memoized = pMemoize((_id: number, run: Run, work: (run: Run) => Promise<T>) => work(run), {
    cache: false,
  })
  return (work) => {
    const id = ++count
    const since = clock.monotonic()
    const watch = watchForFreeze(clock, timeout + grace)
    const { isFrozen } = watch
    const promise = memoized(id, { id, since, isFrozen }, work)
    promise.then(watch.stop, watch.stop)
    const isLost = () => clock.monotonic() - since >= timeout + grace || isFrozen()
    return { id, since, promise, isLost }
  }
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
    stop = () => reject(abortReason(signal))
    signal.addEventListener('abort', stop)
  })
  try {
    return await Promise.race([promise, aborted])
  } finally {
    signal.removeEventListener('abort', stop)
  }
}
