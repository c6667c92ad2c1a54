import type { Host } from './hosts.ts'

/** What came of the requests through one host. */
export interface Tally {
  host: Host['name']
  requests: number
  answered200: number
  slowestMs: number
  /** Of the first request that was not answered 200. */
  failure?: string
}

export function emptyTally(host: Host): Tally {
  return { host: host.name, requests: 0, answered200: 0, slowestMs: 0 }
}

/** One request, added to the tally; a rejection is a request that was not answered 200. */
export async function call(host: Host, path: string, tally: Tally): Promise<void> {
  const since = performance.now()
  tally.requests += 1
  try {
    const status = await host.get(path)
    if (status === 200) tally.answered200 += 1
    else tally.failure ??= `answered ${status}`
  } catch (error) {
    tally.failure ??= error instanceof Error ? error.message : String(error)
  }
  tally.slowestMs = Math.max(tally.slowestMs, Math.ceil(performance.now() - since))
}

export async function burst(host: Host, path: string, tally: Tally, size: number): Promise<void> {
  await Promise.all(Array.from({ length: size }, () => call(host, path, tally)))
}
