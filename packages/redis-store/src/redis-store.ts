import {
  type Clock,
  ConfigurationError,
  type StoredToken,
  type TokenStore,
} from '@countersign/core'
import { requireArgument } from '@countersign/core/adapter'
import { type SealOptions, sealedStore } from '@countersign/core/stores'
import {
  type Commands,
  createCommands,
  type IoredisClient,
  type NodeRedisClient,
  type RedisCommand,
} from './redis-command.js'
import { createRedisStoreError, RedisStoreError } from './redis-store-error.js'

/** Options of {@link redisStore}. */
export type RedisStoreOptions = SealOptions & {
  /** The start of each key. `@default 'countersign:'` */
  prefix?: string | undefined
  /** The wall clock. `@default Date` */
  clock?: Pick<Clock, 'now'> | undefined
}

const compareAndDelete = `if redis.call('get', KEYS[1]) == ARGV[1] then
  return redis.call('del', KEYS[1])
end
return 0`

const longestRecord = 65_536
/** Looked up at each call, so that fake timers apply. */
const systemClock = { now: () => Date.now() }

/**
 * Shares tokens between processes through Redis or Valkey, with your own client. Every command
 * concerns one key. Records are encrypted unless `plaintext` is true.
 *
 * @param client - A node-redis 5 or 6 client, an ioredis or iovalkey client, or a function that
 * sends one command.
 * @param options - The encryption keys, and the start of each key.
 * @returns the store.
 * @throws {ConfigurationError} for another client, a key that is not 32 bytes, or neither
 * `encryptionKeys` nor `plaintext: true`.
 * @example
 * ```ts
 * const store = redisStore(client, { encryptionKeys: [encryptionKey] })
 * const tokens = createTokenProvider({ clientId, tokenEndpoint, key, store })
 * ```
 */
export function redisStore(
  client: NodeRedisClient | IoredisClient | RedisCommand,
  options: RedisStoreOptions,
): TokenStore {
  const { encryptionKeys, plaintext, prefix, clock } = readRedisStoreOptions(options)
  const store = createPlainStore(createCommands(client), { prefix, clock })
  if (encryptionKeys !== undefined && plaintext === undefined)
    return sealedStore(store, { encryptionKeys })
  if (plaintext === true && encryptionKeys === undefined) return store
  throw new ConfigurationError(
    'ERR_INVALID_OPTION',
    "Option 'encryptionKeys' is required, or 'plaintext: true' in its place.",
    'encryptionKeys',
  )
}

const names = ['encryptionKeys', 'plaintext', 'prefix', 'clock']

function readRedisStoreOptions(options: RedisStoreOptions) {
  const isObject = typeof options === 'object' && options !== null
  requireArgument(isObject, 'options', 'must be an object, such as { encryptionKeys: [key] }')
  const [unknown] = Object.keys(options).filter((name) => !names.includes(name))
  const { prefix = 'countersign:', clock = systemClock, ...sealing } = options
  const fail = (option: string, what: string) =>
    new ConfigurationError('ERR_INVALID_OPTION', `Option '${option}' ${what}.`, option)
  if (unknown !== undefined) throw fail(unknown, `is unknown. Known options: ${names.join(', ')}`)
  if (typeof prefix !== 'string') throw fail('prefix', 'must be a string')
  if (typeof clock?.now !== 'function') throw fail('clock', "must have the method 'now'")
  return { prefix, clock, ...sealing }
}

function createPlainStore(
  commands: Commands,
  { prefix, clock }: { prefix: string; clock: Pick<Clock, 'now'> },
): TokenStore {
  // The braces keep both keys on one node of a cluster.
  const nameKey = (key: string) => `${prefix}1:{${key}}`
  let mayEval = true
  const deleteIfEqual = async (key: string, text: string, signal: AbortSignal) => {
    if (mayEval) {
      try {
        const call = { key, argument: text }
        return Number(await commands.eval(compareAndDelete, call, signal)) === 1
      } catch (error) {
        if (!['NOPERM', 'ERR'].includes(createRedisStoreError(error).code)) throw error
        mayEval = false
      }
    }
    // Not atomic: a record written in between is lost, which costs one token request.
    if (readText(await commands.get(key, signal)) !== text) return false
    return Number(await commands.del(key, signal)) === 1
  }
  return {
    async get(key, { signal }) {
      const text = readText(await commands.get(nameKey(key), signal))
      if (text === undefined) return undefined
      const token = parseRecord(text)
      const ttl = Number(readText(await commands.pttl(nameKey(key), signal)))
      if (ttl === -2) return undefined
      // Redis measures the rest of the lifetime, so the writer's clock may be ahead of this one.
      const ahead = ttl >= 0 ? Math.max(0, token.expiresAt - clock.now() - ttl) : 0
      const { issuedAt, expiresAt } = token
      return { ...token, issuedAt: issuedAt - ahead, expiresAt: expiresAt - ahead }
    },
    async set(key, token, { signal }) {
      const px = Math.floor(token.expiresAt - clock.now())
      const value = JSON.stringify(token)
      await (px > 0
        ? commands.set(nameKey(key), { value, px }, signal)
        : commands.del(nameKey(key), signal))
    },
    async delete(key, token, { signal }) {
      const text = readText(await commands.get(nameKey(key), signal))
      if (text === undefined || parseRecord(text).value !== token.value) return false
      return deleteIfEqual(nameKey(key), text, signal)
    },
    async acquireLease(key, { duration, signal }) {
      const lease = `${nameKey(key)}:lease`
      const value = createOwner()
      const reply = await commands.set(lease, { value, px: duration, nx: true }, signal)
      if (readText(reply) !== 'OK') return undefined
      return {
        async release() {
          await deleteIfEqual(lease, value, new AbortController().signal)
        },
      }
    },
  }
}

function createOwner(): string {
  return crypto.getRandomValues(new Uint8Array(16)).join('.')
}

/** Clients return text, bytes or numbers, as they are configured. */
function readText(reply: unknown): string | undefined {
  if (reply === null || reply === undefined) return undefined
  return reply instanceof Uint8Array ? new TextDecoder().decode(reply) : String(reply)
}

function parseRecord(text: string): StoredToken {
  try {
    const token = text.length > longestRecord ? undefined : (JSON.parse(text) as StoredToken)
    if (typeof token?.value === 'string' && Number.isFinite(token.expiresAt)) return token
  } catch {
    // Reported below: the message of JSON.parse quotes the text.
  }
  throw new RedisStoreError('ERR_STORE_RECORD')
}
