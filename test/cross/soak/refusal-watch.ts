import type { TokenEvent } from '@countersign/core'
import type { Host } from './hosts.ts'

/** What a provider and its hosts say of refused tokens. */
export interface RefusalWatch {
  onTokenEvent(event: TokenEvent): void
  onReplay(name: Host['name'], method: string): void
  /** Resolves when the next token is issued. */
  nextToken(): Promise<void>
  /** POSTs that were sent again, in words. */
  replays(): string
  /** What is broken after so many revocations, in words. */
  broken(revocations: number): string[]
}

export function watchRefusals(): RefusalWatch {
  const refusals = { suspect: 0, kept: 0 }
  const posts: Record<Host['name'], number> = { axios: 0, ky: 0, fetch: 0 }
  let issued = () => {}

  return {
    onTokenEvent(event) {
      if (event.type === 'token-issued') issued()
      if (event.type === 'token-refused') refusals[event.action] += 1
    },
    onReplay(name, method) {
      if (method === 'POST') posts[name] += 1
    },
    nextToken: () =>
      new Promise((resolve) => {
        issued = resolve
      }),
    replays: () =>
      Object.entries(posts)
        .map(([name, count]) => `${count} POSTs by ${name}`)
        .join(', '),
    broken(revocations) {
      const broken = Object.entries(posts)
        .filter(([, count]) => count === 0)
        .map(([name]) => `${name}: no POST was refused and sent again, so nothing is proved`)
      const { suspect, kept } = refusals
      if (suspect > revocations || kept > 0) {
        broken.push(`${revocations} revocations: ${suspect} tokens suspect, ${kept} kept`)
      }
      return broken
    },
  }
}
