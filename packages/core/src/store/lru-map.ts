export type LruMap<T> = ReturnType<typeof createLruMap<T>>

/** How many busy entries are passed over in search of one to drop. */
const mostPassedOver = 10

/**
 * Creates a map of at most `max` entries that drops the least recently used one. It has more only
 * while `isBusy` keeps them.
 */
export function createLruMap<T>(max: number, isBusy: (value: T) => boolean = () => false) {
  const entries = new Map<string, T>() // in the order of their last use
  return {
    get(key: string): T | undefined {
      const value = entries.get(key)
      if (value !== undefined) touch(key, value)
      return value
    },
    set(key: string, value: T): void {
      touch(key, value)
      if (entries.size > max) dropOldest()
    },
    delete: (key: string) => entries.delete(key),
    values: () => entries.values(),
  }

  function touch(key: string, value: T): void {
    entries.delete(key)
    entries.set(key, value)
  }

  /** Busy entries go to the back, so that the next call does not look at thousands of them again. */
  function dropOldest(): void {
    let passedOver = 0
    for (const [key, value] of entries) {
      if (entries.size <= max || passedOver === mostPassedOver) return
      entries.delete(key)
      if (!isBusy(value)) continue
      entries.set(key, value)
      passedOver += 1
    }
  }
}
