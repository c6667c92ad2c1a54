import { addAuthorization } from '@countersign/axios-interceptor'
import type { RequestEvent } from '@countersign/core'
import { staticTokenProvider } from '@countersign/testing'
import axios, { type AxiosAdapter, AxiosHeaders, type AxiosRequestConfig } from 'axios'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { refused } from '../support/recording-api.ts'
import { startWorld } from '../support/world.ts'
import { attached, baseURL, type Reply, scripted } from './scripted-axios.ts'

afterEach(() => {
  vi.unstubAllGlobals()
})

describe('attaching', () => {
  test('with a token at hand a request is sent within the call', async () => {
    const { adapter, sent } = scripted()
    const instance = axios.create({ baseURL, adapter })
    addAuthorization(instance, staticTokenProvider())
    const pending = instance.get('/x')
    expect(sent).toHaveLength(1)
    await pending
  })

  test('gives an instance without an adapter of its own that of axios', async () => {
    const { api, tokens } = await startWorld()
    const instance = axios.create({ baseURL: api.origin })
    delete instance.defaults.adapter
    addAuthorization(instance, tokens)
    expect((await instance.get('/x')).status).toBe(200)
  })
})

describe('a refusal as adapters of one’s own tell it', () => {
  const bearer = 'Bearer error="invalid_token"'

  test.each<[string, Reply['headers']]>([
    ['plain', { 'WWW-Authenticate': bearer }],
    ['several in a list', { 'www-authenticate': ['Basic realm="a"', bearer] as never }],
    ['an AxiosHeaders', new AxiosHeaders({ 'www-authenticate': bearer })],
    ['none', undefined as never],
  ])('with headers that are %s is renewed', { tags: ['U8'] }, async (_, headers) => {
    const { instance, stamps } = attached([{ status: 401, headers }])
    expect((await instance.get('/x')).status).toBe(200)
    expect(stamps()).toEqual(['Bearer t1', 'Bearer t2'])
  })

  test('reports a 403 for insufficient scope, as a response and as a rejection', {
    tags: ['U9'],
  }, async () => {
    const events: RequestEvent[] = []
    const headers = { 'www-authenticate': 'Bearer error="insufficient_scope", scope="a"' }
    const reply = { status: 403, headers }
    const options = { onEvent: (event: RequestEvent) => void events.push(event) }
    const { instance } = attached([reply], options)
    expect((await instance.delete('/x')).status).toBe(403)
    const rejecting: AxiosAdapter = (config) =>
      Promise.reject(Object.assign(new Error('403'), { config, response: { ...reply, config } }))
    await expect(instance.delete('/x', { adapter: rejecting })).rejects.toThrow('403')
    const told = { type: 'insufficient-scope', origin: baseURL, method: 'DELETE', scope: 'a' }
    expect(events).toEqual([told, told])
  })

  test.each<[string, (config: object) => unknown]>([
    ['undefined', () => undefined],
    ['null', () => null],
    ['a text', () => 'a text'],
    ['an object', () => ({ response: { status: 500 } })],
    ['an error', () => Object.assign(new Error('mine'), { response: null })],
    ['a frozen error', (config) => Object.freeze(Object.assign(new Error('mine'), { config }))],
  ])('rejects with %s as the adapter did', { tags: ['promise-14'] }, async (_, create) => {
    const { instance } = attached()
    let thrown: unknown
    const adapter: AxiosAdapter = (config) => {
      thrown = create(config)
      return Promise.reject(thrown)
    }
    const caught = await instance.get('/x', { adapter }).catch((error: unknown) => error)
    expect(caught).toBe(thrown)
  })
})

describe("axios' own fetch adapter", () => {
  test('refuses where the runtime keeps Authorization on redirects, the http adapter does not', {
    tags: ['X20'],
  }, async () => {
    const { api, tokens } = await startWorld()
    const instance = axios.create({ baseURL: api.origin })
    addAuthorization(instance, tokens)
    await tokens.getAccessToken()
    vi.stubGlobal('Cloudflare', {
      compatibilityFlags: { strip_authorization_on_cross_origin_redirect: false },
    })
    const get = (config: AxiosRequestConfig) => instance.get('/x', config)
    await expect(get({ adapter: 'fetch' })).rejects.toThrow(/strip_authorization_on_cross_origin/)
    expect(api.seen).toEqual([])
    expect((await get({ adapter: 'fetch', fetchOptions: { redirect: 'manual' } })).status).toBe(200)
    expect((await get({ adapter: 'http' })).status).toBe(200)
  })

  test('calls the fetch of the caller with the options of the caller and of axios, twice', {
    tags: ['promise-12'],
  }, async () => {
    const { api, evil, tokens } = await startWorld()
    const given: RequestInit[] = []
    const fetch: typeof globalThis.fetch = (input, init) => {
      given.push(init ?? {})
      return globalThis.fetch(input, init)
    }
    const env = { ...axios.defaults.env, fetch } as never
    const settings = { baseURL: api.origin, adapter: 'fetch', env } as const
    const fetchOptions = { cache: 'no-store' } as const
    await axios.create(settings).get(`${evil.origin}/x`, { fetchOptions })
    const instance = axios.create(settings)
    addAuthorization(instance, tokens)
    api.next(refused)

    const { config, status } = await instance.get('/x', { fetchOptions })

    expect(status).toBe(200)
    expect(given).toHaveLength(3)
    const [plain] = given
    for (const init of given) {
      expect(Object.keys(init)).toEqual(Object.keys(plain ?? {}))
      expect(Object.getPrototypeOf(init)).toBe(Object.getPrototypeOf(plain))
    }
    expect(config.env).toMatchObject({ fetch })
    expect(config.fetchOptions).toEqual(fetchOptions)
  })

  test('the config of another request stays with the response that came of it', async () => {
    const foreign = { url: '/first', headers: new AxiosHeaders() }
    const adapter: AxiosAdapter = async () =>
      ({ data: '', status: 200, statusText: 'OK', headers: {}, config: foreign }) as never
    const instance = axios.create({ baseURL: 'https://api.test', adapter })
    addAuthorization(instance, staticTokenProvider())
    expect((await instance.get('/second')).config).toBe(foreign)
  })

  test.each(['axios-1.12.0', 'axios-1.17.0', 'axios'])(
    '%s over fetch: no cause of an error has the token',
    async (name) => {
      const { default: version } = await import(name)
      const { api } = await startWorld()
      const instance = version.create({
        baseURL: api.origin,
        adapter: 'fetch',
        validateStatus: () => false,
      })
      addAuthorization(instance, staticTokenProvider('canary-token'))
      const error = await instance.get('/x').catch((thrown: unknown) => thrown)
      expect(error.config.url).toBe('/x')
      for (let at = error.cause; at; at = at.cause) {
        expect(JSON.stringify([at.config, at.response?.config])).not.toContain('canary-token')
      }
    },
  )
})
