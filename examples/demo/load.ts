import type { HttpClient } from './http-clients.ts'

/** The results of the requests through one HTTP client. */
export interface Tally {
  host: HttpClient['name']
  requests: number
  answered200: number
  slowestMs: number
  /** Why the first request that was not answered 200 failed. */
  failure?: string
}

export function createTally(host: HttpClient): Tally {
  return { host: host.name, requests: 0, answered200: 0, slowestMs: 0 }
}

/** Sends one request and counts it. A rejection counts as not answered 200. */
export async function call(host: HttpClient, path: string, tally: Tally): Promise<void> {
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

export async function burst(
  host: HttpClient,
  path: string,
  tally: Tally,
  size: number,
): Promise<void> {
  await Promise.all(Array.from({ length: size }, () => call(host, path, tally)))
}
