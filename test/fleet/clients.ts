import { randomBytes } from 'node:crypto'
import { connect } from 'node:net'
import type { TokenStore } from '@countersign/core'
import { type RedisCommand, redisStore } from '@countersign/redis-store'
import { Cluster as Cluster6, Redis as Redis6 } from 'ioredis'
import { Cluster as Cluster5, Redis as Redis5 } from 'ioredis-5'
import Iovalkey from 'iovalkey'
import { createClient as createClient6, createCluster as createCluster6 } from 'redis'
import { createClient as createClient5, createCluster as createCluster5 } from 'redis-5'

export const encryptionKey = randomBytes(32).toString('base64')

/** A connected client as the argument of `redisStore`. */
export interface Connected extends AsyncDisposable {
  readonly client: Parameters<typeof redisStore>[0]
}

type Connect = (
  port: number,
  credentials?: { username: string; password: string },
) => Promise<Connected>

const ignore = () => {}

/** Each client as its documentation creates it for a service. */
export const clients: Record<string, Connect> = {
  'node-redis 5': async (port, credentials) => {
    const client = createClient5({ url: `redis://127.0.0.1:${port}`, ...credentials })
    await client.on('error', ignore).connect()
    return { client, [Symbol.asyncDispose]: async () => client.destroy() }
  },
  'node-redis 6': async (port, credentials) => {
    const client = createClient6({ url: `redis://127.0.0.1:${port}`, ...credentials })
    await client.on('error', ignore).connect()
    return { client, [Symbol.asyncDispose]: async () => client.destroy() }
  },
  'ioredis 5': async (port, credentials) => {
    const client = new Redis5({ port, maxRetriesPerRequest: 1, ...credentials })
    client.on('error', ignore)
    return { client, [Symbol.asyncDispose]: async () => client.disconnect() }
  },
  'ioredis 6': async (port, credentials) => {
    const client = new Redis6({ port, maxRetriesPerRequest: 1, ...credentials })
    client.on('error', ignore)
    return { client, [Symbol.asyncDispose]: async () => client.disconnect() }
  },
  iovalkey: async (port, credentials) => {
    const client = new Iovalkey.Redis({ port, maxRetriesPerRequest: 1, ...credentials })
    client.on('error', ignore)
    return { client, [Symbol.asyncDispose]: async () => client.disconnect() }
  },
}

export const clusters: Record<string, (ports: readonly number[]) => Promise<Connected>> = {
  'node-redis 5': async (ports) => {
    const rootNodes = ports.map((port) => ({ url: `redis://127.0.0.1:${port}` }))
    const client = createCluster5({ rootNodes })
    await client.on('error', ignore).connect()
    return { client, [Symbol.asyncDispose]: async () => client.destroy() }
  },
  'node-redis 6': async (ports) => {
    const rootNodes = ports.map((port) => ({ url: `redis://127.0.0.1:${port}` }))
    const client = createCluster6({ rootNodes })
    await client.on('error', ignore).connect()
    return { client, [Symbol.asyncDispose]: async () => client.destroy() }
  },
  'ioredis 5': async (ports) => {
    const client = new Cluster5(ports.map((port) => ({ host: '127.0.0.1', port })))
    client.on('error', ignore)
    return { client, [Symbol.asyncDispose]: async () => client.disconnect() }
  },
  'ioredis 6': async (ports) => {
    const client = new Cluster6(ports.map((port) => ({ host: '127.0.0.1', port })))
    client.on('error', ignore)
    return { client, [Symbol.asyncDispose]: async () => client.disconnect() }
  },
}

/** Sends a command over a connection of its own: for clients that the store does not know. */
export function createCommand(port: number): RedisCommand {
  return (args) =>
    new Promise((resolve, reject) => {
      const socket = connect(port, '127.0.0.1')
      const parts = args.map((arg) => `$${Buffer.byteLength(arg)}\r\n${arg}\r\n`)
      let reply = ''
      socket.setEncoding('utf8').on('error', reject)
      socket.on('data', (chunk: string) => {
        reply += chunk
        const [head = '', ...rest] = reply.split('\r\n')
        const isWhole = head.startsWith('$') && head !== '$-1' ? rest.length > 1 : rest.length > 0
        if (!isWhole) return
        socket.destroy()
        if (head.startsWith('-')) reject(new Error(head.slice(1)))
        else if (head === '$-1') resolve(null)
        else if (head.startsWith('$')) resolve(rest[0])
        else resolve(head.slice(1))
      })
      socket.write(`*${args.length}\r\n${parts.join('')}`)
    })
}

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
