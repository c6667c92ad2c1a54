import { randomBytes } from 'node:crypto'
import type { TokenStore } from '@countersign/core'
import { type RedisCommand, redisStore } from '@countersign/redis-store'
import { Cluster as Cluster6, Redis as Redis6 } from 'ioredis'
import ioredis5 from 'ioredis-5'
import Iovalkey from 'iovalkey'
import {
  createClient as createClient6,
  createClientPool,
  createCluster as createCluster6,
  createSentinel as createSentinel6,
} from 'redis'
import {
  createClient as createClient5,
  createCluster as createCluster5,
  createSentinel as createSentinel5,
} from 'redis-5'

export const encryptionKey = randomBytes(32).toString('base64')

/** A client as the argument of `redisStore`. */
export interface Connected extends AsyncDisposable {
  readonly client: Parameters<typeof redisStore>[0]
  /** For the first connection. */
  readonly ready: Promise<unknown>
}

interface Credentials {
  readonly username: string
  readonly password: string
}

export type Connect = (port: number, credentials?: Credentials) => Connected
export type ConnectCluster = (ports: readonly number[], credentials: Credentials) => Connected

const ignore = () => {}

/** node-redis: also its pools, clusters and sentinels. */
function connectNodeRedis(
  client: Connected['client'] & {
    on(event: 'error', listener: () => void): unknown
    connect(): Promise<unknown>
    destroy(): unknown
  },
): Connected {
  client.on('error', ignore)
  const ready = client.connect()
  ready.catch(ignore)
  return { client, ready, [Symbol.asyncDispose]: async () => void client.destroy() }
}

/** ioredis and iovalkey: also their clusters. They connect on creation. */
function connectIoredis(
  client: Connected['client'] & {
    on(event: 'error', listener: () => void): unknown
    disconnect(): void
  },
): Connected {
  client.on('error', ignore)
  const ready = Promise.resolve()
  return { client, ready, [Symbol.asyncDispose]: async () => client.disconnect() }
}

/** Each client as its documentation creates it for a service. */
export const clients = {
  'node-redis 5': (port, credentials) =>
    connectNodeRedis(createClient5({ url: `redis://127.0.0.1:${port}`, ...credentials })),
  'node-redis 6': (port, credentials) =>
    connectNodeRedis(createClient6({ url: `redis://127.0.0.1:${port}`, ...credentials })),
  'a pool of node-redis 6': (port, credentials) =>
    connectNodeRedis(createClientPool({ url: `redis://127.0.0.1:${port}`, ...credentials })),
  'ioredis 5': (port, credentials) =>
    connectIoredis(new ioredis5.default({ port, maxRetriesPerRequest: 1, ...credentials })),
  'ioredis 6': (port, credentials) =>
    connectIoredis(new Redis6({ port, maxRetriesPerRequest: 1, ...credentials })),
  iovalkey: (port, credentials) =>
    connectIoredis(new Iovalkey.Redis({ port, maxRetriesPerRequest: 1, ...credentials })),
  'a function': (port, credentials) => {
    const redis = new Redis6({ port, maxRetriesPerRequest: 1, ...credentials })
    const send: RedisCommand = (args) => redis.call(...args)
    return { ...connectIoredis(redis), client: send }
  },
} satisfies Record<string, Connect>

const urls = (ports: readonly number[]) =>
  ports.map((port) => ({ url: `redis://127.0.0.1:${port}` }))
const addresses = (ports: readonly number[]) => ports.map((port) => ({ host: '127.0.0.1', port }))

export const clusters = {
  'node-redis 5': (ports, defaults) =>
    connectNodeRedis(createCluster5({ rootNodes: urls(ports), defaults })),
  'node-redis 6': (ports, defaults) =>
    connectNodeRedis(createCluster6({ rootNodes: urls(ports), defaults })),
  'ioredis 5': (ports, redisOptions) =>
    connectIoredis(new ioredis5.Cluster(addresses(ports), { redisOptions })),
  'ioredis 6': (ports, redisOptions) =>
    connectIoredis(new Cluster6(addresses(ports), { redisOptions })),
  iovalkey: (ports, redisOptions) =>
    connectIoredis(new Iovalkey.Cluster(addresses(ports), { redisOptions })),
} satisfies Record<string, ConnectCluster>

const findPrimary = (port: number) => ({
  ...{ name: 'main', sentinels: addresses([port]), maxRetriesPerRequest: 1 },
})

/** Clients that find the primary through a sentinel. */
export const sentinels = {
  'node-redis 5': (port) =>
    connectNodeRedis(createSentinel5({ name: 'main', sentinelRootNodes: addresses([port]) })),
  'node-redis 6': (port) =>
    connectNodeRedis(createSentinel6({ name: 'main', sentinelRootNodes: addresses([port]) })),
  'ioredis 5': (port) => connectIoredis(new ioredis5.default(findPrimary(port))),
  'ioredis 6': (port) => connectIoredis(new Redis6(findPrimary(port))),
  iovalkey: (port) => connectIoredis(new Iovalkey.Redis(findPrimary(port))),
} satisfies Record<string, (port: number) => Connected>

/** Two stores on one server, each with a client of its own, sealed or in plain text. */
export function makeStores(
  [one, two]: readonly [Connected, Connected],
  isSealed: boolean,
): readonly [TokenStore, TokenStore] {
  const options = isSealed
    ? ({ encryptionKeys: [encryptionKey] } as const)
    : ({ plaintext: true } as const)
  return [redisStore(one.client, options), redisStore(two.client, options)]
}
