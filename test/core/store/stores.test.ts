import { randomBytes } from 'node:crypto'
import { memoryStore, type TokenStore } from '@countersign/core'
import { type KeyvLike, keyvStore, sealedStore } from '@countersign/core/stores'
import { tokenStoreSuite } from '@countersign/testing'
import { describe, expect, test } from 'vitest'

const call = { signal: new AbortController().signal }
const createKey = () => randomBytes(32).toString('base64')
const token = {
  ...{ value: 'secret-value', tokenType: 'Bearer' as const },
  ...{ issuedAt: Date.now(), expiresAt: Date.now() + 60_000 },
}

/** Keyv has these methods. The real one is in the fleet tests. */
function createKeyv(): KeyvLike {
  const records = new Map<string, unknown>()
  return {
    get: async (key) => records.get(key),
    set: async (key, value) => records.set(key, value) && true,
    delete: async (key) => records.delete(key),
  }
}

const encryptionKeys = [createKey()] as const
const shared = memoryStore()

describe.each<[string, () => TokenStore | readonly [TokenStore, TokenStore]]>([
  ['memoryStore', () => [shared, { ...shared }]],
  ['sealedStore', () => sealedStore(memoryStore(), { encryptionKeys })],
  ['keyvStore', () => keyvStore(createKeyv(), { encryptionKeys })],
])('%s keeps what a TokenStore promises', (_, make) => {
  for (const { name, run } of tokenStoreSuite(async () => make())) test(name, run)
})

test('memoryStore drops the least recently used record', async () => {
  const store = memoryStore({ max: 2 })
  await store.set('one', token, call)
  await store.set('two', token, call)
  await store.get('one', call)
  await store.set('three', token, call)
  const found = await Promise.all(['one', 'two', 'three'].map((key) => store.get(key, call)))
  expect(found.map((record) => record !== undefined)).toEqual([true, false, true])
})

test('throws when Keyv reports a failed write as false', { tags: ['S3'] }, async () => {
  const keyv = { ...createKeyv(), set: async () => false }
  const store = keyvStore(keyv, { plaintext: true })
  await expect(store.set('key', token, call)).rejects.toMatchObject({ code: 'ERR_STORE_SET' })
})

test('decrypts with the old key after a rotation', { tags: ['S9'] }, async () => {
  const [older, newer, inner] = [createKey(), createKey(), memoryStore()]
  await sealedStore(inner, { encryptionKeys: [older] }).set('key', token, call)
  const rotated = sealedStore(inner, { encryptionKeys: [newer, older] })
  expect(await rotated.get('key', call)).toEqual(token)
  const foreign = sealedStore(inner, { encryptionKeys: [newer] })
  await expect(foreign.get('key', call)).rejects.toMatchObject({ code: 'ERR_STORE_SEALED' })
})

test('rejects a record that was copied to another key', { tags: ['S8'] }, async () => {
  const inner = memoryStore()
  const store = sealedStore(inner, { encryptionKeys })
  await store.set('one', token, call)
  const sealed = await inner.get('one', call)
  if (sealed === undefined) throw new Error('The store is empty.')
  expect(sealed.value).not.toContain(token.value)
  await inner.set('two', sealed, call)
  await expect(store.get('two', call)).rejects.toMatchObject({ code: 'ERR_STORE_SEALED' })
})

test('rejects a record with one changed character', { tags: ['S8'] }, async () => {
  const inner = memoryStore()
  const store = sealedStore(inner, { encryptionKeys })
  await store.set('one', token, call)
  const { value = '', ...record } = { ...(await inner.get('one', call)) }
  for (let flips = 0; flips < 3 * value.length; flips += 1) {
    const at = flips % value.length
    const code = value.charCodeAt(at) ^ (1 + (flips % 3))
    const changed = value.slice(0, at) + String.fromCharCode(code) + value.slice(at + 1)
    await inner.set('one', { ...record, value: changed } as never, call)
    const outcome = await store.get('one', call).catch((error) => error.code)
    // The last characters of base64url carry bits that no byte has.
    if (outcome !== 'ERR_STORE_SEALED')
      expect([at >= value.length - 2, outcome]).toEqual([true, token])
  }
})

test.each([
  ['a short key', { encryptionKeys: ['c2hvcnQ='] }],
  ['no key', { encryptionKeys: [] }],
  ['keys next to plaintext', { encryptionKeys: [createKey()], plaintext: true }],
  ['neither keys nor plaintext', {}],
])('throws a ConfigurationError for %s', { tags: ['S10'] }, (_, options) => {
  expect(() => keyvStore(createKeyv(), options as never)).toThrow(
    expect.objectContaining({ code: 'ERR_INVALID_OPTION' }),
  )
})
