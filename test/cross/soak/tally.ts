import { createHistogram } from 'node:perf_hooks'

/** The outcomes of the requests of one load. */
export interface Totals {
  readonly requests: number
  readonly answered200: number
  /** Rejected as expected, because no token was available. */
  readonly withoutToken: number
  /** Requests with any other outcome, by reason. */
  readonly lost: Readonly<Record<string, number>>
  readonly p50Ms: number
  readonly p99Ms: number
}

export type Outcome = 'answered' | 'without-token' | { readonly lost: string }

export type Tally = ReturnType<typeof createTally>

export function createTally() {
  const latency = createHistogram()
  const lost: Record<string, number> = {}
  const counts = { answered: 0, 'without-token': 0 }
  let requests = 0
  let inFlight = 0
  return {
    start() {
      requests += 1
      inFlight += 1
    },
    end(outcome: Outcome, ms: number) {
      inFlight -= 1
      latency.record(Math.max(1, Math.round(ms * 1000)))
      if (typeof outcome === 'string') counts[outcome] += 1
      else lost[outcome.lost] = (lost[outcome.lost] ?? 0) + 1
    },
    /** Counts a request that has not ended as lost. */
    totals: (): Totals => ({
      ...{ requests, answered200: counts.answered, withoutToken: counts['without-token'] },
      lost: inFlight === 0 ? { ...lost } : { ...lost, 'never answered': inFlight },
      p50Ms: latency.percentile(50) / 1000,
      p99Ms: latency.percentile(99) / 1000,
    }),
  }
}
