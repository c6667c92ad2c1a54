import { createRequire } from 'node:module'
import process from 'node:process'
import { addAuthorization } from '@countersign/axios-interceptor'
import { isCountersignError } from '@countersign/core'
import imported, { type AxiosError, type AxiosRequestConfig, type AxiosStatic } from 'axios'
import { describe, expect, test } from 'vitest'
import { answer, refused } from '../support/recording-api.ts'
import { startWorld, until } from '../support/world.ts'

const release = process.env.HOSTS === 'oldest' ? 'axios-1.12.0' : 'axios'

/** The copy that a CommonJS program loads, which is not that of an ES module. */
const axios: AxiosStatic = createRequire(import.meta.url)(release)

async function attached(config: AxiosRequestConfig = {}) {
  const world = await startWorld()
  const baseURL = world.api.origin
  const instance = axios.create({ baseURL, ...config })
  addAuthorization(instance, world.tokens, { origins: [baseURL], onEvent: world.onEvent })
  return { ...world, instance }
}

async function rejection(call: Promise<unknown>): Promise<AxiosError & { cause?: unknown }> {
  return call.then(
    () => expect.unreachable(),
    (error) => error,
  )
}

test('the copy is another one', () => {
  expect(axios.AxiosError).not.toBe(imported.AxiosError)
  expect(axios.VERSION).toBe(imported.VERSION)
})

describe.each<[string, AxiosRequestConfig]>([
  ['its default adapter', {}],
  ['http', { adapter: 'http' }],
  ['fetch', { adapter: 'fetch' }],
  ['the first of several', { adapter: ['fetch', 'http'] }],
])('on an instance of another copy of axios, by %s', (_, config) => {
  test('a refused token is renewed, and the request sent again as it was', {
    tags: ['promise-3', 'U1'],
  }, async () => {
    const seen: unknown[] = []
    const { instance, api, server, tokens } = await attached({
      ...config,
      transformRequest: [
        (data) => {
          seen.push('request')
          return JSON.stringify(data)
        },
      ],
      transformResponse: [
        (data) => {
          seen.push('response')
          return { said: data }
        },
      ],
    })
    api.next(refused)

    const headers = { 'content-type': 'application/json' }
    const response = await instance.post('/x', { name: 'é' }, { headers })

    expect(response).toMatchObject({ status: 200, data: { said: 'ok' }, config: { url: '/x' } })
    expect(api.seen.map(({ status, body }) => `${status} ${body}`)).toEqual([
      '401 {"name":"é"}',
      '200 {"name":"é"}',
    ])
    expect(server.requests).toHaveLength(2)
    expect(seen).toEqual(['request', 'response'])
    const { value } = await tokens.getAccessToken()
    expect(JSON.stringify(response.config)).not.toContain(value)
  })

  test('a redirected post is not sent again', { tags: ['promise-9', 'U21'] }, async () => {
    const { instance, api, requestEvents } = await attached(config)
    api.next(answer(303, { location: '/receipt' }), refused)

    const error = await rejection(instance.post('/x', {}))

    expect(error.response?.status).toBe(401)
    expect(api.seen.map(({ method, url }) => `${method} ${url}`)).toEqual([
      'POST /x',
      'GET /receipt',
    ])
    expect(requestEvents).toMatchObject([{ type: 'replay-skipped', reason: 'redirected' }])
  })

  test('a 401 that stays is an error of that copy', { tags: ['promise-4', 'U5'] }, async () => {
    const { instance, api } = await attached(config)
    api.next(refused, refused)
    const error = await rejection(instance.get('/x'))
    expect(error).toSatisfy(axios.isAxiosError)
    expect(error).toMatchObject({ code: 'ERR_BAD_REQUEST', status: 401, config: { url: '/x' } })
    expect(api.seen).toHaveLength(2)
  })

  test('a request of its own Authorization goes as it came', { tags: ['promise-7'] }, async () => {
    const { instance, api } = await attached(config)
    await instance.get('/x', { headers: { authorization: 'Basic mine' }, validateStatus: null })
    expect(api.seen).toMatchObject([{ authorization: 'Basic mine' }])
  })
})

describe('rejects with the errors of that copy what ends early', () => {
  test('without a token', { tags: ['promise-14', 'X15'] }, async () => {
    const { instance, server, api } = await attached()
    server.next({ status: 400, body: { error: 'unauthorized_client' } })
    const error = await rejection(instance.get('/x'))
    expect(error).toSatisfy(axios.isAxiosError)
    expect(error).not.toSatisfy(axios.isCancel)
    expect(error).toMatchObject({ code: 'ERR_OAUTH', config: { url: '/x' } })
    expect(isCountersignError(error.cause)).toBe(true)
    expect(api.seen).toEqual([])
  })

  test('after an abort while the token is awaited', { tags: ['promise-10', 'E19'] }, async () => {
    const { instance, server, api } = await attached()
    const release = server.hold()
    const caller = new AbortController()
    const pending = rejection(instance.get('/x', { signal: caller.signal }))
    await until(() => server.requests.length === 1)
    caller.abort()
    const error = await pending
    release()
    expect(error).toBeInstanceOf(axios.CanceledError)
    expect(error).toMatchObject({ code: 'ERR_CANCELED', message: 'canceled' })
    expect(error.config).toMatchObject({ url: '/x' })
    expect(api.seen).toEqual([])
  })

  test('after a timeout while the token is awaited', { tags: ['promise-10', 'E19'] }, async () => {
    const { instance, server, api } = await attached()
    const release = server.hold()
    const error = await rejection(instance.get('/x', { timeout: 20 }))
    release()
    expect(error).toSatisfy(axios.isAxiosError)
    expect(error).toMatchObject({ code: 'ECONNABORTED', message: 'timeout of 20ms exceeded' })
    expect(api.seen).toEqual([])
  })
})

test('an adapter of the caller’s own is called as it is', async () => {
  const { instance, api } = await attached()
  const sent: unknown[] = []
  const { data } = await instance.get('/x', {
    adapter: async (config) => {
      sent.push(String(config.headers.get('authorization')).slice(0, 7))
      return { data: 'mine', status: 200, statusText: '', headers: {}, config }
    },
  })
  expect([data, sent, api.seen]).toEqual(['mine', ['Bearer '], []])
})

test('nothing that the instance is set to is done a second time below it', async () => {
  const { instance, api } = await attached({ params: { a: '1' }, headers: { 'x-custom': 'once' } })
  let interceptors = 0
  instance.interceptors.request.use((config) => {
    interceptors += 1
    return config
  })
  await instance.get('/x', { params: { b: '2' } })
  expect(api.seen).toMatchObject([{ url: '/x?a=1&b=2' }])
  expect(api.seen[0]?.headers['x-custom']).toBe('once')
  expect(interceptors).toBe(1)
})
