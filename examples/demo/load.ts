import type { AuthorizedFetch } from '@countersign/core/fetch'

export interface Tally {
  requests: number
  answered200: number
  slowestMs: number
}

export function emptyTally(): Tally {
  return { requests: 0, answered200: 0, slowestMs: 0 }
}

/** One request, added to the tally; a rejection is a request that was not answered 200. */
export async function call(fetch: AuthorizedFetch, url: string, tally: Tally): Promise<void> {
  const since = performance.now()
  tally.requests += 1
  try {
    const response = await fetch(url)
    await response.arrayBuffer()
    if (response.status === 200) tally.answered200 += 1
  } catch {
    // Not answered: the tally shows it.
  }
  tally.slowestMs = Math.max(tally.slowestMs, Math.ceil(performance.now() - since))
}

export async function burst(fetch: AuthorizedFetch, url: string, size: number): Promise<Tally> {
  const tally = emptyTally()
  await Promise.all(Array.from({ length: size }, () => call(fetch, url, tally)))
  return tally
}
