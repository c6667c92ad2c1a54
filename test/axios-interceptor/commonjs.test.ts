import { createRequire } from 'node:module'
import process from 'node:process'
import { addAuthorization } from '@countersign/axios-interceptor'
import { isCountersignError } from '@countersign/core'
import imported, { type AxiosRequestConfig, type AxiosStatic } from 'axios'
import { describe, expect, test, vi } from 'vitest'
import { answer, refused } from '../support/recording-api.ts'
import { rejection } from '../support/waiting.ts'
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
    const transformRequest = vi.fn((data) => JSON.stringify(data))
    const transformResponse = vi.fn((data) => ({ said: data }))
    const transforms = { transformRequest, transformResponse }
    const { instance, api, server, tokens } = await attached({ ...config, ...transforms })
    api.next(refused)

    const headers = { 'content-type': 'application/json' }
    const response = await instance.post('/x', { name: 'é' }, { headers })

    expect(response).toMatchObject({ status: 200, data: { said: 'ok' }, config: { url: '/x' } })
    expect(api.seen.map(({ status, body }) => `${status} ${body}`)).toEqual([
      '401 {"name":"é"}',
      '200 {"name":"é"}',
    ])
    expect(server.requests).toHaveLength(2)
    expect(transformRequest).toHaveBeenCalledOnce()
    expect(transformResponse).toHaveBeenCalledOnce()
    const { value } = await tokens.getAccessToken()
    expect(JSON.stringify(response.config)).not.toContain(value)
  })

  test('a redirected post is not sent again', { tags: ['promise-9', 'U21'] }, async () => {
    const { instance, api, requestEvents } = await attached(config)
    api.next(answer(303, { location: '/receipt' }), refused)

    expect(await rejection(instance.post('/x', {}))).toMatchObject({ status: 401 })
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
})

describe('rejects with the errors of that copy what ends early', () => {
  test('without a token', { tags: ['promise-14', 'X15'] }, async () => {
    const { instance, server, api } = await attached()
    server.next({ status: 400, body: { error: 'unauthorized_client' } })
    const error = await rejection(instance.get('/x'))
    expect(error).toSatisfy(axios.isAxiosError)
    expect(error).not.toSatisfy(axios.isCancel)
    expect(error).toMatchObject({ code: 'ERR_OAUTH', config: { url: '/x' } })
    expect((error as Error).cause).toSatisfy(isCountersignError)
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
    expect(error).toMatchObject({
      code: 'ERR_CANCELED',
      message: 'canceled',
      config: { url: '/x' },
    })
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
