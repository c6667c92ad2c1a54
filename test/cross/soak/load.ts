import { setTimeout as pause } from 'node:timers/promises'
import type { TokenProvider } from '@countersign/core'
import { type Call, call } from './call.ts'
import { createHosts, type Host, maxInFlight } from './hosts.ts'
import type { Run, Stage } from './row.ts'
import { createTally } from './tally.ts'

/** Requests per second of the rows with one client. */
export const steadyRate = 200
const turnMs = 5
const patienceMs = 60_000

interface OpenLoop {
  /** Calls per second. */
  readonly rate: number
  /** Checked before each turn: ends the load. */
  readonly isDone: (elapsedMs: number) => boolean
  /** Starts call number `index`. Does not reject. */
  readonly start: (index: number) => Promise<void>
  /** @default {@link maxInFlight} */
  readonly atOnce?: number
}

/**
 * Starts calls at a rate, whether or not earlier ones have ended. A call that a late timer or the
 * limit held back is started as soon as possible. Then waits up to a minute for the rest.
 */
export async function openLoop({ rate, isDone, start, atOnce = maxInFlight }: OpenLoop) {
  const since = performance.now()
  const elapsed = () => performance.now() - since
  let inFlight = 0
  let started = 0
  let due = 0
  for (; !isDone(elapsed()); await pause(turnMs)) {
    due = countDue(elapsed(), rate)
    for (; started < due && inFlight < atOnce; started++) {
      inFlight += 1
      start(started).then(() => {
        inFlight -= 1
      })
    }
  }
  const end = elapsed()
  while (inFlight > 0 && elapsed() < end + patienceMs) await pause(turnMs)
  return { started, heldBack: due - started, elapsedMs: elapsed() }
}

/** Returns how many calls should have been started by now. */
export function countDue(elapsedMs: number, rate: number): number {
  return 1 + Math.floor((elapsedMs * rate) / 1000)
}

interface Load {
  readonly clientId: string
  readonly tokens: TokenProvider
  readonly onReplay?: (name: Host['name'], method: string) => void
  readonly findRejectionFault?: Call['findRejectionFault']
}

/** A load through axios, ky and fetch in turn, a POST and a GET in turn, on one provider. */
export function createLoad(
  { servers, apiOrigin }: Stage,
  { clientId, tokens, onReplay, findRejectionFault }: Load,
) {
  const tally = createTally()
  const hosts = createHosts(tokens, apiOrigin, onReplay)
  const send = (index: number) => {
    const host = hosts[index % 3] as Host
    return call({ clientId, host, tally, isPost: index % 2 === 0, findRejectionFault })
  }
  return {
    send,
    run: (isDone: OpenLoop['isDone']) => openLoop({ rate: steadyRate, isDone, start: send }),
    async result(bound: number, name = 'axios, ky, fetch'): Promise<Run> {
      const { length: tokenRequests } = await servers.run('tokenRequests', clientId)
      return { name, ...tally.totals(), tokenRequests, bound }
    },
  }
}
