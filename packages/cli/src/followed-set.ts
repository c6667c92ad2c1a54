import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { readFileSync } from 'node:fs'
import { type JwkSet, parsedJwkSet } from './jwk-set.js'
import { shownPath } from './text-file.js'

/** Node publishes here before any server of this process looks at the request. */
const requests = 'http.server.request.start'

/** Hands over the set whenever the file has changed by the time of a request. */
export function followSet(
  path: string,
  { onSet, onFailure }: { onSet(set: JwkSet): void; onFailure(error: Error): void },
): { stop(): void } {
  let last = textOf(path)
  const look = () => {
    const text = textOf(path)
    if (text === undefined || text === last) return
    last = text
    try {
      onSet(parsedJwkSet(text, shownPath(path)))
    } catch (error) {
      onFailure(error as Error)
    }
  }
  subscribe(requests, look)
  return { stop: () => void unsubscribe(requests, look) }
}

/** Nothing while the file is away or being written. */
function textOf(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8') || undefined
  } catch {
    return undefined
  }
}
