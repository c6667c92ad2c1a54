import { maxTokenRequests } from '../bounds.ts'
import { createLoad, steadyRate } from '../load.ts'
import { findFaults, type Row } from '../row.ts'

const lifetimeSeconds = 2
const loads = [
  { name: 'renewed early', clientId: 'h2-renewed-early', renewsEarly: true },
  { name: 'used up', clientId: 'h2-used-up', renewsEarly: false },
]

/** H2 */
export const shortTokens: Row = {
  id: 'H2',
  title: `tokens of ${lifetimeSeconds} s at ${steadyRate} requests/s`,
  clients: () => Object.fromEntries(loads.map(({ clientId }) => [clientId, lifetimeSeconds])),
  async run(stage) {
    const runs = await Promise.all(
      loads.map(async ({ name, clientId, renewsEarly }) => {
        const options = renewsEarly ? {} : { renewal: { early: 0 } }
        const load = createLoad(stage, { clientId, tokens: stage.provider(clientId, options) })
        const { elapsedMs } = await load.run((elapsed) => elapsed >= stage.durationMs)
        const terms = { lifetimeMs: lifetimeSeconds * 1000, renewsEarly }
        return load.result(maxTokenRequests(elapsedMs, terms), name)
      }),
    )
    const unchanged = runs.filter(({ tokenRequests }) => tokenRequests < 2)
    const broken = [
      ...runs.flatMap(findFaults),
      ...unchanged.map(({ name }) => `${name}: the token was never renewed`),
    ]
    return { runs, broken, notes: ["The load 'used up' has renewal.early 0."] }
  },
}
