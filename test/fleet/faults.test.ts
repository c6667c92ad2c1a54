import { createTokenProvider, type TokenEvent, type TokenProviderOptions } from '@countersign/core'
import { authorizedFetch } from '@countersign/core/fetch'
import { redisStore } from '@countersign/redis-store'
import { createTestClient, type TestClient } from '@countersign/testing'
import { beforeEach, describe, expect, onTestFinished, test } from 'vitest'
import { type Connected, clients, encryptionKey } from './clients.ts'
import { type RedisServer, startRedis } from './servers.ts'

const names = ['node-redis 6', 'ioredis 6'] as const
let server: RedisServer
let kit: TestClient
let events: TokenEvent[]

beforeEach(async () => {
  server = await startRedis()
  kit = await createTestClient({}, { lifetimeSeconds: 600 })
  events = []
  return async () => {
    await server[Symbol.asyncDispose]()
    await kit.close()
  }
})

async function connect(
  name: (typeof names)[number],
  credentials?: { username: string; password: string },
) {
  const connected = clients[name](server.port, credentials)
  onTestFinished(() => connected[Symbol.asyncDispose]())
  await connected.ready
  return connected
}

/** Creates a member of the fleet, as a process has it, and a function that calls the API. */
function createMember({ client }: Connected, options: Partial<TokenProviderOptions> = {}) {
  const tokens = createTokenProvider({
    ...{ clientId: kit.env.CLIENT_ID, tokenEndpoint: kit.env.TOKEN_ENDPOINT },
    ...{ key: kit.env.PRIVATE_KEY, store: redisStore(client, { encryptionKeys: [encryptionKey] }) },
    onEvent: (event) => void events.push(event),
    ...options,
  })
  onTestFinished(() => tokens.close())
  const { origin } = kit.api
  const send = authorizedFetch(tokens, { origins: [origin] })
  return { tokens, call: async () => (await send(`${origin}/accounts`)).status }
}

const reasons = () =>
  new Set(events.flatMap((event) => (event.type === 'store-failed' ? [event.reason] : [])))

describe.each(names)('with %s, Redis is no reason for a failed request', (name) => {
  test('when it dies, and members share again when it is back, empty', {
    tags: ['S5', 'S12', 'S14'],
  }, async () => {
    const connected = await connect(name)
    const [one, two] = [createMember(connected), createMember(connected)]
    expect(await one.call()).toBe(200)
    await server.kill()
    expect(await two.call()).toBe(200)
    expect(kit.server.requests).toHaveLength(2)
    await server.restart()
    const started = Date.now()
    // The client reconnects in its own time, and the circuit closes after it.
    for (let requests = 0; requests !== kit.server.requests.length; ) {
      requests = kit.server.requests.length
      await server.cli('PING')
      expect(await createMember(connected).call()).toBe(200)
      if (Date.now() - started > 30_000) expect.unreachable('the store is not used again')
    }
  })

  test('when it is suspended', { tags: ['S2', 'S14'] }, async () => {
    const connected = await connect(name)
    const one = createMember(connected)
    expect(await one.call()).toBe(200)
    server.pause()
    onTestFinished(() => server.resume())
    const cold = Array.from({ length: 20 }, () => createMember(connected))
    expect(await Promise.all(cold.map(({ call }) => call()))).toEqual(Array(20).fill(200))
    expect(await one.call()).toBe(200)
    server.resume()
  })

  test('when the user may not write', { tags: ['S1', 'S3'] }, async () => {
    const rules = ['+get', '+pttl', '+client', '+info', '+hello', '+ping']
    await server.cli('ACL', 'SETUSER', 'app', 'reset', 'on', '>secret', '~*', ...rules)
    const connected = await connect(name, { username: 'app', password: 'secret' })
    expect(await createMember(connected).call()).toBe(200)
    expect(reasons()).toEqual(new Set(['NOPERM']))
  })

  test('when it is full', { tags: ['S3'] }, async () => {
    await server.cli('CONFIG', 'SET', 'maxmemory', '1')
    const connected = await connect(name)
    expect(await createMember(connected).call()).toBe(200)
    expect(reasons()).toEqual(new Set(['OOM']))
  })

  test('when it is a replica', { tags: ['S3'] }, async () => {
    await server.cli('REPLICAOF', '127.0.0.1', '1')
    await server.cli('CONFIG', 'SET', 'replica-serve-stale-data', 'yes')
    const connected = await connect(name)
    expect(await createMember(connected).call()).toBe(200)
    expect(reasons()).toEqual(new Set(['READONLY']))
  })

  test('when its records are changed, swapped or garbage', {
    tags: ['S6', 'S7', 'S8', 'S13'],
  }, async () => {
    const connected = await connect(name)
    const one = createMember(connected)
    expect(await one.call()).toBe(200)
    await one.tokens.getAccessToken({ scope: 'other' })
    const [first = '', second = ''] = (await server.cli('KEYS', '*')).split('\n')
    const [record, other] = [await server.cli('GET', first), await server.cli('GET', second)]
    const { value } = JSON.parse(record)
    const flip = (at: number) =>
      value.slice(0, at) + (value[at] === 'A' ? 'B' : 'A') + value.slice(at + 1)
    const planted = [
      ...['', '{', 'null', '[]', '{"value":1}', 'x'.repeat(100_000)],
      ...[other, record.replace(/"value":"[^"]*"/, '"value":"plain-token"')],
      ...Array.from({ length: 40 }, (_, index) =>
        JSON.stringify({ ...JSON.parse(record), value: flip(index * 7) }),
      ),
    ]
    for (const text of planted) {
      const before = kit.server.requests.length
      await server.cli('SET', first, text)
      await server.cli('SET', second, text)
      const member = createMember(connected)
      const [{ value: got }] = [await member.tokens.getAccessToken(), await member.call()]
      expect(kit.server.isLive(got)).toBe(true)
      if (text !== other) expect(kit.server.requests.length).toBe(before + 1)
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
})

test('fifty members of one process make one token request', { tags: ['D9'] }, async () => {
  const connected = await connect('ioredis 6')
  const fleet = Array.from({ length: 50 }, () => createMember(connected))
  expect(await Promise.all(fleet.map(({ call }) => call()))).toEqual(Array(50).fill(200))
  expect(kit.server.requests).toHaveLength(1)
})

test('fifty members make two at most when the holder of the lease is killed', {
  tags: ['D9'],
}, async () => {
  const connected = await connect('node-redis 6')
  await createMember(connected).call()
  const [key = ''] = (await server.cli('KEYS', '*')).split('\n')
  await server.cli('DEL', key)
  await server.cli('SET', `${key}:lease`, 'killed', 'PX', '2500')
  const before = kit.server.requests.length
  const fleet = Array.from({ length: 50 }, () => createMember(connected))
  expect(await Promise.all(fleet.map(({ call }) => call()))).toEqual(Array(50).fill(200))
  expect(kit.server.requests.length - before).toBeLessThanOrEqual(2)
})
