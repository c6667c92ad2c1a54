import { createTokenProvider, type TokenEvent, type TokenProviderOptions } from '@countersign/core'
import { authorizedFetch } from '@countersign/core/fetch'
import { redisStore } from '@countersign/redis-store'
import { createTestClient, type TestClient } from '@countersign/testing'
import { beforeEach, describe, expect, onTestFinished, test } from 'vitest'
import { offClock } from '../support/off-clock.ts'
import { until } from '../support/waiting.ts'
import { type Connect, type Connected, clients, encryptionKey, sentinels } from './clients.ts'
import { type RedisServer, startRedis, startSentinel } from './servers.ts'

const both: Record<'node-redis 6' | 'ioredis 6', Connect> = clients
// `DEBUG RELOAD` then takes a second for 1,000 keys, and other commands are answered in between.
const slowReload = [
  ...['--enable-debug-command', 'yes', '--key-load-delay', '1000'],
  ...['--loading-process-events-interval-bytes', '1024'],
]
let server: RedisServer
let kit: TestClient
let events: TokenEvent[]

beforeEach(async () => {
  server = await startRedis(...slowReload)
  kit = await createTestClient({}, { lifetimeSeconds: 600 })
  events = []
  return async () => {
    await server[Symbol.asyncDispose]()
    await kit.close()
  }
})

async function connect(
  name: keyof typeof both,
  credentials?: { username: string; password: string },
) {
  const connected = both[name](server.port, credentials)
  onTestFinished(() => connected[Symbol.asyncDispose]())
  await connected.ready
  return connected
}

/** Creates a member of the fleet, as a process has it, and a function that calls the API. */
function createMember({ client }: Connected, options: Partial<TokenProviderOptions> = {}) {
  // A call that is still pending at the end of a test belongs to its events.
  const ofThisTest = events
  const tokens = createTokenProvider({
    ...{ clientId: kit.env.CLIENT_ID, tokenEndpoint: kit.env.TOKEN_ENDPOINT },
    ...{ key: kit.env.PRIVATE_KEY, store: redisStore(client, { encryptionKeys: [encryptionKey] }) },
    onEvent: (event) => void ofThisTest.push(event),
    ...options,
  })
  onTestFinished(() => tokens.close())
  const { origin } = kit.api
  const send = authorizedFetch(tokens, { origins: [origin] })
  return { tokens, call: async () => (await send(`${origin}/accounts`)).status }
}

/** Creates members until one of them finds the token of another. */
async function untilShared(connected: Connected): Promise<void> {
  const started = Date.now()
  // The client reconnects in its own time, and the circuit closes after it.
  for (let requests = 0; requests !== kit.server.requests.length; ) {
    requests = kit.server.requests.length
    expect(await createMember(connected).call()).toBe(200)
    if (Date.now() - started > 30_000) expect.unreachable('the store is not used again')
  }
}

/** Returns how many records and leases were read or written. */
async function countCommands(): Promise<number> {
  const statistics = await server.cli('INFO', 'commandstats')
  const calls = statistics.matchAll(/cmdstat_(?:get|set):calls=(\d+)/g)
  return [...calls].reduce((sum, [, count]) => sum + Number(count), 0)
}

const reasons = () =>
  new Set(events.flatMap((event) => (event.type === 'store-failed' ? [event.reason] : [])))

