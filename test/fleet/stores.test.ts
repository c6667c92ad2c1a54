import { readFileSync } from 'node:fs'
import { keyvStore } from '@countersign/core/stores'
import { tokenStoreSuite } from '@countersign/testing'
import Keyv from 'keyv'
import { Keyv as Keyv5 } from 'keyv-5'
import { Pool } from 'pg'
import { beforeAll, describe, test } from 'vitest'
import { createPostgresStore } from '../../examples/postgres-store.ts'
import {
  type Connect,
  type ConnectCluster,
  type Connected,
  clients,
  clusters,
  encryptionKey,
  makeStores,
} from './clients.ts'
import { type RedisServer, startCluster, startPostgres, startRedis } from './servers.ts'

const credentials = { username: 'countersign', password: 'password' }
const guide = readFileSync(new URL('../../docs/guides/fleet.md', import.meta.url), 'utf8')
const [, acl = ''] = /^user countersign (.+)$/m.exec(guide) ?? []
const rules = ['reset', ...acl.split(' ')]
const withoutScripts = rules.filter((rule) => rule !== '+eval')
const clusterRules = guide.match(/\+cluster\|\w+/g) ?? []

/** Runs the suite with two clients, which stay connected for all of its cases. */
function runSuite(connect: () => Connected, isSealed: boolean): void {
  let connected: readonly [Connected, Connected]
  beforeAll(async () => {
    connected = [connect(), connect()]
    for (const { ready } of connected) await ready
    return async () => {
      for (const one of connected) await one[Symbol.asyncDispose]()
    }
  })
  for (const { name, run } of tokenStoreSuite(async () => makeStores(connected, isSealed)))
    test(name, run)
}

describe.each([
  { title: 'with the permissions of the guide', isSealed: true, permissions: rules },
  { title: 'without scripts', isSealed: true, permissions: withoutScripts },
  { title: 'in plain text', isSealed: false, permissions: rules },
])('redisStore $title', { tags: ['S8', 'S11'] }, ({ isSealed, permissions }) => {
  let server: RedisServer
  beforeAll(async () => {
    server = await startRedis()
    await server.cli('ACL', 'SETUSER', credentials.username, ...permissions)
    return () => server[Symbol.asyncDispose]()
  })

  describe.each<[string, Connect]>(Object.entries(clients))('with %s', (_, connect) => {
    runSuite(() => connect(server.port, credentials), isSealed)
  })
})

describe('redisStore in a cluster of three nodes', () => {
  let cluster: Awaited<ReturnType<typeof startCluster>>
  beforeAll(async () => {
    cluster = await startCluster()
    const user = [credentials.username, ...rules, ...clusterRules]
    for (const { cli } of cluster.nodes) await cli('ACL', 'SETUSER', ...user)
    return () => cluster[Symbol.asyncDispose]()
  })

  describe.each<[string, ConnectCluster]>(Object.entries(clusters))('with %s', (_, connect) => {
    const ports = () => cluster.nodes.map(({ port }) => port)
    runSuite(() => connect(ports(), credentials), true)
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
