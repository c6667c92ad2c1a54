/** A map of at most `max` entries; the least recently used one that may go is dropped first. */
export interface RecentlyUsed<T> {
  get(key: string): T | undefined
  set(key: string, value: T): void
  delete(key: string): boolean
  forEach(visit: (value: T) => void): void
}

/** How many entries in use are looked at for one that may go. */
const mostInUse = 10

/** `mayGo` keeps an entry that is in use, even past `max`. */
export function recentlyUsed<T>(
  max: number,
  mayGo: (value: T) => boolean = () => true,
): RecentlyUsed<T> {
  const entries = new Map<string, T>() // in the order of their last use
  return {
    get(key) {
      const value = entries.get(key)
      if (value === undefined) return undefined
      entries.delete(key)
      entries.set(key, value)
      return value
    },
    set(key, value) {
      entries.delete(key)
      entries.set(key, value)
      if (entries.size > max) dropOldest()
    },
    delete: (key) => entries.delete(key),
    forEach(visit) {
      for (const value of entries.values()) visit(value)
    },
  }

  /** What is in use goes to the back: thousands of such are not walked over for each new entry. */
  function dropOldest(): void {
    let inUse = 0
    for (const [key, value] of entries) {
      if (entries.size <= max || inUse === mostInUse) return
      entries.delete(key)
      if (mayGo(value)) continue
      entries.set(key, value)
      inUse += 1
    }
  }
}
