import { Agent } from 'node:http'
import { createRequire } from 'node:module'
import { addAuthorization } from '@countersign/axios-interceptor'
import { staticTokenProvider } from '@countersign/testing'
import axios, { type AxiosAdapter, type AxiosInstance, type CreateAxiosDefaults } from 'axios'
import { describe, expect, test } from 'vitest'
import { everyNameIsHere } from '../support/every-name-here.ts'
import { answer, refused } from '../support/recording-api.ts'
import { startWorld, type World } from '../support/world.ts'

const requireOfAxios = createRequire(import.meta.resolve('axios'))
const followRedirects = requireOfAxios('follow-redirects')

type Attach = (api: AxiosInstance, world: World) => void

const once: Attach = (api, { tokens, onEvent }) => void addAuthorization(api, tokens, { onEvent })

/** The second provider wraps the first, and sends what is not its own untouched. */
const twice: Attach = (api, world) => {
  once(api, world)
  addAuthorization(api, staticTokenProvider(), { origins: ['https://other.example'] })
}

/** Every way in which an instance comes to a fetch or follows redirects. */
const ways: [string, CreateAxiosDefaults, Attach][] = [
  ['the http adapter', { adapter: 'http' }, once],
  ['a transport that follows redirects', { transport: followRedirects.http }, once],
  ['the fetch adapter', { adapter: 'fetch' }, once],
  ['the fetch adapter, with two providers', { adapter: 'fetch' }, twice],
  ['the http adapter, with two providers', { adapter: 'http' }, twice],
  ['a resolved fetch adapter', { adapter: axios.getAdapter('fetch') }, once],
  ['a function that leads to fetch', { adapter: (c) => axios.getAdapter('fetch', c)(c) }, once],
]

async function instanceOf([, options, attach]: (typeof ways)[number]) {
  const world = await startWorld()
  const instance = axios.create({ baseURL: world.api.origin, ...options })
  attach(instance, world)
  return { ...world, instance }
}

describe.each(ways)('through %s', (...way) => {
  test('a POST that was redirected is not sent again', { tags: ['U21'] }, async () => {
    const { instance, api, requestEvents } = await instanceOf(way)
    api.next(answer(303, { location: '/orders/1' }), refused)
    await expect(instance.post('/orders', { a: 1 })).rejects.toMatchObject({ status: 401 })
    expect(api.seen.map(({ method }) => method)).toEqual(['POST', 'GET'])
    expect(requestEvents).toMatchObject([{ type: 'replay-skipped', reason: 'redirected' }])
  })

  test('a 401 of a stranger whom a redirect led to renews nothing', { tags: ['U10'] }, async () => {
    const { instance, api, evil, server, refusals } = await instanceOf(way)
    api.next(answer(302, { location: `${evil.origin}/x` }))
    evil.next(refused)
    await expect(instance.get('/x')).rejects.toMatchObject({ status: 401 })
    expect(evil.seen).toMatchObject([{ authorization: undefined }])
    expect(refusals()).toEqual([])
    expect(server.requests).toHaveLength(1)
  })

  test.each(['post', 'put', 'patch', 'delete'])(
    'a %s with parameters is sent again after a 401',
    { tags: ['U1', 'U11'] },
    async (method) => {
      const { instance, api, requestEvents } = await instanceOf(way)
      api.next(refused)
      await instance.request({ method, url: '/x', data: { a: 1 }, params: { tenant: 'a b' } })
      const sent = { method: method.toUpperCase(), url: '/x?tenant=a+b', body: api.seen[0]?.body }
      expect(api.seen).toMatchObject([sent, sent])
      expect(requestEvents).toMatchObject([{ type: 'request-replayed' }])
    },
  )
})

