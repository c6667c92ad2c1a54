import { randomBytes } from 'node:crypto'
import { inspect } from 'node:util'
import { redisStore } from '@countersign/redis-store'
import { tokenStoreSuite } from '@countersign/testing'
import { describe, expect, test } from 'vitest'
import { rejection } from '../support/waiting.ts'
import { createMemoryRedis } from './memory-redis.ts'

const plaintext = { plaintext: true } as const
const encryptionKey = randomBytes(32)
const call = { signal: new AbortController().signal }
const token = { value: 'secret-value', tokenType: 'Bearer' as const, issuedAt: 0, expiresAt: 9e15 }

test.each([
  ['a client of another kind', { get() {} }],
  ['no client', undefined],
])('names the three kinds of clients for %s', (_, client) => {
  expect(() => redisStore(client as never, plaintext)).toThrow(
    expect.objectContaining({
      ...{ name: 'ConfigurationError', code: 'ERR_UNSUPPORTED_CLIENT' },
      message: expect.stringMatching(/node-redis.*ioredis.*function/),
    }),
  )
})

test.each<[string, unknown]>([
  ['options', undefined],
  ['encryptionKeys', {}],
  ['encryptionKeys', { encryptionKeys: [encryptionKey], plaintext: true }],
  ['encryptionKeys[0]', { encryptionKeys: ['short'] }],
  ['encryptionkeys', { encryptionkeys: [] }],
  ['prefix', { ...plaintext, prefix: 1 }],
  ['clock', { ...plaintext, clock: {} }],
])('names the option %s of %j', (option, options) => {
  expect(() => redisStore(async () => null, options as never)).toThrow(
    expect.objectContaining({ name: 'ConfigurationError', option }),
  )
})

test('fails with the code of Redis, and never with the words of a client', async () => {
  for (const [thrown, code] of [
    [new Error('READONLY You can not write against secret-value'), 'READONLY'],
    [Object.assign(new Error('of secret-value'), { args: [token.value] }), 'Error'],
    [new TypeError('of secret-value'), 'TypeError'],
    [new Error('NOAUTH'), 'NOAUTH'],
    [new Error('not SECRET secret-value'), 'Error'],
    [Object.assign(new Error('of'), { name: 'of secret-value' }), 'Error'],
    [new (class ClientClosedError extends Error {})('of secret-value'), 'ClientClosedError'],
    [Object.assign(new Error('of secret-value'), { code: 'ECONNREFUSED' }), 'ECONNREFUSED'],
    ['secret-value', 'Error'],
  ]) {
    const store = redisStore(() => Promise.reject(thrown), plaintext)
    const error = await rejection(store.set('key', token, call))
    expect(error).toMatchObject({ name: 'RedisStoreError', code })
    expect(inspect(error, { showHidden: true, depth: 9 })).not.toContain('secret-value')
  }
})

describe.concurrent.each(['ioredis', 'nodeRedis', 'command'] as const)('with %s', (kind) => {
  const make = async (hasScripts: boolean) => {
    const { clients } = createMemoryRedis({ hasScripts })
    return [redisStore(clients[kind], plaintext), redisStore(clients[kind], plaintext)] as const
  }
  for (const { name, run } of tokenStoreSuite(() => make(true))) test(name, run)
  for (const { name, run } of tokenStoreSuite(() => make(false)))
    test(`without scripts, ${name}`, run)

  test('keeps a record and its lease under keys of one node of a cluster', async () => {
    const { clients, records } = createMemoryRedis()
    const store = redisStore(clients[kind], { ...plaintext, prefix: 'app:' })
    await store.set('key', token, call)
    await store.acquireLease?.('key', { duration: 1_000, ...call })
    expect([...records.keys()]).toEqual(['app:1:{key}', 'app:1:{key}:lease'])
  })
})

test('calls node-redis with the signal, and not while it reconnects', async () => {
  const { nodeRedis } = createMemoryRedis().clients
  const signals: AbortSignal[] = []
  const withAbortSignal = (signal: AbortSignal) => signals.push(signal) && nodeRedis
  const client = { ...nodeRedis, withAbortSignal, isOpen: true, isReady: false }
  const store = redisStore(client, plaintext)
  expect(await store.get('key', call)).toBeUndefined()
  client.isReady = true
  expect(await store.get('key', call)).toBeUndefined()
  client.isReady = false
  await expect(store.get('key', call)).rejects.toMatchObject({ code: 'ERR_STORE_OFFLINE' })
  expect(signals).toEqual([call.signal, call.signal])
})

test.each(['', '{', 'null', '{"value":1,"expiresAt":1}', '{"value":"a"}', 'x'.repeat(70_000)])(
  'rejects a record that is not its own: %.20s',
  async (text) => {
    const { clients, records } = createMemoryRedis()
    records.set('countersign:1:{key}', { value: text, until: 9e15 })
    const store = redisStore(clients.command, plaintext)
    await expect(store.get('key', call)).rejects.toMatchObject({ code: 'ERR_STORE_RECORD' })
  },
)

test('sends nothing through a client that is reconnecting', async () => {
  const sent: string[] = []
  const send = async (name: string) => {
    sent.push(name)
    return null
  }
  const client = { status: 'ready', call: send }
  const store = redisStore(client, plaintext)
  await store.get('key', call)
  client.status = 'reconnecting'
  await expect(store.get('key', call)).rejects.toMatchObject({ code: 'ERR_STORE_OFFLINE' })
  expect(sent).toEqual(['get'])
})

test('never uses a token longer than Redis keeps its record', async () => {
  const text = JSON.stringify({ ...token, expiresAt: 1_000_000 })
  const replies: Record<string, unknown> = { get: Buffer.from(text), pttl: '5000' }
  const clock = { now: () => 100_000 }
  const store = redisStore(async ([name]) => replies[name], { ...plaintext, clock })
  // The writer's clock is ahead, so the whole record is moved.
  expect(await store.get('key', call)).toMatchObject({ issuedAt: -895_000, expiresAt: 105_000 })
  replies.pttl = -2
  expect(await store.get('key', call)).toBeUndefined()
})
