import { keyvStore } from '@countersign/core/stores'
import { redisStore } from '@countersign/redis-store'
import { tokenStoreSuite } from '@countersign/testing'
import Keyv from 'keyv'
import { Keyv as Keyv5 } from 'keyv-5'
import { Pool } from 'pg'
import { afterAll, beforeAll, describe, test } from 'vitest'
import { createPostgresStore } from '../../examples/postgres-store.ts'
import {
  type Connect,
  type Connected,
  clients,
  clusters,
  createCommand,
  encryptionKey,
  makeStores,
} from './clients.ts'
import { type RedisServer, startCluster, startPostgres, startRedis } from './servers.ts'

describe.each<[string, Connect]>(Object.entries(clients))(
  'redisStore with %s',
  {
    tags: ['S8', 'S11'],
  },
  (_, connect) => {
    let server: RedisServer
    let connected: readonly [Connected, Connected]

    beforeAll(async () => {
      server = await startRedis()
      connected = [connect(server.port), connect(server.port)]
      for (const { ready } of connected) await ready
      return async () => {
        for (const one of connected) await one[Symbol.asyncDispose]()
        await server[Symbol.asyncDispose]()
      }
    })

    for (const isSealed of [true, false])
      describe(isSealed ? 'encrypted' : 'in plain text', () => {
        for (const { name, run } of tokenStoreSuite(async () => makeStores(connected, isSealed)))
          test(name, run)
      })

    describe('without the permission to run scripts', () => {
      let restricted: readonly [Connected, Connected]
      beforeAll(async () => {
        const rules = ['+get', '+set', '+pttl', '+del', '+client', '+info', '+hello', '+ping']
        const keys = '~countersign:*'
        await server.cli('ACL', 'SETUSER', 'app', 'reset', 'on', '>secret', keys, ...rules)
        const credentials = { username: 'app', password: 'secret' }
        restricted = [connect(server.port, credentials), connect(server.port, credentials)]
        for (const { ready } of restricted) await ready
        return async () => {
          for (const one of restricted) await one[Symbol.asyncDispose]()
        }
      })
      for (const { name, run } of tokenStoreSuite(async () => makeStores(restricted, true)))
        test(name, run)
    })
  },
)

describe('redisStore with a function', () => {
  let server: RedisServer
  beforeAll(async () => {
    server = await startRedis()
    return () => server[Symbol.asyncDispose]()
  })
  const makeHandles = async () => {
    const options = { encryptionKeys: [encryptionKey] } as const
    const [one, two] = [createCommand(server.port), createCommand(server.port)]
    return [redisStore(one, options), redisStore(two, options)] as const
  }
  for (const { name, run } of tokenStoreSuite(makeHandles)) test(name, run)
})

describe('redisStore in a cluster of three nodes', () => {
  let cluster: Awaited<ReturnType<typeof startCluster>>
  beforeAll(async () => {
    cluster = await startCluster()
  })
  afterAll(() => cluster[Symbol.asyncDispose]())

  describe.each(Object.entries(clusters))('with %s', (_, connect) => {
    let connected: readonly [Connected, Connected]
    beforeAll(async () => {
      connected = [connect(cluster.ports), connect(cluster.ports)]
      for (const { ready } of connected) await ready
      return async () => {
        for (const one of connected) await one[Symbol.asyncDispose]()
      }
    })
    for (const { name, run } of tokenStoreSuite(async () => makeStores(connected, true)))
      test(name, run)
  })
})

describe.each([
  ['Keyv 5', () => new Keyv5()],
  ['Keyv 6', () => new Keyv()],
])('keyvStore with %s', (_, create) => {
  const makeHandles = async () => {
    const keyv = create()
    const options = { encryptionKeys: [encryptionKey] } as const
    return [keyvStore(keyv, options), keyvStore(keyv, options)] as const
  }
  for (const { name, run } of tokenStoreSuite(makeHandles)) test(name, run)
})

describe('the store of examples/postgres-store.ts', () => {
  let server: Awaited<ReturnType<typeof startPostgres>>
  let pools: readonly [Pool, Pool]
  beforeAll(async () => {
    server = await startPostgres()
    const connectionString = server.url
    pools = [new Pool({ connectionString }), new Pool({ connectionString })]
    return async () => {
      for (const pool of pools) await pool.end()
      await server[Symbol.asyncDispose]()
    }
  })
  const makeHandles = async () =>
    [await createPostgresStore(pools[0]), await createPostgresStore(pools[1])] as const
  for (const { name, run } of tokenStoreSuite(makeHandles)) test(name, run)
})
