import { addAuthorization } from '@countersign/axios-interceptor'
import type { RequestEvent } from '@countersign/core'
import { staticTokenProvider } from '@countersign/testing'
import axios, { type AxiosAdapter, AxiosHeaders, type AxiosRequestConfig } from 'axios'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { answer, refused } from '../support/recording-api.ts'
import { startWorld } from '../support/world.ts'
import { attached, baseURL, type Reply, scripted } from './scripted-axios.ts'

afterEach(() => {
  vi.unstubAllGlobals()
})

describe('attaching', () => {
  test('states in the error what was expected', () => {
    for (const wrong of [
      undefined,
      null,
      {},
      { defaults: {} },
      { interceptors: axios.interceptors },
    ]) {
      expect(() => addAuthorization(wrong as never, staticTokenProvider())).toThrow(
        expect.objectContaining({
          ...{ code: 'ERR_INVALID_OPTION', option: 'instance' },
          message:
            "Argument 'instance' must be an axios instance, such as the one that axios.create({ baseURL }) returns.",
        }),
      )
    }
  })

  test('the same origins in another order are the same attachment', { tags: ['X16'] }, () => {
    const api = axios.create()
    const tokens = staticTokenProvider()
    const origins = ['https://b.test', 'https://a.test']
    const eject = addAuthorization(api, tokens, { origins })
    expect(origins).toEqual(['https://b.test', 'https://a.test'])
    const again = { origins: origins.toReversed(), onForeignOrigin: 'pass' } as const
    expect(addAuthorization(api, tokens, again)).toBe(eject)
  })

  test('states in the error for other options what to do', { tags: ['X16'] }, () => {
    const api = axios.create({ baseURL })
    const tokens = staticTokenProvider()
    addAuthorization(api, tokens)
    expect(() => addAuthorization(api, tokens, { origins: [baseURL, 'https://b.test'] })).toThrow(
      expect.objectContaining({
        ...{ code: 'ERR_INVALID_OPTION', option: 'origins' },
        message:
          'This provider is already attached to this instance with other options. Eject it first, or pass all origins at once.',
      }),
    )
  })

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

  test('of another scheme only is not', { tags: ['U7'] }, async () => {
    const headers = { 'www-authenticate': ['Basic realm="a"', 'Negotiate'] as never }
    const { instance, stamps } = attached([{ status: 401, headers }])
    expect((await instance.get('/x')).status).toBe(401)
    expect(stamps()).toEqual(['Bearer t1'])
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

  test.each([
    [undefined],
    [null],
    ['a text'],
    [new Error('plain')],
    [{ response: { status: 500 } }],
  ])('anything else that it rejects with (%s) comes through as it is', async (thrown) => {
    const { instance } = attached()
    const call = instance.get('/x', { adapter: () => Promise.reject(thrown) })
    await expect(call).rejects.toBe(thrown)
  })

  test('shows the caller’s config, in the error and in its response', async () => {
    const { instance } = attached()
    const config: { of?: unknown; response?: unknown } = {}
    const rejecting: AxiosAdapter = (given) =>
      Promise.reject(
        Object.assign(new Error('500'), {
          config: given,
          response: { status: 500, config: given },
        }),
      )
    const error = await instance.get('/x', { adapter: rejecting }).catch((thrown) => thrown)
    config.of = error.config.headers.get('authorization')
    expect([config.of, error.config.url, error.response.config]).toEqual([
      undefined,
      '/x',
      error.config,
    ])
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

  test('with two providers attached a redirected POST is not sent again either', {
    tags: ['promise-6', 'U21'],
  }, async () => {
    const { api, tokens } = await startWorld()
    const instance = axios.create({ baseURL: api.origin, adapter: 'fetch' })
    addAuthorization(instance, tokens)
    addAuthorization(instance, staticTokenProvider(), { origins: ['https://b.test'] })
    api.next(answer(303, { location: '/receipt' }), refused)

    await expect(instance.post('/orders', {})).rejects.toMatchObject({ status: 401 })
    expect(api.seen.map(({ method, url }) => `${method} ${url}`)).toEqual([
      'POST /orders',
      'GET /receipt',
    ])
  })

  test('has the fetch and the options of the caller, who never sees ours', {
    tags: ['promise-12'],
  }, async () => {
    const { api, tokens } = await startWorld()
    const instance = axios.create({ baseURL: api.origin, adapter: 'fetch' })
    addAuthorization(instance, tokens)
    api.next(refused)
    const given: object[] = []
    const fetch: typeof globalThis.fetch = (input, init) => {
      given.push({ ...init })
      return globalThis.fetch(input, init)
    }
    const env = { ...axios.defaults.env, fetch } as never
    const { config, status } = await instance.get('/x', {
      env,
      fetchOptions: { cache: 'no-store' },
    })
    expect(status).toBe(200)
    expect(given).toHaveLength(2)
    for (const init of given) expect(Object.keys(init)).not.toContain('countersignFetch')
    expect(config.env).toMatchObject({ fetch })
    expect(config.fetchOptions).toEqual({ cache: 'no-store' })
  })

  test('hands the fetch of the caller an init with the prototype that axios gave it', async () => {
    const { api, evil, tokens } = await startWorld()
    const prototypes: unknown[] = []
    const fetch: typeof globalThis.fetch = (input, init) => {
      prototypes.push(Object.getPrototypeOf(init))
      return globalThis.fetch(input, init)
    }
    const settings = { baseURL: api.origin, adapter: 'fetch', env: { fetch } as never } as const
    const fetchOptions = { cache: 'no-store' } as const
    await axios.create(settings).get(`${evil.origin}/x`, { fetchOptions })
    const instance = axios.create(settings)
    addAuthorization(instance, tokens)
    await instance.get('/x', { fetchOptions })
    expect(prototypes).toHaveLength(2)
    expect(prototypes[1]).toBe(prototypes[0])
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
