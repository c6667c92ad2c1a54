import { mostTokenRequests, ratePerTenant } from '../bounds.ts'
import { call } from '../call.ts'
import { type Host, hostsOf } from '../hosts.ts'
import { mostAtOnce, openLoop } from '../open-loop.ts'
import { dearTenants } from '../overspending.ts'
import type { Row, Stage } from '../row.ts'
import { brokenBy } from '../run.ts'
import { createTally } from '../tally.ts'

const count = 200
const wanted = 50
const lifetimeSeconds = 8
const workers = 64
/** How much of what was measured the load may ask for: the machine has other work as well. */
const share = 0.7
const clientIds = Array.from(
  { length: count },
  (_, index) => `h6-${String(index).padStart(3, '0')}`,
)

/** H6 */
export const tenants: Row = {
  id: 'H6',
  title: `${count} tenants, each with a provider, tokens of ${lifetimeSeconds} s`,
  clients: () => clientIds.map((clientId) => ({ clientId, tokenLifetimeSeconds: lifetimeSeconds })),
  async run(stage) {
    const { servers, durationMs } = stage
    const tally = createTally()
    const callers = clientIds.map((clientId, index) => callerOf(stage, clientId, index, tally))
    const send = (index: number) => (callers[index % count] as Caller)(Math.floor(index / count))

    const since = performance.now()
    await Promise.all(callers.map((caller) => caller(0)))
    const capacity = await answeredPerSecond(send, Math.min(durationMs / 5, 5_000))
    const rate = ratePerTenant({ wanted, tenants: count, capacity, share })
    const isOver = (elapsed: number) => elapsed >= durationMs
    const { heldBack } = await openLoop({ rate: rate * count, isOver, start: send })
    const elapsedMs = performance.now() - since

    const bound = mostTokenRequests(elapsedMs, {
      lifetimeMs: lifetimeSeconds * 1000,
      renewsEarly: true,
    })
    const requests = await servers.tokenRequests('h6-')
    const run = {
      ...{ name: `${count} x ${rate} requests/s`, ...tally.totals() },
      ...{ tokenRequests: requests.length, bound: bound * count },
    }
    return {
      runs: [run],
      broken: [...brokenBy(run), ...dearTenants(requests, clientIds, bound)],
      notes: [paceNote({ rate, capacity, heldBack }), `At most ${bound} token requests a tenant.`],
    }
  },
}

type Caller = (turn: number) => Promise<void>

/** A tenant's way to send: its own provider, on one of the hosts. */
function callerOf(
  { servers, provider }: Stage,
  clientId: string,
  index: number,
  tally: ReturnType<typeof createTally>,
): Caller {
  const host = hostsOf(provider(clientId), servers.apiOrigin)[index % 3] as Host
  return (turn) => call({ clientId, host, tally, isPost: turn % 2 === 1 })
}

/** In a closed loop: each worker sends its next request when it has the answer to the last. */
async function answeredPerSecond(
  send: (index: number) => Promise<void>,
  ms: number,
): Promise<number> {
  const since = performance.now()
  let sent = 0
  const worker = async () => {
    while (performance.now() - since < ms) await send(sent++)
  }
  await Promise.all(Array.from({ length: workers }, worker))
  return (sent * 1000) / (performance.now() - since)
}

function paceNote(pace: { rate: number; capacity: number; heldBack: number }): string {
  const { rate, capacity, heldBack } = pace
  const all = `${rate} requests/s for each of ${count} tenants, ${rate * count} in all.`
  const measured = `In a closed loop of ${workers} this machine answered ${Math.round(capacity)} requests/s`
  const why =
    rate === wanted
      ? `${measured}, so all of what is wanted.`
      : `Wanted are ${wanted} each, ${wanted * count} in all. ${measured}; the load is ${share * 100} % of that.`
  return `${all} ${why}${heldBack > 0 ? ` ${heldBack} requests were held back, with ${mostAtOnce} under way.` : ''}`
}
