import { createHistogram } from 'node:perf_hooks'

/** What came of the requests of one load. */
export interface Totals {
  requests: number
  answered200: number
  /** Rejected for want of a token, as it had to be. */
  withoutToken: number
  /** Requests that did not get what they are owed, by reason. */
  lost: Record<string, number>
  p50Ms: number
  p99Ms: number
}

type Outcome = 'answered' | 'without-token' | { lost: string }

export interface Tally {
  started(): void
  ended(outcome: Outcome, ms: number): void
  /** What has not ended by now is lost. */
  totals(): Totals
}

export function createTally(): Tally {
  const latency = createHistogram()
  const lost: Record<string, number> = {}
  let requests = 0
  let answered200 = 0
  let withoutToken = 0
  let underWay = 0

  return {
    started() {
      requests += 1
      underWay += 1
    },
    ended(outcome, ms) {
      underWay -= 1
      latency.record(Math.max(1, Math.round(ms * 1000)))
      if (outcome === 'answered') answered200 += 1
      else if (outcome === 'without-token') withoutToken += 1
      else lost[outcome.lost] = (lost[outcome.lost] ?? 0) + 1
    },
    totals: () => ({
      ...{ requests, answered200, withoutToken },
      lost: underWay === 0 ? { ...lost } : { ...lost, 'never answered': underWay },
      p50Ms: latency.percentile(50) / 1000,
      p99Ms: latency.percentile(99) / 1000,
    }),
  }
}
