import { memoryStore } from '@countersign/core'
import { sealedStore } from '@countersign/core/stores'
import { isError, rejection, same } from './expectations.ts'
import type { Cases } from './world.ts'

export const stores: Cases = {
  async 'S8: decrypts the record that it encrypted, and no other'() {
    const call = { signal: new AbortController().signal }
    const encryptionKeys = [crypto.getRandomValues(new Uint8Array(32))] as const
    const memory = memoryStore()
    const store = sealedStore(memory, { encryptionKeys })
    const [issuedAt, expiresAt] = [Date.now(), Date.now() + 60_000]
    const token = { value: 'secret', tokenType: 'Bearer', issuedAt, expiresAt } as const
    await store.set('one', token, call)
    same(await store.get('one', call), token, 'the record')
    const sealed = await memory.get('one', call)
    await memory.set('two', sealed ?? token, call)
    isError(await rejection(store.get('two', call)), 'ERR_STORE_SEALED')
  },
}
