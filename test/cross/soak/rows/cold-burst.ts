import { call } from '../call.ts'
import { createHosts, type Host } from '../hosts.ts'
import { findFaults, type Row, type Run } from '../row.ts'
import { createTally } from '../tally.ts'

const size = 10_000

/** H1 */
export const coldBurst: Row = {
  id: 'H1',
  title: `${size} concurrent cold requests on each adapter`,
  clients: () => ({ 'h1-axios': 86_400, 'h1-ky': 86_400, 'h1-fetch': 86_400 }),
  async run({ servers, apiOrigin, provider }) {
    const runs: Run[] = []
    for (const [index, name] of ['axios', 'ky', 'fetch'].entries()) {
      const clientId = `h1-${name}`
      const host = createHosts(provider(clientId), apiOrigin)[index] as Host
      const tally = createTally()
      const calls = Array.from({ length: size }, (_, number) =>
        call({ clientId, host, tally, isPost: number % 2 === 1 }),
      )
      await Promise.all(calls)
      const { length: tokenRequests } = await servers.run('tokenRequests', clientId)
      runs.push({ name, ...tally.totals(), tokenRequests, bound: 1 })
    }
    return { runs, broken: runs.flatMap(findFaults), notes: [] }
  },
}
