import { setTimeout as pause } from 'node:timers/promises'
import type { TokenEvent } from '@countersign/core'
import { findCostlyRevocations, maxTokenRequests } from '../bounds.ts'
import type { Host } from '../hosts.ts'
import { createLoad, steadyRate } from '../load.ts'
import { findFaults, type Row } from '../row.ts'

const clientId = 'h3'
const lifetimeSeconds = 2
/** Requests in flight when all tokens are revoked, in addition to those of the load. */
const burst = 24
/** After a token was issued: all hosts use it by then, and it is not due yet. */
const midLifeMs = 300

/** H3 */
export const revocations: Row = {
  id: 'H3',
  title: `tokens of ${lifetimeSeconds} s at ${steadyRate} requests/s, all revoked repeatedly`,
  clients: () => ({ [clientId]: lifetimeSeconds }),
  async run(stage) {
    const { servers, provider, durationMs } = stage
    const watch = watchRejections()
    const tokens = provider(clientId, { onEvent: watch.onTokenEvent })
    const load = createLoad(stage, { clientId, tokens, onReplay: watch.onReplay })
    const before = await servers.run('apiCounts')
    const sending = load.run((elapsed) => elapsed >= durationMs)

    // Every 10 s, or twice in a short run, with a burst of requests that all carry the token.
    const every = Math.min(10_000, durationMs * 0.3)
    const times = Math.floor(durationMs / (every + lifetimeSeconds * 1000))
    const revokedAt: number[] = []
    while (revokedAt.length < times) {
      await pause(every)
      await Promise.race([watch.nextToken().then(() => pause(midLifeMs)), sending])
      revokedAt.push(await servers.run('revokeAll'))
      await Promise.all(Array.from({ length: burst }, (_, index) => load.send(index)))
    }

    const { elapsedMs } = await sending
    const after = await servers.run('apiCounts')
    const terms = { lifetimeMs: lifetimeSeconds * 1000, renewsEarly: true, revocations: times }
    const run = await load.result(maxTokenRequests(elapsedMs, terms))
    const broken = [
      ...findFaults(run),
      ...findCostlyRevocations(await servers.run('tokenRequests', clientId), revokedAt),
      ...watch.findFaults(times),
    ]
    const emptyPosts = after.emptyPosts - before.emptyPosts
    if (emptyPosts > 0) broken.push(`${emptyPosts} POSTs arrived at the API with an empty body`)
    const rejected = after.rejected - before.rejected
    const notes = [
      `${times} revocations; the API rejected ${rejected} requests, half of them late; replayed POSTs: ${JSON.stringify(watch.posts)}.`,
    ]
    return { runs: [run], broken, notes }
  },
}

/** Counts the rejected tokens of a provider and the replayed POSTs of its hosts. */
export function watchRejections() {
  const actions = { suspect: 0, kept: 0 }
  const posts: Record<Host['name'], number> = { axios: 0, ky: 0, fetch: 0 }
  let issued = () => {}
  return {
    posts,
    onTokenEvent(event: TokenEvent) {
      if (event.type === 'token-issued') issued()
      if (event.type === 'token-rejected') actions[event.action] += 1
    },
    onReplay(name: Host['name'], method: string) {
      if (method === 'POST') posts[name] += 1
    },
    nextToken: () =>
      new Promise<void>((resolve) => {
        issued = resolve
      }),
    findFaults(revocations: number): string[] {
      const faults = Object.entries(posts)
        .filter(([, count]) => count === 0)
        .map(([name]) => `${name}: no POST was replayed, so nothing is proved`)
      const { suspect, kept } = actions
      if (suspect > revocations || kept > 0) {
        faults.push(`${revocations} revocations: ${suspect} tokens suspect, ${kept} kept`)
      }
      return faults
    },
  }
}
