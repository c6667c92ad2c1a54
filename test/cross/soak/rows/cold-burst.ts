import { call } from '../call.ts'
import { type Host, hostsOf } from '../hosts.ts'
import type { Row, Stage } from '../row.ts'
import { brokenBy, type Run } from '../run.ts'
import { createTally } from '../tally.ts'

const size = 10_000
const hosts = ['axios', 'ky', 'fetch'] as const
const clientIdFor = (name: Host['name']) => `h1-${name}`

/** H1 */
export const coldBurst: Row = {
  id: 'H1',
  title: `${size} concurrent cold requests on each adapter`,
  clients: () =>
    hosts.map((name) => ({ clientId: clientIdFor(name), tokenLifetimeSeconds: 86_400 })),
  async run(stage) {
    const runs: Run[] = []
    for (const name of hosts) runs.push(await burst(stage, name))
    return { runs, broken: runs.flatMap(brokenBy), notes: [] }
  },
}

async function burst({ servers, provider }: Stage, name: Host['name']): Promise<Run> {
  const clientId = clientIdFor(name)
  const host = hostsOf(provider(clientId), servers.apiOrigin).find((one) => one.name === name)
  if (host === undefined) throw new Error(`no host ${name}`)
  const tally = createTally()
  await Promise.all(
    Array.from({ length: size }, (_, index) =>
      call({ clientId, host, tally, isPost: index % 2 === 1 }),
    ),
  )
  const { length: tokenRequests } = await servers.tokenRequests(clientId)
  return { name, ...tally.totals(), tokenRequests, bound: 1 }
}
