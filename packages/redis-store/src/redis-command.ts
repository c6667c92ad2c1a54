import { ConfigurationError } from '@countersign/core'
import { createRedisStoreError, RedisStoreError } from './redis-store-error.js'

/** Sends one command. `key` is the Redis key, by which a cluster client finds the node. */
export type RedisCommand = (
  args: readonly [string, ...string[]],
  call: { key: string; signal: AbortSignal },
) => Promise<unknown>

/** node-redis 5 or 6: client, pool, cluster or sentinel. */
export interface NodeRedisClient {
  /** Reads a key. */
  get(key: string): Promise<unknown>
  /** Returns the rest of the lifetime of a key, in milliseconds. */
  pTTL(key: string): Promise<unknown>
  /** Writes a key with a lifetime. */
  set(key: string, value: string, options: { PX: number; NX?: true }): Promise<unknown>
  /** Deletes a key. */
  del(key: string): Promise<unknown>
  /** Runs a script. */
  eval(script: string, options: { keys: string[]; arguments: string[] }): Promise<unknown>
}

/** ioredis 5 or 6, or iovalkey: `Redis` or `Cluster`. */
export interface IoredisClient {
  /** The state of the connection. */
  readonly status: string
  /** Sends a command. */
  call(command: string, ...args: string[]): Promise<unknown>
}

/** The commands of the store. */
export interface Commands {
  get(key: string, signal: AbortSignal): Promise<unknown>
  pttl(key: string, signal: AbortSignal): Promise<unknown>
  set(
    key: string,
    record: { value: string; px: number; nx?: true },
    signal: AbortSignal,
  ): Promise<unknown>
  del(key: string, signal: AbortSignal): Promise<unknown>
  eval(
    script: string,
    call: { key: string; argument: string },
    signal: AbortSignal,
  ): Promise<unknown>
}

/** Recognizes a client by its methods: a class of another version would fail `instanceof`. */
export function createCommands(client: unknown): Commands {
  if (typeof client === 'function') return fromFunction(client as RedisCommand)
  const members = Object(client) as Record<string, unknown>
  const isFunction = (name: string) => typeof members[name] === 'function'
  if (isFunction('call') && typeof members.status === 'string')
    return fromIoredis(client as IoredisClient)
  if (isFunction('pTTL') && isFunction('eval')) return fromNodeRedis(client as NodeRedisClient)
  throw new ConfigurationError(
    'ERR_UNSUPPORTED_CLIENT',
    'The client must be a node-redis client, an ioredis or iovalkey client, or a function that sends a command.',
  )
}

function fromFunction(send: RedisCommand): Commands {
  const run = async (args: [string, ...string[]], key: string, signal: AbortSignal) => {
    try {
      return await send(args, { key, signal })
    } catch (error) {
      throw createRedisStoreError(error)
    }
  }
  return {
    get: (key, signal) => run(['get', key], key, signal),
    pttl: (key, signal) => run(['pttl', key], key, signal),
    set: (key, { value, px, nx }, signal) =>
      run(['set', key, value, 'PX', String(px), ...(nx ? ['NX'] : [])], key, signal),
    del: (key, signal) => run(['del', key], key, signal),
    eval: (script, { key, argument }, signal) =>
      run(['eval', script, '1', key, argument], key, signal),
  }
}

/** Lower-case names: in ioredis 5, `call('SET')` skips the key prefix and `call('set')` does not. */
function fromIoredis(client: IoredisClient): Commands {
  return fromFunction(async ([name, ...args]) => {
    if (['reconnecting', 'close', 'end'].includes(client.status))
      throw new RedisStoreError('ERR_STORE_OFFLINE')
    return client.call(name, ...args)
  })
}

interface NodeRedisState extends NodeRedisClient {
  readonly isOpen?: boolean
  readonly isReady?: boolean
  withAbortSignal?(signal: AbortSignal): NodeRedisClient
}

function fromNodeRedis(client: NodeRedisState): Commands {
  let wasReady = false
  const run = async (signal: AbortSignal, send: (to: NodeRedisClient) => Promise<unknown>) => {
    wasReady ||= client.isReady === true
    if (wasReady && client.isOpen === true && client.isReady === false)
      throw new RedisStoreError('ERR_STORE_OFFLINE')
    try {
      // It removes a command that is still queued.
      return await send(client.withAbortSignal?.(signal) ?? client)
    } catch (error) {
      throw createRedisStoreError(error)
    }
  }
  return {
    get: (key, signal) => run(signal, (to) => to.get(key)),
    pttl: (key, signal) => run(signal, (to) => to.pTTL(key)),
    set: (key, { value, px, nx }, signal) =>
      run(signal, (to) => to.set(key, value, { PX: px, ...(nx && { NX: nx }) })),
    del: (key, signal) => run(signal, (to) => to.del(key)),
    eval: (script, { key, argument }, signal) =>
      run(signal, (to) => to.eval(script, { keys: [key], arguments: [argument] })),
  }
}
