import { setTimeout as pause } from 'node:timers/promises'
import { mostTokenRequests } from '../bounds.ts'
import { hostsOf } from '../hosts.ts'
import { mixedCalls, steadyRate } from '../mixed-calls.ts'
import { openLoop } from '../open-loop.ts'
import { costlyRevocations } from '../overspending.ts'
import { type RefusalWatch, watchRefusals } from '../refusal-watch.ts'
import type { Row } from '../row.ts'
import { brokenBy } from '../run.ts'
import type { Servers } from '../servers.ts'
import { createTally } from '../tally.ts'

const clientId = 'h3'
const lifetimeSeconds = 2
/** Requests that are under way when all tokens are revoked, besides those of the load. */
const burst = 24
/** After a token was issued. All hosts use it by then, and it is not due for long. */
const midLifeMs = 300

/** H3 */
export const revocations: Row = {
  id: 'H3',
  title: `tokens of ${lifetimeSeconds} s at ${steadyRate} requests/s, all revoked time and again`,
  clients: () => [{ clientId, tokenLifetimeSeconds: lifetimeSeconds }],
  async run({ servers, provider, durationMs }) {
    const watch = watchRefusals()
    const tokens = provider(clientId, { onEvent: watch.onTokenEvent })
    const tally = createTally()
    const hosts = hostsOf(tokens, servers.apiOrigin, watch.onReplay)
    const send = mixedCalls({ clientId, hosts, tally })
    const before = await servers.apiCounts()
    const since = performance.now()

    const isOver = (elapsed: number) => elapsed >= durationMs
    const load = openLoop({ rate: steadyRate, isOver, start: send })
    const revokedAt = await revokeAgainAndAgain({ servers, watch, durationMs, load, send })
    await load

    const elapsedMs = performance.now() - since
    const requests = await servers.tokenRequests(clientId)
    const after = await servers.apiCounts()
    const times = revokedAt.length
    const terms = { lifetimeMs: lifetimeSeconds * 1000, renewsEarly: true, revocations: times }
    const run = {
      ...{ name: 'axios, ky, fetch', ...tally.totals() },
      ...{ tokenRequests: requests.length, bound: mostTokenRequests(elapsedMs, terms) },
    }
    const broken = [
      ...brokenBy(run),
      ...costlyRevocations(requests, revokedAt),
      ...watch.broken(times),
    ]
    const emptyPosts = after.emptyPosts - before.emptyPosts
    if (emptyPosts > 0) broken.push(`${emptyPosts} POSTs arrived at the API with an empty body`)
    const notes = [
      `${times} revocations; the API refused ${after.refused - before.refused} requests, half of them late; sent again: ${watch.replays()}.`,
    ]
    return { runs: [run], broken, notes }
  },
}

/**
 * Every 10 s, or twice in a short run, in the middle of a token's life and with a burst of
 * requests that all carry it. Resolves to when.
 */
async function revokeAgainAndAgain({
  servers,
  watch,
  durationMs,
  load,
  send,
}: {
  servers: Servers
  watch: RefusalWatch
  durationMs: number
  load: Promise<unknown>
  send: (index: number) => Promise<void>
}): Promise<number[]> {
  const every = Math.min(10_000, durationMs * 0.3)
  const times = Math.floor(durationMs / (every + lifetimeSeconds * 1000))
  const revokedAt: number[] = []
  while (revokedAt.length < times) {
    await pause(every)
    await Promise.race([watch.nextToken().then(() => pause(midLifeMs)), load])
    revokedAt.push(await servers.refuseAllSeen())
    await Promise.all(Array.from({ length: burst }, (_, index) => send(index)))
  }
  return revokedAt
}
