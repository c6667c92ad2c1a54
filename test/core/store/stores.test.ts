import { randomBytes } from 'node:crypto'
import { memoryStore, type TokenStore } from '@countersign/core'
import { type KeyvLike, keyvStore, sealedStore } from '@countersign/core/stores'
import { tokenStoreSuite } from '@countersign/testing'
import { describe, expect, test } from 'vitest'
import { isUsable } from '#core/store/token-store.js'

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

test('moves a token to the clock of its record, and never makes it last longer', {
  tags: ['S7'],
}, async () => {
  const inner = memoryStore()
  const store = sealedStore(inner, { encryptionKeys })
  await store.set('key', token, call)
  const sealed = await inner.get('key', call)
  if (sealed === undefined) throw new Error('The store is empty.')
  const { issuedAt, expiresAt } = token
  await inner.set('key', { ...sealed, expiresAt: expiresAt - 20_000 }, call)
  const moved = { issuedAt: issuedAt - 20_000, expiresAt: expiresAt - 20_000 }
  expect(await store.get('key', call)).toEqual({ ...token, ...moved })
  await inner.set('key', { ...sealed, expiresAt: expiresAt + 20_000 }, call)
  expect(await store.get('key', call)).toEqual(token)
})

test('keyvStore passes the lifetime, hides an expired record and compares before a deletion', async () => {
  const lifetimes: number[] = []
  const keyv = createKeyv()
  const set: KeyvLike['set'] = (key, value, ttl) => {
    lifetimes.push(ttl)
    return keyv.set(key, value, ttl)
  }
  const store = keyvStore({ ...keyv, set }, { plaintext: true, prefix: 'app:' })
  await store.set('key', token, call)
  expect(lifetimes[0]).toBeGreaterThan(50_000)
  expect(lifetimes[0]).toBeLessThanOrEqual(60_000)
  expect(await keyv.get('app:1:key')).toEqual(token)
  expect(await store.delete('key', { ...token, value: 'another' }, call)).toBe(false)
  expect(await store.delete('missing', token, call)).toBe(false)
  await keyv.set('app:1:key', { ...token, expiresAt: Date.now() }, 60_000)
  expect(await store.get('key', call)).toBeUndefined()
  await store.set('key', { ...token, expiresAt: Date.now() }, call)
  expect(await keyv.get('app:1:key')).toBeUndefined()
  expect(lifetimes).toHaveLength(1)
})

test.each([
  ['sealedStore', () => sealedStore({} as never, { encryptionKeys }), 'store'],
  ['keyvStore', () => keyvStore({} as never, { plaintext: true }), 'keyv'],
])('%s throws for an argument of another kind', { tags: ['S10'] }, (_, create, option) => {
  expect(create).toThrow(expect.objectContaining({ code: 'ERR_INVALID_OPTION', option }))
})

describe('a record from a store', () => {
  const now = 1_000_000_000
  const record = { ...token, issuedAt: now - 1_000, expiresAt: now + 600_000 }

  test.each<[string, object, boolean]>([
    ['that is fresh is used', {}, true],
    ['with a scope is used', { scope: 'a' }, true],
    ['that is due is not used', { issuedAt: now - 600_000, expiresAt: now + 60_000 }, false],
    ['just before it is due is used', { issuedAt: now - 600_000, expiresAt: now + 60_001 }, true],
    ['without a token is not used', { value: undefined }, false],
    ['of another type is not used', { tokenType: 'DPoP' }, false],
    ['whose scope is no text is not used', { scope: 7 }, false],
    ['issued at no time is not used', { issuedAt: Number.NaN }, false],
    ['that lasts for more than a day is not used', { expiresAt: now + 86_399_001 }, false],
    ['that lasts for a day is used', { expiresAt: now + 86_399_000 }, true],
    ['issued 5 minutes ahead is used', { issuedAt: now + 300_000 }, true],
    ['issued later than that is not used', { issuedAt: now + 300_001 }, false],
  ])('%s', { tags: ['S6', 'S7'] }, (_, changes, isUsed) => {
    const changed = { ...record, ...changes } as typeof record
    expect(isUsable(changed, { now, early: 60_000 })).toBe(isUsed)
  })

  test('with a short lifetime is due in its last fifth', { tags: ['S7'] }, () => {
    const short = { ...record, issuedAt: now, expiresAt: now + 10_000 }
    expect(isUsable(short, { now: now + 7_999, early: 60_000 })).toBe(true)
    expect(isUsable(short, { now: now + 8_000, early: 60_000 })).toBe(false)
  })
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
