import { findCostlyTenants, maxTokenRequests } from '../bounds.ts'
import { call } from '../call.ts'
import { createHosts, type Host, maxInFlight } from '../hosts.ts'
import { openLoop } from '../load.ts'
import { findFaults, type Row } from '../row.ts'
import { createTally } from '../tally.ts'

const count = 200
const wanted = 50
const lifetimeSeconds = 8
const workers = 64
/** How much of the measured capacity the load uses: the machine has other work as well. */
const share = 0.7
const clientIds = Array.from({ length: count }, (_, index) => `h6-${index + 100}`)

/** H6 */
export const tenants: Row = {
  id: 'H6',
  title: `${count} tenants, each with a provider, tokens of ${lifetimeSeconds} s`,
  clients: () => Object.fromEntries(clientIds.map((clientId) => [clientId, lifetimeSeconds])),
  async run({ servers, apiOrigin, provider, durationMs }) {
    const tally = createTally()
    const senders = clientIds.map((clientId, index) => {
      const host = createHosts(provider(clientId), apiOrigin)[index % 3] as Host
      return (turn: number) => call({ clientId, host, tally, isPost: turn % 2 === 1 })
    })
    const send = async (index: number) => senders[index % count]?.(Math.floor(index / count))

    const since = performance.now()
    await Promise.all(senders.map((sender) => sender(0)))
    const capacity = await measureCapacity(send, Math.min(durationMs / 5, 5_000))
    const rate = ratePerTenant(capacity)
    const isDone = (elapsed: number) => elapsed >= durationMs
    const { heldBack } = await openLoop({ rate: rate * count, isDone, start: send })

    const terms = { lifetimeMs: lifetimeSeconds * 1000, renewsEarly: true }
    const bound = maxTokenRequests(performance.now() - since, terms)
    const requests = await servers.run('tokenRequests', 'h6-')
    const run = {
      ...{ name: `${count} x ${rate} requests/s`, ...tally.totals() },
      ...{ tokenRequests: requests.length, bound: bound * count },
    }
    const broken = [...findFaults(run), ...findCostlyTenants(requests, clientIds, bound)]
    const notes = [
      `${rate} of ${wanted} requests/s per tenant, at most ${share * 100} % of ${Math.round(capacity)} requests/s in a closed loop of ${workers}.`,
      `${heldBack} requests were held back, with ${maxInFlight} in flight.`,
      `At most ${bound} token requests per tenant.`,
    ]
    return { runs: [run], broken, notes }
  },
}

/** Returns the requests per second of workers that each wait for the answer before the next. */
async function measureCapacity(send: (index: number) => Promise<void>, ms: number) {
  const since = performance.now()
  let sent = 0
  const worker = async () => {
    while (performance.now() - since < ms) await send(sent++)
  }
  await Promise.all(Array.from({ length: workers }, worker))
  return (sent * 1000) / (performance.now() - since)
}

/** Returns the wanted rate, or a share of the measured capacity. */
export function ratePerTenant(capacity: number): number {
  return Math.max(1, Math.min(wanted, Math.floor((capacity * share) / count)))
}
