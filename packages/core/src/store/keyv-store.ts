import type { StoredToken } from '../access-token.js'
import {
  createOptionError,
  type OptionTable,
  readOptions,
  requireArgument,
  text,
} from '../options.js'
import { type SealOptions, sealedStore } from './sealed-store.js'
import type { TokenStore } from './token-store.js'

/** The methods of Keyv 5 and 6 that {@link keyvStore} calls. */
export interface KeyvLike {
  /** Reads a record. */
  get(key: string): Promise<unknown>
  /** Writes a record; `ttl` is in milliseconds. */
  set(key: string, value: unknown, ttl: number): Promise<unknown>
  /** Deletes a record. */
  delete(key: string): Promise<unknown>
}

/** @inline */
type KeyvStoreOptions = SealOptions & {
  /** The start of each key. @default 'countersign:' */
  prefix?: string | undefined
}

const table = {
  encryptionKeys: (value: unknown) => value,
  plaintext: (value: unknown) => value,
  prefix: text,
} satisfies OptionTable<KeyvStoreOptions>

/**
 * Keeps tokens in a Keyv instance, version 5 or 6. Keyv has no lease, so each process may make its
 * own token request. A deletion is not atomic and may remove a newer token.
 *
 * @param keyv - Your Keyv instance.
 * @param options - The encryption keys or `plaintext: true`, and the start of each key.
 * @returns the store.
 * @throws {ConfigurationError} if neither `encryptionKeys` nor `plaintext: true` is set.
 * @example
 * ```ts
 * const store = keyvStore(new Keyv(), { encryptionKeys: [encryptionKey] })
 * ```
 */
export function keyvStore(keyv: KeyvLike, options: KeyvStoreOptions): TokenStore {
  requireArgument(typeof keyv?.get === 'function', 'keyv', 'must be a Keyv instance')
  const { encryptionKeys, plaintext, prefix = 'countersign:' } = readOptions(options, table)
  const store = createPlainStore(keyv, prefix)
  if (encryptionKeys !== undefined && plaintext === undefined)
    return sealedStore(store, { encryptionKeys } as Parameters<typeof sealedStore>[1])
  if (plaintext === true && encryptionKeys === undefined) return store
  throw createOptionError('encryptionKeys', "is required, or 'plaintext: true' in its place")
}

function createPlainStore(keyv: KeyvLike, prefix: string): TokenStore {
  const read = async (key: string) =>
    (await keyv.get(`${prefix}1:${key}`)) as StoredToken | undefined
  return {
    async get(key) {
      const token = await read(key)
      return token && token.expiresAt > Date.now() ? token : undefined
    },
    async set(key, token) {
      const ttl = Math.floor(token.expiresAt - Date.now())
      if (ttl <= 0) {
        await keyv.delete(`${prefix}1:${key}`)
        return
      }
      // With an error listener, Keyv returns false in place of a rejection.
      if ((await keyv.set(`${prefix}1:${key}`, token, ttl)) !== false) return
      const message = 'Keyv did not store the record. Its error event has the reason.'
      throw Object.assign(new Error(message), { code: 'ERR_STORE_SET' })
    },
    async delete(key, token) {
      if ((await read(key))?.value !== token.value) return false
      return (await keyv.delete(`${prefix}1:${key}`)) !== false
    },
  }
}
