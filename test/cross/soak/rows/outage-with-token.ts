import { maxInOutage, renewalWindow, useInOutage } from '../bounds.ts'
import { createLoad, steadyRate } from '../load.ts'
import { findFaults, type Row } from '../row.ts'

const clientId = 'h4'
/** The token becomes due before the load ends, and expires after it. */
const lifetimeSeconds = (durationMs: number) => Math.ceil((durationMs * 1.2) / 1000)

/** H4 */
export const outageWithToken: Row = {
  id: 'H4',
  title: `token endpoint down while a token is valid, ${steadyRate} requests/s`,
  clients: (durationMs) => ({ [clientId]: lifetimeSeconds(durationMs) }),
  async run(stage) {
    const { servers, provider, durationMs } = stage
    const lifetimeMs = lifetimeSeconds(durationMs) * 1000
    const useMs = useInOutage(lifetimeMs)
    let failed = 0
    const tokens = provider(clientId, {
      onEvent: ({ type }) => {
        if (type === 'token-request-failed') failed += 1
      },
    })
    const load = createLoad(stage, { clientId, tokens })
    const since = performance.now()
    const used = () => performance.now() - since
    await tokens.getAccessToken()
    await servers.run('setDown', true)
    // Not before a renewal has failed, however slow this process is.
    const isDone = () => used() >= useMs && (failed > 0 || used() >= 2 * lifetimeMs)
    await load.run(isDone).finally(() => servers.run('setDown', false))
    const run = await load.result(1 + maxInOutage(used() - lifetimeMs + renewalWindow(lifetimeMs)))
    const broken = findFaults(run)
    if (failed === 0) broken.push('no token request failed: the outage had no effect')
    const use = `A token of ${lifetimeMs / 1000} s, used for ${useMs / 1000} s`
    return { runs: [run], broken, notes: [`${use}; ${failed} token requests failed meanwhile.`] }
  },
}
