import type { StoredToken } from '../access-token.js'
import { readNumber, readOptions } from '../options.js'
import { recentlyUsed } from './recently-used.js'
import type { TokenStore } from './token-store.js'

/**
 * A {@link TokenStore} in memory, to share tokens between providers of one process.
 *
 * @param options.max Records kept, 1,000 by default; the least recently used goes first.
 * @throws {ConfigurationError} for an option that it does not know or that is out of range.
 * @example
 * ```ts
 * const store = memoryStore()
 * const tokens = createTokenProvider({ clientId, tokenEndpoint, key, store })
 * ```
 */
export function memoryStore(options: { max?: number } = {}): TokenStore {
  const { max } = readOptions(options, ['max'])
  const most = readNumber(max, 'max', { fallback: 1000, least: 1, most: 1e6, whole: true })
  const records = recentlyUsed<StoredToken>(most)
  const leases = new Map<string, { endsAt: number }>()
  return {
    async get(key) {
      const record = records.get(key)
      if (record === undefined || record.expiresAt > Date.now()) return record
      records.delete(key)
      return undefined
    },
    async set(key, token) {
      records.set(key, { ...token })
    },
    async delete(key, token) {
      return records.get(key)?.value === token.value && records.delete(key)
    },
    async acquireLease(key, { duration }) {
      const held = leases.get(key)
      if (held !== undefined && held.endsAt > performance.now()) return undefined
      const lease = { endsAt: performance.now() + duration }
      leases.set(key, lease)
      return {
        async release() {
          if (leases.get(key) === lease) leases.delete(key)
        },
      }
    },
  }
}