describe.each(['node-redis 6', 'ioredis 6'] as const)(
  'with %s, Redis is no reason for a failed request',
  (name) => {
    test('when it dies, and comes back empty', { tags: ['S5', 'S12', 'S14'] }, async () => {
      const connected = await connect(name)
      const [one, two] = [createMember(connected), createMember(connected)]
      expect(await one.call()).toBe(200)
      await server.kill()
      expect(await two.call()).toBe(200)
      expect(kit.server.requests).toHaveLength(2)
      await server.restart()
      await untilShared(connected)
    })

    test('when it is down at the start, and comes later', { tags: ['S5'] }, async () => {
      await server.kill()
      const connected = both[name](server.port)
      onTestFinished(() => connected[Symbol.asyncDispose]())
      expect(await createMember(connected).call()).toBe(200)
      await server.restart()
      await untilShared(connected)
    })

    test('when it is suspended, with ten commands at most', { tags: ['S2', 'S14'] }, async () => {
      const connected = await connect(name)
      const store = redisStore(connected.client, { encryptionKeys: [encryptionKey] })
      const one = createMember(connected)
      expect(await one.call()).toBe(200)
      const before = await countCommands()
      server.pause()
      onTestFinished(() => server.resume())
      const cold = Array.from({ length: 200 }, (_, index) =>
        createMember(connected, { store, scope: `of:${index}` }),
      )
      expect(await Promise.all(cold.map(({ call }) => call()))).toEqual(Array(200).fill(200))
      expect(await one.call()).toBe(200)
      server.resume()
      expect((await countCommands()) - before).toBeLessThanOrEqual(10)
    })

    test('when it is suspended while a token is due', { tags: ['S2', 'S14'] }, async () => {
      const connected = await connect(name)
      let offset = 0
      const clock = { ...offClock(0), now: () => Date.now() + offset }
      const member = createMember(connected, { clock })
      expect(await member.call()).toBe(200)
      server.pause()
      onTestFinished(() => server.resume())
      offset = 555_000
      expect(await member.call()).toBe(200)
      await until(() => events.some(({ type }) => type === 'store-failed'))
      expect(await member.call()).toBe(200)
      expect(kit.server.requests).toHaveLength(1)
    })

    test('when the user may not write', { tags: ['S1', 'S3'] }, async () => {
      const rules = ['+get', '+pttl', '+client', '+info', '+hello', '+ping']
      await server.cli('ACL', 'SETUSER', 'app', 'reset', 'on', '>secret', '~*', ...rules)
      const connected = await connect(name, { username: 'app', password: 'secret' })
      expect(await createMember(connected).call()).toBe(200)
      expect(reasons()).toEqual(new Set(['NOPERM']))
    })

    test.each([
      ['is full', 'OOM', ['CONFIG', 'SET', 'maxmemory', '1']],
      ['is a replica', 'READONLY', ['REPLICAOF', '127.0.0.1', '1']],
    ])('when it %s', { tags: ['S3'] }, async (_, reason, command) => {
      await server.cli(...command)
      const connected = await connect(name)
      expect(await createMember(connected).call()).toBe(200)
      expect(reasons()).toEqual(new Set([reason]))
    })

    test('when it is loading its data', { tags: ['S3', 'S14'] }, async () => {
      const connected = await connect(name)
      await server.cli('DEBUG', 'POPULATE', '1000')
      const reload = server.cli('DEBUG', 'RELOAD')
      while (!(await server.cli('PING')).includes('LOADING'));
      expect(await createMember(connected).call()).toBe(200)
      expect(reasons()).toEqual(new Set(['LOADING']))
      await reload
    })

    test('when its records are changed or swapped', {
      tags: ['S6', 'S7', 'S8', 'S13'],
    }, async () => {
      const connected = await connect(name)
      const one = createMember(connected)
      expect(await one.call()).toBe(200)
      const key = await server.cli('KEYS', '*')
      const record = await server.cli('GET', key)
      await one.tokens.getAccessToken({ scope: 'other' })
      const keys = (await server.cli('KEYS', '*')).split('\n')
      const other = await server.cli('GET', keys.find((name) => name !== key) ?? '')
      const { value } = JSON.parse(record)
      // The last character has spare bits.
      expect(value.length).toBeGreaterThan(40 * 5)
      const flip = (at: number) =>
        value.slice(0, at) + (value[at] === 'A' ? 'B' : 'A') + value.slice(at + 1)
      const planted = [
        ...['', '{', 'null', '[]', '{"value":1}', 'x'.repeat(100_000)],
        ...[other, record.replace(/"value":"[^"]*"/, '"value":"plain-token"')],
        ...Array.from({ length: 40 }, (_, index) =>
          JSON.stringify({ ...JSON.parse(record), value: flip(index * 5) }),
        ),
      ]
      for (const text of planted) {
        const before = kit.server.requests.length
        await server.cli('SET', key, text)
        const member = createMember(connected)
        expect(await member.call()).toBe(200)
        expect(kit.server.requests.length).toBe(before + 1)
        // A member whose record is unreadable does not wait until its own one is stored.
        while ((await server.cli('GET', key)) === text);
      }
      expect([...reasons()].toSorted()).toEqual(['ERR_STORE_RECORD', 'ERR_STORE_SEALED'])
    })

    test('and it contains no token, client ID or scope', { tags: ['S8'] }, async () => {
      const connected = await connect(name)
      const { tokens } = createMember(connected, { scope: 'accounts:read' })
      const { value } = await tokens.getAccessToken()
      const dump = await server.dump()
      expect(dump).toMatch(/^countersign:1:\{[0-9a-f]{64}\}/)
      for (const secret of [value, kit.env.CLIENT_ID, 'accounts', kit.env.TOKEN_ENDPOINT])
        expect(dump).not.toContain(secret)
    })

    test('and a lease that was granted too late does not stay', { tags: ['D9'] }, async () => {
      const connected = await connect(name)
      await server.cli('PING')
      server.pause()
      const member = createMember(connected)
      expect(await member.call()).toBe(200)
      server.resume()
      while ((await server.cli('KEYS', '*:lease')) !== '');
    })
  },
)

test.each(Object.entries(sentinels))(
  'with %s, members share again after a failover',
  { tags: ['S5'] },
  async (_, connectTo) => {
    const masterOptions = ['--repl-diskless-sync-delay', '0']
    await using primary = await startRedis(...masterOptions)
    await using replica = await startRedis('--replicaof', '127.0.0.1', String(primary.port))
    await using sentinel = await startSentinel(primary)
    await sentinel.waitForReplica(replica)
    await using connected = connectTo(sentinel.port)
    await connected.ready
    expect(await createMember(connected).call()).toBe(200)
    await primary.kill()
    expect(await createMember(connected).call()).toBe(200)
    await sentinel.waitForPrimary(replica)
    await untilShared(connected)
  },
)

test('fifty members of one process make one token request', { tags: ['D9'] }, async () => {
  const connected = await connect('ioredis 6')
  const fleet = Array.from({ length: 50 }, () => createMember(connected))
  expect(await Promise.all(fleet.map(({ call }) => call()))).toEqual(Array(50).fill(200))
  expect(kit.server.requests).toHaveLength(1)
})
