import pMemoize from 'p-memoize'
import { longestTimer, type WaitingClock } from '../clock.js'
import { abortReason } from '../deadline.js'
import { type FreezeWatch, watchForFreeze } from './freeze-watch.js'

/** A token request in flight. Its promise is held by p-memoize alone. */
export interface Flight extends FreezeWatch {
  /** Names all that changes the token, and the generation. */
  readonly key: string
  /** Greater than that of every earlier flight. */
  readonly generation: number
  /** Monotonic: when it started. */
  readonly since: number
}

/** Makes one token request for all callers that want the same token. */
export interface SingleFlight<T> {
  /** Starts a generation of its own: a flight that never settles blocks no later one. */
  begin(tokenKey: string, isForced: boolean): Flight
  /** Whether nobody can rely on it: its time limit has passed, or the process stood still. */
  isLost(flight: Flight): boolean
  /** Runs `work`, or joins the same flight's work in progress. */
  run(flight: Flight, work: () => Promise<T>): Promise<T>
  /**
   * Waits for `running`, at most until its flight is dead (then: undefined), or until the caller's
   * signal. Each waiter has a timer of its own, which lives only while it waits: on Cloudflare
   * Workers a flight dies with the request that started it.
   */
  wait<R>(
    flight: Flight,
    running: Promise<R>,
    signal: AbortSignal | undefined,
  ): Promise<R | undefined>
}

/** A flight ends itself at its time limit; this long after it, it counts as dead. */
const grace = 100

export function createSingleFlight<T>({
  timeout,
  clock,
}: {
  timeout: number
  clock: WaitingClock
}): SingleFlight<T> {
  const limit = timeout + grace
  let generation = 0
  const share = pMemoize(
    async (flight: Flight, work: () => Promise<T>) => {
      try {
        return await work()
      } finally {
        flight.stop()
      }
    },
    { cache: false, cacheKey: ([{ key }]) => key },
  )
  return {
    begin(tokenKey, isForced) {
      generation += 1
      const key = `${tokenKey} ${generation}${isForced ? ' forced' : ''}`
      return { key, generation, since: clock.monotonic(), ...watchForFreeze(clock, limit) }
    },
    isLost: ({ since, isFrozen }) => clock.monotonic() - since >= limit || isFrozen(),
    run(flight, work) {
      const running = share(flight, work)
      // Nobody may be waiting.
      running.catch(nothing)
      return running
    },
    async wait(flight, running, signal) {
      const over = new AbortController()
      const left = Math.max(0, flight.since + limit - clock.monotonic())
      const dead = clock
        .wait(Math.min(left, longestTimer), over.signal, true)
        .then(nothing, nothing)
      let stop = () => {}
      const aborted = new Promise<never>((_, reject) => {
        stop = () => reject(abortReason(signal))
      })
      signal?.addEventListener('abort', stop)
      try {
        return await Promise.race([running, dead, aborted])
      } finally {
        over.abort()
        signal?.removeEventListener('abort', stop)
      }
    },
  }
}

function nothing(): undefined {}
