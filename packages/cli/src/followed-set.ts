import { readFileSync } from 'node:fs'
import { type JwkSet, parsedJwkSet } from './jwk-set.js'
import { shownPath } from './text-file.js'

/** Returns a function that reads the file and passes on its set if it has changed. */
export function followSet(
  path: string,
  { onSet, onFailure }: { onSet(set: JwkSet): void; onFailure(error: Error): void },
): () => void {
  let last = textOf(path)
  return () => {
    const text = textOf(path)
    if (text === undefined || text === last) return
    last = text
    try {
      onSet(parsedJwkSet(text, shownPath(path)))
    } catch (error) {
      onFailure(error as Error)
    }
  }
}

/** Nothing while the file is away or being written. */
function textOf(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8') || undefined
  } catch {
    return undefined
  }
}
