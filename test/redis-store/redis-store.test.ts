import { inspect } from 'node:util'
import { type RedisCommand, redisStore } from '@countersign/redis-store'
import { expect, test } from 'vitest'
import { rejection } from '../support/waiting.ts'

const plaintext = { plaintext: true } as const
const call = { signal: new AbortController().signal }
const token = { value: 'secret-value', tokenType: 'Bearer' as const, issuedAt: 0, expiresAt: 9e15 }

test.each<[string, unknown, unknown]>([
  ['a client of another kind', { get() {} }, plaintext],
  ['no client', undefined, plaintext],
])('names the three kinds of clients for %s', (_, client, options) => {
  expect(() => redisStore(client as RedisCommand, options as never)).toThrow(
    expect.objectContaining({
      ...{ name: 'ConfigurationError', code: 'ERR_UNSUPPORTED_CLIENT' },
      message: expect.stringMatching(/node-redis.*ioredis.*function/),
    }),
  )
})

test.each<[string, unknown]>([
  ['options', undefined],
  ['encryptionKeys', {}],
  ['encryptionKeys', { encryptionKeys: [], plaintext: true }],
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
