import type { StoredToken } from '../access-token.js'
import { createOptionError, type OptionTable, readOptions, requireArgument } from '../options.js'
import type { TokenStore } from './token-store.js'

/** 32 bytes, or the same bytes as base64 or base64url: `openssl rand -base64 32`. */
export type EncryptionKey = string | Uint8Array

/** Either the keys that encrypt records, or the statement that records are stored in plain text. */
export type SealOptions =
  | {
      /** The first key encrypts. All keys decrypt, so that a key can be rotated: `[new, old]`. */
      encryptionKeys: readonly [EncryptionKey, ...EncryptionKey[]]
      /** Excluded by `encryptionKeys`. */
      plaintext?: never
    }
  | {
      /** Stores records without encryption. */
      plaintext: true
      /** Excluded by `plaintext`. */
      encryptionKeys?: never
    }

const table = {
  encryptionKeys: readEncryptionKeys,
} satisfies OptionTable<Parameters<typeof sealedStore>[1]>

/**
 * Encrypts the records of another store with AES-256-GCM. A record that was changed, copied to
 * another key or encrypted with an unknown key fails with the code `ERR_STORE_SEALED`, which a
 * provider handles as a miss.
 *
 * @param store - The store that keeps the encrypted records.
 * @param options.encryptionKeys - The first key encrypts, and all keys decrypt.
 * @returns the store.
 * @throws {ConfigurationError} for a key that is not 32 bytes.
 * @example
 * ```ts
 * const store = sealedStore(postgresStore(pool), { encryptionKeys: [newKey, oldKey] })
 * ```
 */
export function sealedStore(
  store: TokenStore,
  options: { encryptionKeys: readonly [EncryptionKey, ...EncryptionKey[]] },
): TokenStore {
  requireArgument(typeof store?.get === 'function', 'store', 'must be a token store')
  const { encryptionKeys } = readOptions(options, table)
  let imported: Promise<readonly SealKey[]> | undefined
  const importKeys = () => {
    imported ??= Promise.all(encryptionKeys.map(importKey))
    return imported
  }
  const open = async (key: string, sealed: StoredToken) =>
    openToken(await importKeys(), { key, sealed })
  return {
    async get(key, call) {
      const sealed = await store.get(key, call)
      return sealed && open(key, sealed)
    },
    async set(key, token, call) {
      const [first] = await importKeys()
      const { issuedAt, expiresAt } = token
      const value = await sealToken(first as SealKey, { key, token })
      await store.set(key, { value, tokenType: 'Bearer', issuedAt, expiresAt }, call)
    },
    async delete(key, token, call) {
      const sealed = await store.get(key, call)
      if (sealed === undefined || (await open(key, sealed)).value !== token.value) return false
      return store.delete(key, sealed, call)
    },
    ...(store.acquireLease && { acquireLease: store.acquireLease.bind(store) }),
  }
}

interface SealKey {
  readonly id: string
  readonly key: Awaited<ReturnType<typeof crypto.subtle.importKey>>
}

const ivLength = 12

/** Returns `1.<key ID>.<base64url of IV, ciphertext and tag>`. The store's key is authenticated. */
async function sealToken(
  { id, key: cryptoKey }: SealKey,
  { key, token }: { key: string; token: StoredToken },
): Promise<string> {
  const iv = crypto.getRandomValues(new Uint8Array(ivLength))
  const text = new TextEncoder().encode(JSON.stringify(token))
  const encrypted = await crypto.subtle.encrypt(createParameters(iv, key), cryptoKey, text)
  const bytes = new Uint8Array(ivLength + encrypted.byteLength)
  bytes.set(iv)
  bytes.set(new Uint8Array(encrypted), ivLength)
  return `1.${id}.${encodeBase64Url(bytes)}`
}

async function openToken(
  keys: readonly SealKey[],
  { key, sealed }: { key: string; sealed: StoredToken },
): Promise<StoredToken> {
  try {
    const [version, id, text = ''] = sealed.value.split('.')
    const cryptoKey = keys.find((candidate) => candidate.id === id)?.key
    if (version !== '1' || cryptoKey === undefined) throw createSealError()
    const bytes = decodeBase64(text)
    const parameters = createParameters(bytes.slice(0, ivLength), key)
    const opened = await crypto.subtle.decrypt(parameters, cryptoKey, bytes.slice(ivLength))
    const token = JSON.parse(new TextDecoder().decode(opened)) as StoredToken
    // The inner store may move a record to its own clock, and no writer can make it last longer.
    const ahead = Math.max(0, token.expiresAt - sealed.expiresAt)
    return { ...token, issuedAt: token.issuedAt - ahead, expiresAt: token.expiresAt - ahead }
  } catch {
    throw createSealError()
  }
}

function createParameters(iv: Uint8Array<ArrayBuffer>, key: string) {
  return { name: 'AES-GCM', iv, additionalData: new TextEncoder().encode(`countersign:1:${key}`) }
}

function createSealError(): Error {
  const message = 'The store contains a record that cannot be decrypted with encryptionKeys.'
  return Object.assign(new Error(message), { code: 'ERR_STORE_SEALED' })
}

async function importKey(bytes: Uint8Array<ArrayBuffer>): Promise<SealKey> {
  const label = new TextEncoder().encode('countersign key id')
  const labeled = new Uint8Array([...label, ...bytes])
  const hash = new Uint8Array(await crypto.subtle.digest('SHA-256', labeled))
  const key = await crypto.subtle.importKey('raw', bytes, 'AES-GCM', false, ['encrypt', 'decrypt'])
  return { id: encodeBase64Url(hash).slice(0, 8), key }
}

function readEncryptionKeys(value: unknown, option: string): readonly Uint8Array<ArrayBuffer>[] {
  if (!Array.isArray(value) || value.length === 0)
    throw createOptionError(option, 'must be an array of keys, such as [newKey, oldKey]')
  return value.map((key: unknown, index) => {
    const bytes = readKeyBytes(key)
    if (bytes?.length === 32) return bytes
    const what = 'must be 32 bytes. Create a key with: openssl rand -base64 32'
    throw createOptionError(`${option}[${index}]`, what)
  })
}

function readKeyBytes(key: unknown): Uint8Array<ArrayBuffer> | undefined {
  if (key instanceof Uint8Array) return new Uint8Array(key)
  try {
    return typeof key === 'string' ? decodeBase64(key.trim()) : undefined
  } catch {
    return undefined
  }
}

function encodeBase64Url(bytes: Uint8Array): string {
  const binary = Array.from(bytes, (byte) => String.fromCharCode(byte)).join('')
  return btoa(binary).replace(/\+/g, '-').replace(/\//g, '_').replace(/=+$/, '')
}

function decodeBase64(text: string): Uint8Array<ArrayBuffer> {
  const binary = atob(text.replace(/-/g, '+').replace(/_/g, '/'))
  return Uint8Array.from(binary, (character) => character.charCodeAt(0))
}
