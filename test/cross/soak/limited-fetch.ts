/**
 * `fetch` with a limited number of requests under way, as an agent with `maxSockets` has it: ten
 * thousand callers at once need not be ten thousand sockets.
 */
export function limitedFetch(atOnce: number): typeof fetch {
  const waiting: (() => void)[] = []
  let free = atOnce
  return async (input, init) => {
    if (free > 0) free -= 1
    else await new Promise<void>((resolve) => waiting.push(resolve))
    try {
      return await fetch(input, init)
    } finally {
      const next = waiting.shift()
      if (next === undefined) free += 1
      else next()
    }
  }
}
