import pMemoize from 'p-memoize'
import { longestTimer, raceAbort, type WaitingClock } from '../clock.js'
import { type FreezeWatch, watchForFreeze } from './freeze-watch.js'

/** A token request in flight. p-memoize alone holds its promise. */
export interface RequestInFlight extends FreezeWatch {
  /** Names all that changes the token, and the generation. */
  readonly key: string
  /** Greater than that of every earlier token request. */
  readonly generation: number
  /** Monotonic. */
  readonly startedAt: number
  /** Whether it accepts no token that was there at its start. */
  readonly isForced: boolean
  /** Aborts once the provider is closed and no caller waits. */
  readonly closing: AbortSignal
  /** Aborts it as soon as no caller waits. */
  close(reason: unknown): void
  /** Counts a caller that waits for it, until the returned function is called. */
  addWaiter(): () => void
}

export type SingleFlight<T> = ReturnType<typeof createSingleFlight<T>>

/** A token request ends at its time limit; this long after it, it counts as dead. */
const grace = 100

/** Makes one token request for all callers that want the same token. */
export function createSingleFlight<T>({
  timeout,
  clock,
}: {
  readonly timeout: number
  readonly clock: WaitingClock
}) {
  const limit = timeout + grace
  let generation = 0
  const share = pMemoize(async (_: RequestInFlight, work: () => Promise<T>) => work(), {
    cache: false,
    cacheKey: ([{ key }]) => key,
  })
  return { start, isOpen, run, wait }

  /** Each request has a generation of its own, so that one that never settles blocks no later one. */
  function start(tokenKey: string, isForced: boolean): RequestInFlight {
    generation += 1
    const key = `${tokenKey} ${generation}${isForced ? ' forced' : ''}`
    const startedAt = clock.monotonic()
    return {
      key,
      generation,
      startedAt,
      isForced,
      ...watchForFreeze(clock, limit),
      ...countWaiters(),
    }
  }

  /** Whether it can still end: its time limit has not passed, and the process did not stand still. */
  function isOpen(request: RequestInFlight | undefined): request is RequestInFlight {
    return (
      request !== undefined && clock.monotonic() - request.startedAt < limit && !request.isFrozen()
    )
  }

  /** Runs `work`, or joins the work that the same request has in progress. */
  function run(request: RequestInFlight, work: () => Promise<T>): Promise<T> {
    const running = share(request, work)
    // There may be no caller that waits: this also handles its rejection.
    running.then(request.stop, request.stop)
    return running
  }

  /**
   * Waits for `running`, until the request is dead (then: undefined), or until the caller's signal.
   * Each waiter has its own timer: on Cloudflare Workers a token request ends with the request of
   * the caller that started it.
   */
  async function wait<R>(
    request: RequestInFlight,
    running: Promise<R>,
    signal: AbortSignal | undefined,
  ): Promise<R | undefined> {
    const settled = new AbortController()
    const removeWaiter = request.addWaiter()
    const left = Math.max(0, request.startedAt + limit - clock.monotonic())
    const dead = clock
      .wait(Math.min(left, longestTimer), settled.signal, true)
      .then(nothing, nothing)
    try {
      return await raceAbort(signal, Promise.race([running, dead]))
    } finally {
      settled.abort()
      removeWaiter()
    }
  }
}

/** Connects the callers that wait for a token request with the signal that ends it. */
function countWaiters(): Pick<RequestInFlight, 'closing' | 'close' | 'addWaiter'> {
  const controller = new AbortController()
  let waiters = 0
  let closeIfUnwanted = () => {}
  return {
    closing: controller.signal,
    close(reason) {
      closeIfUnwanted = () => {
        if (waiters === 0) controller.abort(reason)
      }
      closeIfUnwanted()
    },
    addWaiter() {
      waiters += 1
      return () => {
        waiters -= 1
        closeIfUnwanted()
      }
    },
  }
}

function nothing(): undefined {}