test("calls the user's own beforeRedirect after the guard, with all its arguments", {
  tags: ['promise-9', 'X10'],
}, async () => {
  everyNameIsHere()
  const { tokens, api } = await startWorld()
  const baseURL = `http://api.test:${api.port}`
  const instance = axios.create({ baseURL, adapter: 'http' })
  addAuthorization(instance, tokens, { origins: [baseURL] })
  const calls: unknown[] = []
  const location = `http://sub.api.test:${api.port}/there`
  api.next(answer(302, { location: '/here' }), answer(307, { location }), answer(200))

  await instance.get('/x', {
    beforeRedirect: (options, { statusCode, headers }) => {
      const has = Object.keys(options.headers).some((name) => /^authorization$/i.test(name))
      calls.push([options.href, statusCode, headers.location, has])
      options.headers['x-mine'] = 'kept'
    },
  })

  expect(calls).toEqual([
    [`${baseURL}/here`, 302, '/here', true],
    [location, 307, location, false],
  ])
  expect(api.seen[2]).toMatchObject({ headers: { 'x-mine': 'kept' }, authorization: undefined })
})

describe('an adapter that reports the final URL like the xhr adapter, which Node.js does not have', () => {
  const seen: string[] = []
  const xhr =
    (finalUrl: (url: string) => string): AxiosAdapter =>
    async (config) => {
      const url = axios.getUri(config)
      seen.push(url)
      const isRefused = seen.length === 1
      const response = {
        ...{ config, data: '', statusText: '', headers: { 'www-authenticate': 'Bearer' } },
        ...{ status: isRefused ? 401 : 200, request: { responseURL: finalUrl(url) } },
      }
      if (isRefused) throw new axios.AxiosError('401', 'ERR_BAD_REQUEST', config, {}, response)
      return response
    }

  test.each<[string, (url: string) => string, object | undefined, number]>([
    ['its own, with parameters', (url) => url, { a: 1 }, 2],
    ['its own', (url) => url, undefined, 2],
    ['another path', (url) => url.replace('/x', '/y'), { a: 1 }, 1],
    ['other parameters, where there were none', (url) => `${url}?b=2`, undefined, 1],
    ['no URL', () => '', { a: 1 }, 2],
  ])('of %s', { tags: ['U1', 'U21'] }, async (_, finalUrl, params, times) => {
    seen.length = 0
    const { instance } = await instanceOf(['', { adapter: xhr(finalUrl) }, once])
    await instance.post('/x', 'a', { params }).catch(() => {})
    expect(seen).toHaveLength(times)
  })
})

test('shows neither the token nor another config in what an adapter of the caller keeps', async () => {
  const kept: object[] = []
  const adapter: AxiosAdapter = async (config) => {
    kept.push(config)
    return { config, data: '', status: 200, statusText: '', headers: {} }
  }
  const { instance } = await instanceOf(['', { adapter }, once])
  await instance.get('/x')
  await instance.get('/x', { env: { FormData }, fetchOptions: { cache: 'no-store' } })
  const [plain, own] = kept
  expect(Reflect.get(plain ?? {}, 'fetchOptions')).toBeUndefined()
  expect(own).toMatchObject({ fetchOptions: { cache: 'no-store' } })
  expect(Object.keys(Reflect.get(own ?? {}, 'fetchOptions'))).toEqual(['cache'])
  expect(Reflect.get(own ?? {}, 'env')).not.toHaveProperty('fetch')
})

test('an adapter that joins whatever it finds leads an absolute URL to no other origin', {
  tags: ['X1'],
}, async () => {
  const joined: string[] = []
  const adapter: AxiosAdapter = async (config) => {
    joined.push(`${config.baseURL ?? ''}${config.url}`)
    return { config, data: '', status: 200, statusText: '', headers: {} }
  }
  const { instance, evil, api } = await instanceOf(['', { adapter }, once])
  const url = `${api.origin}/x`
  await instance.get(url, { baseURL: `${evil.origin}/` })
  expect(joined).toEqual([url])
})

test.each([10, 3_000_000])(
  'a 401 of %i bytes, as a stream of limited length, frees the only connection',
  { tags: ['U15'] },
  async (length) => {
    const httpAgent = new Agent({ keepAlive: true, maxSockets: 1 })
    const { instance, api } = await instanceOf([
      '',
      { httpAgent, responseType: 'stream', maxContentLength: 10_000_000 },
      once,
    ])
    api.next(answer(401, { 'www-authenticate': 'Bearer' }, 'a'.repeat(length)))
    const { status, data } = await instance.get('/x')
    expect(status).toBe(200)
    data.destroy()
    httpAgent.destroy()
    expect(api.mostSockets).toBeLessThanOrEqual(2)
  },
)
