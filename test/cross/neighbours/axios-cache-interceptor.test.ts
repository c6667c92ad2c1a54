import { addAuthorization } from '@countersign/axios-interceptor'
import { isCountersignError, type TokenSource } from '@countersign/core'
import axios from 'axios'
import { buildMemoryStorage, defaultKeyGenerator, setupCache } from 'axios-cache-interceptor'
import { expect, test } from 'vitest'
import { startKitWorld, story, until } from '../../support/world.ts'

/** A cache installed before Countersign, and a real API. */
async function caching() {
  const all = await startKitWorld()
  const asked: unknown[] = []
  const tokens: TokenSource = {
    ...all.tokens,
    getAccessToken: (options) => {
      asked.push(options)
      return all.tokens.getAccessToken(options)
    },
  }
  const http = setupCache(axios.create({ baseURL: all.api.origin }))
  addAuthorization(http, tokens)
  return { ...all, http, asked }
}

test('a cached answer asks for no token, not even when the token has expired', async () => {
  const { http, api, server, tokens, asked } = await caching()
  const first = await http.get('/accounts')
  tokens.invalidate(await tokens.getAccessToken())

  const second = await http.get('/accounts')

  expect([first.cached, second.cached]).toEqual([false, true])
  expect(second.data).toEqual({ ok: true, method: 'GET', url: '/accounts' })
  expect(asked).toHaveLength(1)
  expect(story(api.requests)).toEqual(['t1 200'])

  await http.get('/other')
  expect(asked).toHaveLength(2)
  expect(story(api.requests)).toEqual(['t1 200', 't2 200'])
  expect(server.requests).toHaveLength(2)
})

test('concurrent callers of one URL share one request, also when its 401 is replayed', async () => {
  const { http, api, server } = await caching()
  await http.get('/warm')
  server.revokeAll()

  const answers = await Promise.all(Array.from({ length: 5 }, () => http.get('/accounts')))

  expect(answers.map(({ status }) => status)).toEqual(Array(5).fill(200))
  expect(answers.map(({ cached }) => cached)).toEqual([false, true, true, true, true])
  expect(story(api.requests)).toEqual(['t1 200', 't1 401', 't2 200'])
  expect(server.requests).toHaveLength(2)
})

test('a failed token request hangs nobody, and is not cached', { tags: ['X15'] }, async () => {
  const { http, api, server, clock } = await caching()
  server.next({ status: 400, body: { error: 'unauthorized_client' } })
  const release = server.hold()

  const calls = Promise.allSettled(Array.from({ length: 5 }, () => http.get('/accounts')))
  await until(() => server.requests.length === 1)
  release()
  const reasons = (await calls).map((call) => call.status === 'rejected' && call.reason)

  expect(reasons).toHaveLength(5)
  for (const reason of reasons) {
    expect(axios.isAxiosError(reason)).toBe(true)
    expect(reason).toMatchObject({ code: 'ERR_OAUTH', config: { url: '/accounts' } })
    expect(isCountersignError(reason.cause)).toBe(true)
    expect(Object.keys(reason)).not.toContain('cause')
  }
  expect([server.requests.length, api.requests.length]).toEqual([1, 0])

  await clock.advance(1_000)
  expect((await http.get('/accounts')).data).toEqual({ ok: true, method: 'GET', url: '/accounts' })
  expect(server.requests).toHaveLength(2)
})

test('a caller who gives up while the token is awaited leaves the others their answer', {
  tags: ['D5'],
}, async () => {
  const { http, api, server } = await caching()
  const release = server.hold()
  const giveUp = new AbortController()

  const first = http.get('/accounts', { signal: giveUp.signal })
  const second = http.get('/accounts')
  await until(() => server.requests.length === 1)
  giveUp.abort()
  await expect(first).rejects.toMatchObject({ name: 'CanceledError', code: 'ERR_CANCELED' })
  release()

  expect((await second).status).toBe(200)
  expect(story(api.requests)).toEqual(['t1 200'])
  expect(server.requests).toHaveLength(1)
})

/** Instances of several tenants that share one storage, set up as documented. */
async function tenants() {
  const all = await startKitWorld()
  const storage = buildMemoryStorage()
  const create = (tenant: string, tokens: TokenSource) => {
    const http = setupCache(axios.create({ baseURL: all.api.origin }), {
      storage,
      generateKey: (request, meta) =>
        request.id ??
        JSON.stringify([tenant, request.countersign, defaultKeyGenerator(request, meta)]),
    })
    addAuthorization(http, tokens)
    return http
  }
  return { ...all, a: create('a', all.tokens), b: create('b', all.provider()) }
}

test('with the documented key, a tenant never gets the cached response of another', async () => {
  const { a, b, api } = await tenants()
  const answers = [await a.get('/accounts'), await b.get('/accounts')]
  const again = [await a.get('/accounts'), await b.get('/accounts')]

  expect(answers.map(({ cached }) => cached)).toEqual([false, false])
  expect(again.map(({ cached }) => cached)).toEqual([true, true])
  expect(story(api.requests)).toEqual(['t1 200', 't2 200'])
})

test('with the documented key, concurrent requests of two tenants are two requests', async () => {
  const { a, b, api } = await tenants()
  await Promise.all([a.get('/accounts'), b.get('/accounts'), a.get('/accounts')])
  expect(new Set(api.requests.map(({ authorization }) => authorization)).size).toBe(2)
  expect(api.requests).toHaveLength(2)
})

test('with the documented key, scopes and opt-outs have cached responses of their own', async () => {
  const { a, api } = await tenants()
  const asked = [undefined, { scope: 'read' }, { scope: 'write' }, false] as const
  const get = async (countersign: (typeof asked)[number]) => {
    const options = countersign === undefined ? {} : { countersign, validateStatus: () => true }
    return (await a.get('/accounts', options)).cached
  }
  const first: boolean[] = []
  for (const countersign of asked) first.push(await get(countersign))

  expect(first).toEqual([false, false, false, false])
  expect(story(api.requests)).toEqual(['t1 200', 't2 200', 't3 200', 'no token 401'])
  expect(await Promise.all(asked.slice(0, 3).map(get))).toEqual([true, true, true])
})
