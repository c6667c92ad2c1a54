import { setImmediate } from 'node:timers/promises'

/** Returns the bytes on the heap after garbage collection. Needs --expose-gc. */
export async function heap(): Promise<number> {
  let least = Number.POSITIVE_INFINITY
  for (let turn = 0; turn < 20; turn++) {
    globalThis.gc?.()
    await setImmediate()
    least = Math.min(least, process.memoryUsage().heapUsed)
  }
  return least
}
