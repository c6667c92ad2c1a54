import { mostInOutage, renewalWindow, useInOutage } from '../bounds.ts'
import { hostsOf } from '../hosts.ts'
import { mixedCalls, steadyRate } from '../mixed-calls.ts'
import { openLoop } from '../open-loop.ts'
import type { Row } from '../row.ts'
import { brokenBy } from '../run.ts'
import { createTally } from '../tally.ts'

const clientId = 'h4'
/** It becomes due before the load ends, and outlives it. */
const lifetimeSecondsFor = (durationMs: number) => Math.ceil((durationMs * 1.2) / 1000)

/** H4 */
export const outageWithToken: Row = {
  id: 'H4',
  title: `token endpoint down while a token is valid, ${steadyRate} requests/s`,
  clients: (durationMs) => [{ clientId, tokenLifetimeSeconds: lifetimeSecondsFor(durationMs) }],
  async run({ servers, provider, durationMs }) {
    const lifetimeMs = lifetimeSecondsFor(durationMs) * 1000
    const useMs = useInOutage(lifetimeMs)
    let failedRenewals = 0
    const tokens = provider(clientId, {
      onEvent: ({ type }) => {
        if (type === 'renewal-failed') failedRenewals += 1
      },
    })
    const tally = createTally()
    const since = performance.now()
    await tokens.getAccessToken()
    await servers.setDown(true)
    await openLoop({
      rate: steadyRate,
      isOver: () => performance.now() - since >= useMs,
      start: mixedCalls({ clientId, hosts: hostsOf(tokens, servers.apiOrigin), tally }),
    }).finally(() => servers.setDown(false))
    const { length: tokenRequests } = await servers.tokenRequests(clientId)
    const dueMs = performance.now() - since - (lifetimeMs - renewalWindow(lifetimeMs))
    const run = {
      ...{ name: 'axios, ky, fetch', ...tally.totals() },
      ...{ tokenRequests, bound: 1 + mostInOutage(dueMs) },
    }
    const broken = brokenBy(run)
    if (failedRenewals === 0) broken.push('no renewal failed: the outage was not felt')
    const notes = [
      `A token of ${lifetimeMs / 1000} s, used for ${useMs / 1000} s; ${failedRenewals} renewals failed meanwhile.`,
    ]
    return { runs: [run], broken, notes }
  },
}
