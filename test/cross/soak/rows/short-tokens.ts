import { mostTokenRequests } from '../bounds.ts'
import { hostsOf } from '../hosts.ts'
import { mixedCalls, steadyRate } from '../mixed-calls.ts'
import { openLoop } from '../open-loop.ts'
import type { Row, Stage } from '../row.ts'
import { brokenBy, type Run } from '../run.ts'
import { createTally } from '../tally.ts'

const lifetimeSeconds = 2
const lifetimeMs = lifetimeSeconds * 1000
const renewedEarly = 'h2-renewed-early'
const usedUp = 'h2-used-up'

/** H2 */
export const shortTokens: Row = {
  id: 'H2',
  title: `tokens of ${lifetimeSeconds} s at ${steadyRate} requests/s`,
  clients: () =>
    [renewedEarly, usedUp].map((clientId) => ({ clientId, tokenLifetimeSeconds: lifetimeSeconds })),
  async run(stage) {
    const runs = await Promise.all([
      turnover(stage, { name: 'renewed early', clientId: renewedEarly, renewsEarly: true }),
      turnover(stage, { name: 'used up', clientId: usedUp, renewsEarly: false }),
    ])
    const still = runs.filter(({ tokenRequests }) => tokenRequests < 2)
    return {
      runs,
      broken: [
        ...runs.flatMap(brokenBy),
        ...still.map(({ name }) => `${name}: the token was never renewed`),
      ],
      notes: [
        `'used up' has renewal.early 0: a token request per lifetime, ${perMinute(false)} in 60 s. By default a token is renewed in the last fifth of its life: at most ${perMinute(true)} in 60 s.`,
      ],
    }
  },
}

function perMinute(renewsEarly: boolean): number {
  return mostTokenRequests(60_000, { lifetimeMs, renewsEarly })
}

async function turnover(
  { servers, provider, durationMs }: Stage,
  { name, clientId, renewsEarly }: { name: string; clientId: string; renewsEarly: boolean },
): Promise<Run> {
  const tokens = provider(clientId, renewsEarly ? {} : { renewal: { early: 0 } })
  const tally = createTally()
  const { elapsedMs } = await openLoop({
    rate: steadyRate,
    isOver: (elapsed) => elapsed >= durationMs,
    start: mixedCalls({ clientId, hosts: hostsOf(tokens, servers.apiOrigin), tally }),
  })
  const { length: tokenRequests } = await servers.tokenRequests(clientId)
  const bound = mostTokenRequests(elapsedMs, { lifetimeMs, renewsEarly })
  return { name, ...tally.totals(), tokenRequests, bound }
}
