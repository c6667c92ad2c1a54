import { addAuthorization } from '@countersign/axios-interceptor'
import type { TokenSource } from '@countersign/core'
import { staticTokenProvider } from '@countersign/testing'
import axios, { type AxiosInstance } from 'axios'
import MockAdapter from 'axios-mock-adapter'
import { describe, expect, test } from 'vitest'
import { shows } from '../../support/leak-search.ts'
import { rejection } from '../../support/waiting.ts'
import { startKitWorld, story } from '../../support/world.ts'

const origin = 'https://api.example.com'
const absolute = `${origin}/v1/accounts`
const urls = ['/accounts', 'accounts', absolute, '/v1/accounts', '/', '?page=2']

/** The library declares the instance with axios' types for CommonJS. */
function mockOf(http: AxiosInstance): MockAdapter {
  return new MockAdapter(http as never)
}

/** Which of the URLs a mock with this handler answers. */
async function answered(handler: string | RegExp, [http, mock]: [AxiosInstance, MockAdapter]) {
  mock.onGet(handler).reply(200)
  const answers = await Promise.all(urls.map((url) => http.get(url, { validateStatus: null })))
  return urls.filter((_, at) => answers[at]?.status === 200)
}

describe.each(['before', 'after'])('axios-mock-adapter, installed %s Countersign', (order) => {
  function withUs(
    http: AxiosInstance,
    tokens: TokenSource = staticTokenProvider(),
  ): [AxiosInstance, MockAdapter] {
    const early = order === 'before' ? mockOf(http) : undefined
    addAuthorization(http, tokens)
    return [http, early ?? mockOf(http)]
  }

  /** An instance with both. The token endpoint and the API behind the mock are real. */
  async function mocked() {
    const all = await startKitWorld()
    const instance = axios.create({ baseURL: `${all.api.origin}/v1/` })
    const [http, mock] = withUs(instance, all.tokens)
    return { ...all, http, mock }
  }

  test('a mocked 401 is renewed and replayed', { tags: ['U1'] }, async () => {
    const { http, mock, server } = await mocked()
    mock.onGet('/accounts').replyOnce(401).onGet('/accounts').reply(200, ['savings'])

    const { status, data } = await http.get('/accounts')

    expect([status, data]).toEqual([200, ['savings']])
    expect(server.requests).toHaveLength(2)
    expect(mock.history.get).toHaveLength(2)
  })

  test('a mocked 401 that stays is handed back after one replay', { tags: ['U5'] }, async () => {
    const { http, mock, server } = await mocked()
    mock.onPost('/accounts').reply(401, { error: 'no' })

    const call = http.post('/accounts', { name: 'savings' })

    await expect(call).rejects.toMatchObject({ status: 401, response: { data: { error: 'no' } } })
    expect(server.requests).toHaveLength(2)
    expect(mock.history.post.map(({ data }) => data)).toEqual(Array(2).fill('{"name":"savings"}'))
  })

  test('a mocked challenge of another scheme renews nothing, however it is spelt', {
    tags: ['U7'],
  }, async () => {
    const { http, mock, server } = await mocked()
    mock.onGet().reply(401, '', { 'WWW-Authenticate': 'Basic realm="x"' })

    await expect(http.get('/accounts')).rejects.toMatchObject({ status: 401 })

    expect(server.requests).toHaveLength(1)
    expect(mock.history.get).toHaveLength(1)
  })

  test('a reply callback sees the Authorization of each send', async () => {
    const { http, mock, server } = await mocked()
    const seen: string[] = []
    mock.onGet('/accounts').reply(({ headers }) => {
      seen.push(String(headers?.Authorization))
      return [seen.length === 1 ? 401 : 200]
    })

    expect((await http.get('/accounts')).status).toBe(200)

    expect(seen).toHaveLength(2)
    expect(seen.map((value) => /^Bearer (.+)$/.exec(value)?.[1] ?? '')).not.toContain('')
    expect(seen.map((value) => server.isLive(value.slice('Bearer '.length)))).toEqual([true, true])
    expect(seen[0]).not.toBe(seen[1])
  })

  test('a handler that asks for headers is asked with ours', async () => {
    const { http, mock, tokens } = await mocked()
    const { authorization } = await tokens.getAccessToken()
    const headers = { Accept: 'application/json, text/plain, */*', Authorization: authorization }
    mock.onGet('/accounts', { headers }).reply(200, 'known')

    expect((await http.get('/accounts')).data).toBe('known')
  })

  test.each(['', '/v1', '/v1/', '/v1//'])(
    'below the base path %j a handler matches with us what it matches without us',
    async (path) => {
      const instance = () => axios.create({ baseURL: `${origin}${path}` })
      const handlers = [...urls, /^\/accounts$/, /^accounts$/, /^http.*\/v1\/accounts$/, /^\/$/]
      for (const handler of handlers) {
        const bare = instance()
        const without = await answered(handler, [bare, mockOf(bare)])
        expect([handler, await answered(handler, withUs(instance()))]).toEqual([handler, without])
      }
    },
  )

  test("the history has the caller's own URL and no token", async () => {
    const { http, mock, tokens, api } = await mocked()
    mock.onGet('/accounts').replyOnce(401).onGet('/accounts').reply(200)
    const first = await tokens.getAccessToken()

    await http.get('/accounts', { params: { page: 2 } })
    await http.get('/nowhere').catch(() => {})

    const second = await tokens.getAccessToken()
    expect(second.value).not.toBe(first.value)
    expect(mock.history.get.map(({ url }) => url)).toEqual(['/accounts', '/accounts', '/nowhere'])
    expect(mock.history.get.map(({ baseURL }) => baseURL)).toEqual(
      Array(3).fill(`${api.origin}/v1/`),
    )
    for (const { value } of [first, second]) expect(shows(mock.history, value)).toBe(false)
  })

  test.each<[name: string, install: (mock: MockAdapter) => unknown, expected: object]>([
    ['an error status', (mock) => mock.onGet().reply(500), { status: 500 }],
    ['a network error', (mock) => mock.onGet().networkError(), { message: 'Network Error' }],
    ['a timeout', (mock) => mock.onGet().timeout(), { code: 'ECONNABORTED' }],
    ['an abort', (mock) => mock.onGet().abortRequest(), { code: 'ECONNABORTED' }],
  ])("%s shows the caller's own URL and no token", async (_, install, expected) => {
    const { http, mock, tokens } = await mocked()
    const { value } = await tokens.getAccessToken()
    install(mock)

    const error = await rejection(http.get('/accounts'))

    expect(error).toMatchObject({ ...expected, isAxiosError: true, config: { url: '/accounts' } })
    expect(shows(error, value)).toBe(false)
  })

  test('a handler that passes through reaches the real API, with a token and one replay', async () => {
    const { http, mock, server, api } = await mocked()
    mock.onGet().passThrough()
    await http.get('/accounts')
    server.revokeAll()

    const { data } = await http.get('/accounts')

    expect(data).toEqual({ ok: true, method: 'GET', url: '/v1/accounts' })
    expect(story(api.requests)).toEqual(['t1 200', 't1 401', 't2 200'])
  })
})
