import { setTimeout as pause } from 'node:timers/promises'

export interface OpenLoop {
  /** Calls a second. */
  rate: number
  /** Asked before each turn; the load ends when it says so. */
  isOver: (elapsedMs: number) => boolean
  /** Starts call number `index`. Does not reject. */
  start: (index: number) => Promise<void>
  /** No more calls than this are under way at once. */
  atOnce?: number
}

export interface OpenLoopEnd {
  started: number
  /** Calls that were due and not started, since too many were under way. */
  heldBack: number
  /** From the first call until the last has ended. */
  elapsedMs: number
}

/**
 * As many as the hosts have sockets. A call that had its token and then queued for longer than the
 * token lives would be answered 401, and that would say nothing of who gave it the token.
 */
export const mostAtOnce = 256
const turnMs = 5
const patienceMs = 60_000

/** How many calls should have been started by now. */
export function dueBy(elapsedMs: number, rate: number): number {
  return 1 + Math.floor((elapsedMs * rate) / 1000)
}

/**
 * Starts calls at a rate, whether or not earlier ones have ended: what a late timer missed is
 * started at its next turn, what was too much at once as soon as there is room. Then waits for the
 * calls under way, for a minute at the most.
 */
export async function openLoop({
  rate,
  isOver,
  start,
  atOnce = mostAtOnce,
}: OpenLoop): Promise<OpenLoopEnd> {
  const since = performance.now()
  const elapsed = () => performance.now() - since
  let underWay = 0
  let started = 0
  let due = 0

  for (; !isOver(elapsed()); await pause(turnMs)) {
    due = dueBy(elapsed(), rate)
    for (; started < due && underWay < atOnce; started++) {
      underWay += 1
      start(started).then(() => {
        underWay -= 1
      })
    }
  }
  const end = elapsed()
  while (underWay > 0 && elapsed() < end + patienceMs) await pause(turnMs)
  return { started, heldBack: due - started, elapsedMs: elapsed() }
}
