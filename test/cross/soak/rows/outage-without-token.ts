import { setTimeout as pause } from 'node:timers/promises'
import { mostInOutage } from '../bounds.ts'
import { hostsOf } from '../hosts.ts'
import { mixedCalls, steadyRate } from '../mixed-calls.ts'
import { openLoop } from '../open-loop.ts'
import { flightMs, rejectionFault } from '../rejection-fault.ts'
import type { Row, Stage } from '../row.ts'
import { brokenBy } from '../run.ts'
import { createTally, type Totals } from '../tally.ts'

const clientId = 'h5'
/** The longest hold-off and a flight, with as much again for a slow machine. */
const patienceMs = 80_000

/** H5 */
export const outageWithoutToken: Row = {
  id: 'H5',
  title: `token endpoint down for half the time, no token, ${steadyRate} requests/s`,
  clients: () => [{ clientId, tokenLifetimeSeconds: 86_400 }],
  async run(stage) {
    const { servers, durationMs } = stage
    const before = await servers.apiCounts()
    await servers.setDown(true)
    const [outageMs, totals] = await Promise.all([outage(stage), loadUntilRecovered(stage)])
    const after = await servers.apiCounts()
    const { length: tokenRequests } = await servers.tokenRequests(clientId)
    const run = {
      ...{ name: 'axios, ky, fetch', ...totals },
      ...{ tokenRequests, bound: mostInOutage(outageMs) + 1 },
    }
    const broken = brokenBy(run)
    const refused = after.refused - before.refused
    if (refused > 0) broken.push(`the API was sent ${refused} requests that it refused`)
    if (totals.withoutToken === 0) broken.push('no request failed: the outage was not felt')
    const notes = [
      `${(outageMs / 1000).toFixed(1)} s of outage in a load of ${durationMs / 1000} s or more. Each rejection: before the 10 s of a flight, and only until its nextAttemptAt.`,
    ]
    return { runs: [run], broken, notes }
  },
}

async function outage({ servers, durationMs }: Stage): Promise<number> {
  const since = performance.now()
  await pause(durationMs / 2)
  await servers.setDown(false)
  return performance.now() - since
}

/** At least for its time, and until a token was issued. */
async function loadUntilRecovered({ servers, provider, durationMs }: Stage): Promise<Totals> {
  let isRecovered = false
  const tokens = provider(clientId, {
    timeout: flightMs,
    onEvent: ({ type }) => {
      if (type === 'token-issued') isRecovered = true
    },
  })
  const tally = createTally()
  const hosts = hostsOf(tokens, servers.apiOrigin)
  await openLoop({
    rate: steadyRate,
    isOver: (elapsed) =>
      elapsed >= durationMs && (isRecovered || elapsed >= durationMs + patienceMs),
    start: mixedCalls({ clientId, hosts, tally, judgeRejection: rejectionFault }),
  })
  return tally.totals()
}
