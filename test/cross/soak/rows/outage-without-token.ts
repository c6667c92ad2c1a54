import { setTimeout as pause } from 'node:timers/promises'
import { maxInOutage } from '../bounds.ts'
import { findOutageFault, timeoutMs } from '../call.ts'
import { createLoad, steadyRate } from '../load.ts'
import { findFaults, type Row } from '../row.ts'

const clientId = 'h5'
/** The longest hold-off and a token request, twice. */
const patienceMs = 80_000

/** H5 */
export const outageWithoutToken: Row = {
  id: 'H5',
  title: `token endpoint down for half the time, no token, ${steadyRate} requests/s`,
  clients: () => ({ [clientId]: 86_400 }),
  async run(stage) {
    const { servers, provider, durationMs } = stage
    let isRecovered = false
    const tokens = provider(clientId, {
      timeout: timeoutMs,
      onEvent: ({ type }) => {
        if (type === 'token-issued') isRecovered = true
      },
    })
    const load = createLoad(stage, { clientId, tokens, findRejectionFault: findOutageFault })
    const before = await servers.run('apiCounts')
    await servers.run('setDown', true)
    const since = performance.now()
    const recover = async () => {
      await pause(durationMs / 2)
      await servers.run('setDown', false)
      return performance.now() - since
    }
    const isDone = (elapsed: number) =>
      elapsed >= durationMs && (isRecovered || elapsed >= durationMs + patienceMs)
    const [outageMs] = await Promise.all([recover(), load.run(isDone)])
    const rejected = (await servers.run('apiCounts')).rejected - before.rejected
    const run = await load.result(maxInOutage(outageMs) + 1)
    const broken = findFaults(run)
    if (rejected > 0) broken.push(`the API rejected ${rejected} requests`)
    if (run.withoutToken === 0) broken.push('no request failed: the outage had no effect')
    const outage = `${(outageMs / 1000).toFixed(1)} s of outage in a load of ${durationMs / 1000} s`
    return { runs: [run], broken, notes: [`${outage} or more.`] }
  },
}
