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
    let failed = 0
    const tokens = provider(clientId, {
      onEvent: ({ type }) => {
        if (type === 'token-request-failed') failed += 1
      },
    })
    const tally = createTally()
    const since = performance.now()
    const used = () => performance.now() - since
    await tokens.getAccessToken()
    await servers.setDown(true)
    await openLoop({
      rate: steadyRate,
      // Not before a renewal has met the outage, however late this process runs.
      isOver: () => used() >= useMs && (failed > 0 || used() >= 2 * lifetimeMs),
      start: mixedCalls({ clientId, hosts: hostsOf(tokens, servers.apiOrigin), tally }),
    }).finally(() => servers.setDown(false))
    const { length: tokenRequests } = await servers.tokenRequests(clientId)
    const dueMs = used() - (lifetimeMs - renewalWindow(lifetimeMs))
    const run = {
      ...{ name: 'axios, ky, fetch', ...tally.totals() },
      ...{ tokenRequests, bound: 1 + mostInOutage(dueMs) },
    }
    const broken = brokenBy(run)
    if (failed === 0) broken.push('no token request failed: the outage was not felt')
    const notes = [
      `A token of ${lifetimeMs / 1000} s, used for ${useMs / 1000} s; ${failed} token requests failed meanwhile.`,
    ]
    return { runs: [run], broken, notes }
  },
}
