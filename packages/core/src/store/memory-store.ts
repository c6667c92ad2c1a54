import type { StoredToken } from '../access-token.js'
import { type Clock, systemClock } from '../clock.js'
import { type OptionTable, objectWith, readOptions, wholeNumber } from '../options.js'
import { createLruMap } from './lru-map.js'
import type { TokenStore } from './token-store.js'

const table = {
  max: wholeNumber({ from: 1, to: 1e6, default: 1000 }),
  clock: objectWith<Pick<Clock, 'now' | 'monotonic'>>('now', 'monotonic'),
} satisfies OptionTable<NonNullable<Parameters<typeof memoryStore>[0]>>

/**
 * Creates a {@link TokenStore} in memory, which shares tokens between the providers of one process.
 *
 * @param options.max How many tokens are kept, from 1 to 1,000,000. The least recently used one is
 * dropped first. `@default 1000`
 * @param options.clock - The clocks by which records and leases end. `@default` the platform's
 * @returns the store.
 * @throws {ConfigurationError} for an option that is unknown or out of range.
 * @example
 * ```ts
 * const store = memoryStore()
 * const tokens = createTokenProvider({ clientId, tokenEndpoint, key, store })
 * ```
 */
export function memoryStore(
  options: { max?: number | undefined; clock?: Pick<Clock, 'now' | 'monotonic'> | undefined } = {},
): TokenStore {
  const { max, clock = systemClock } = readOptions(options, table)
  const records = createLruMap<StoredToken>(max)
  const leases = new Map<string, { endsAt: number }>()
  return {
    async get(key) {
      const record = records.get(key)
      if (record === undefined || record.expiresAt > clock.now()) return record
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
      if (held !== undefined && held.endsAt > clock.monotonic()) return undefined
      const lease = { endsAt: clock.monotonic() + duration }
      leases.set(key, lease)
      return {
        async release() {
          if (leases.get(key) === lease) leases.delete(key)
        },
      }
    },
  }
}
