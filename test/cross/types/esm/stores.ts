import { createTokenProvider, memoryStore, type TokenStore } from '@countersign/core'
import {
  type EncryptionKey,
  type KeyvLike,
  keyvStore,
  type SealOptions,
  sealedStore,
} from '@countersign/core/stores'
import {
  type IoredisClient,
  type NodeRedisClient,
  type RedisCommand,
  RedisStoreError,
  type RedisStoreOptions,
  redisStore,
} from '@countersign/redis-store'

declare const nodeRedis: NodeRedisClient
declare const ioredis: IoredisClient
declare const keyv: KeyvLike
declare const bytes: Uint8Array

const encryptionKey: EncryptionKey = 'base64'
const sealing: SealOptions = { encryptionKeys: [encryptionKey, bytes] }
const options: RedisStoreOptions = { ...sealing, prefix: 'app:', clock: { now: () => 0 } }
const send: RedisCommand = async ([name, ...rest], { key, signal }) =>
  signal.aborted ? null : [name, key, ...rest]
const sealed: TokenStore = sealedStore(memoryStore(), { encryptionKeys: [encryptionKey] })
const stores: readonly TokenStore[] = [
  ...[redisStore(nodeRedis, options), redisStore(ioredis, { plaintext: true }), sealed],
  ...[redisStore(send, options), keyvStore(keyv, sealing)],
]
createTokenProvider({ clientId: 'c', tokenEndpoint: 'https://a/t', key: 'pem', store: sealed })
export const codes = stores.map((error: unknown) =>
  error instanceof RedisStoreError ? error.code.length : 0,
)

// @ts-expect-error 2554: neither keys nor plaintext
redisStore(nodeRedis)
// @ts-expect-error 2345: neither keys nor plaintext
redisStore(nodeRedis, {})
// @ts-expect-error 2322: both
redisStore(nodeRedis, { encryptionKeys: [encryptionKey], plaintext: true })
// @ts-expect-error 2322: plain text is written out
redisStore(nodeRedis, { plaintext: false })
// @ts-expect-error 2322: a list
redisStore(nodeRedis, { encryptionKeys: encryptionKey })
// @ts-expect-error 2322: a list of one key at least
sealedStore(memoryStore(), { encryptionKeys: [] })
// @ts-expect-error 2345: a client of another kind
redisStore({ get: async () => null }, { plaintext: true })
// @ts-expect-error 2554: the store and the options are not one object
keyvStore({ plaintext: true })
