import { addAuthorization } from '@countersign/axios-interceptor'
import { staticTokenProvider } from '@countersign/testing'
import axios, { type AxiosAdapter, type AxiosInstance } from 'axios'
import { describe, expect, test } from 'vitest'
import { startWorld, until } from '../support/world.ts'

/** What would have been sent to hosts that no loopback server can stand for. */
const recorder: AxiosAdapter = async (config) => {
  const data = [axios.getUri(config), config.headers.get('authorization') ?? null]
  return { data, status: 200, statusText: 'OK', headers: {}, config }
}

const stamp = 'Bearer test-token'

describe('origins', () => {
  test.each([
    ['https://a.test', 'https://a.test/x'],
    ['https://a.test:443/v1/', 'https://a.test:443/v1/x'],
    ['HTTPS://A.test/v1', 'HTTPS://A.test/v1/x'],
    ['http://127.0.0.1:1', 'http://127.0.0.1:1/x'],
    ['http://localhost:1/', 'http://localhost:1/x'],
    ['http://[::1]:1', 'http://[::1]:1/x'],
  ])(
    'without origins the origin of the base URL %s is taken',
    { tags: ['X17', 'G6'] },
    async (baseURL, url) => {
      const api = axios.create({ baseURL, adapter: recorder })
      addAuthorization(api, staticTokenProvider())

      expect((await api.get('/x')).data).toEqual([url, stamp])
      expect((await api.get('https://evil.test/x')).data).toEqual(['https://evil.test/x', null])
    },
  )

  test.each([
    [undefined, "No allowed origin. Pass option 'origins'"],
    ['', "No allowed origin. Pass option 'origins'"],
    ['/api', "No allowed origin. Pass option 'origins'"],
    ['ftp://a.test', "No allowed origin. Pass option 'origins'"],
    ['http://a.test', "list 'http://a.test' in option 'origins'."],
    ['http://127.0.0.1.evil.test', "'http://127.0.0.1.evil.test' in option 'origins'"],
    ['https://user:hunter2@a.test', 'contains a user name or password'],
  ])(
    'the base URL %s alone is not enough, and is not quoted with its secrets',
    { tags: ['X17', 'G6'] },
    (baseURL, words) => {
      const api = axios.create(baseURL === undefined ? {} : { baseURL })
      const attach = () => addAuthorization(api, staticTokenProvider())

      expect(attach).toThrow(
        expect.objectContaining({
          name: 'ConfigurationError',
          code: 'ERR_INVALID_ORIGIN',
          option: 'origins',
          message: expect.stringContaining(words),
        }),
      )
      expect(attach).not.toThrow(/hunter2/)
    },
  )

  test('the base URL is read when the provider is attached, and not again', {
    tags: ['X17'],
  }, async () => {
    const api = axios.create({ baseURL: 'https://a.test', adapter: recorder })
    addAuthorization(api, staticTokenProvider())

    api.defaults.baseURL = 'https://evil.test'

    expect((await api.get('/x')).data).toEqual(['https://evil.test/x', null])
    expect((await api.get('https://a.test/x')).data).toEqual(['https://a.test/x', stamp])
  })

  test('an http origin that is written out is authorized', { tags: ['G6'] }, async () => {
    const api = axios.create({ baseURL: 'http://a.test', adapter: recorder })
    addAuthorization(api, staticTokenProvider(), { origins: ['http://a.test'] })

    expect((await api.get('/x')).data).toEqual(['http://a.test/x', stamp])
  })

  test.each([
    [{ origins: [] }, 'ERR_INVALID_ORIGIN'],
    [{ origins: ['https://a.test/'] }, 'ERR_INVALID_ORIGIN'],
    [{ origin: ['https://a.test'] }, 'ERR_INVALID_OPTION'],
    [{ onForeignOrigin: 'ignore' }, 'ERR_INVALID_OPTION'],
    [{ onEvent: 'log' }, 'ERR_INVALID_OPTION'],
  ])('%j is refused when attaching', { tags: ['X8', 'G18'] }, (options, code) => {
    const api = axios.create({ baseURL: 'https://a.test' })
    const attach = () => addAuthorization(api, staticTokenProvider(), options as never)

    expect(attach).toThrow(expect.objectContaining({ name: 'ConfigurationError', code }))
  })
})

describe('attaching and ejecting', () => {
  test('after eject later requests go as before; those under way finish', {
    tags: ['X16'],
  }, async () => {
    const { server, tokens, api } = await startWorld()
    const instance = axios.create({ baseURL: api.origin, validateStatus: () => true })
    const eject = addAuthorization(instance, tokens)
    const release = server.hold()

    const underWay = instance.get('/under-way')
    await until(() => server.requests.length === 1)
    eject()
    expect((await instance.get('/later')).status).toBe(401)
    release()

    expect((await underWay).status).toBe(200)
    expect(api.seen.map(({ url, authorization }) => [url, authorization !== undefined])).toEqual([
      ['/later', false],
      ['/under-way', true],
    ])
    eject()
  })

  test("eject takes away its own provider, neither another one nor the user's interceptors", {
    tags: ['X16'],
  }, async () => {
    const api = axios.create({ baseURL: 'https://a.test', adapter: recorder })
    const seen: string[] = []
    api.interceptors.request.use((config) => {
      seen.push(config.url ?? '')
      return config
    })
    const ejectOne = addAuthorization(api, staticTokenProvider('one'))
    addAuthorization(api, staticTokenProvider('two'), { origins: ['https://b.test'] })

    ejectOne()

    expect((await api.get('/x')).data).toEqual(['https://a.test/x', null])
    expect((await api.get('https://b.test/x')).data).toEqual(['https://b.test/x', 'Bearer two'])
    expect(seen).toEqual(['/x', 'https://b.test/x'])
  })

  test('attached twice gives the same eject, and may be attached again after it', {
    tags: ['X16'],
  }, async () => {
    const api = axios.create({ baseURL: 'https://a.test', adapter: recorder })
    const tokens = staticTokenProvider()
    const eject = addAuthorization(api, tokens)

    expect(addAuthorization(api, tokens, { origins: ['https://a.test'] })).toBe(eject)
    eject()
    expect((await api.get('/x')).data[1]).toBeNull()
    const again = addAuthorization(api, tokens)

    expect(again).not.toBe(eject)
    expect((await api.get('/x')).data[1]).toBe(stamp)
  })

  test.each([{ origins: ['https://b.test'] }, { onForeignOrigin: 'throw' as const }])(
    'attached twice with other options is an error, not a silence: %j',
    { tags: ['X16'] },
    async (options) => {
      const api = axios.create({ baseURL: 'https://a.test', adapter: recorder })
      const tokens = staticTokenProvider()
      addAuthorization(api, tokens)

      expect(() => addAuthorization(api, tokens, options)).toThrow(
        expect.objectContaining({
          name: 'ConfigurationError',
          code: 'ERR_INVALID_OPTION',
          message: expect.stringContaining('already attached to this instance with other options'),
        }),
      )
      expect((await api.get('/x')).data[1]).toBe(stamp)
    },
  )

  test('the same provider with another isTokenRejected is an error, not a silence', {
    tags: ['X16'],
  }, () => {
    const api = axios.create({ baseURL: 'https://a.test', adapter: recorder })
    const tokens = staticTokenProvider()
    const isTokenRejected = () => false
    const eject = addAuthorization(api, tokens, { isTokenRejected })

    expect(addAuthorization(api, tokens, { isTokenRejected })).toBe(eject)
    for (const options of [{}, { isTokenRejected: () => false }]) {
      expect(() => addAuthorization(api, tokens, options)).toThrow(
        expect.objectContaining({ name: 'ConfigurationError', code: 'ERR_INVALID_OPTION' }),
      )
    }
  })

  test('a second provider for an origin is an error until the first is ejected', {
    tags: ['X16'],
  }, async () => {
    const api = axios.create({ baseURL: 'https://a.test', adapter: recorder })
    const origins = ['https://a.test', 'https://b.test']
    const eject = addAuthorization(api, staticTokenProvider('one'), { origins })
    origins[0] = 'https://c.test'
    const attach = () => addAuthorization(api, staticTokenProvider('two'))

    expect(attach).toThrow(
      expect.objectContaining({
        code: 'ERR_INVALID_OPTION',
        option: 'origins',
        message: expect.stringContaining('https://a.test'),
      }),
    )
    eject()
    attach()
    expect((await api.get('/x')).data[1]).toBe('Bearer two')
  })

  test('one provider on two instances gives each its own origins', { tags: ['X16'] }, async () => {
    const tokens = staticTokenProvider()
    const one = axios.create({ baseURL: 'https://a.test', adapter: recorder })
    const two = axios.create({ baseURL: 'https://b.test', adapter: recorder })
    addAuthorization(one, tokens)
    addAuthorization(two, tokens)

    expect((await one.get('/x')).data).toEqual(['https://a.test/x', stamp])
    expect((await two.get('/x')).data).toEqual(['https://b.test/x', stamp])
    expect((await one.get('https://b.test/x')).data).toEqual(['https://b.test/x', null])
  })

  test('options changed after attaching change nothing', async () => {
    const api = axios.create({ adapter: recorder })
    const options = { origins: ['https://a.test'] }
    addAuthorization(api, staticTokenProvider(), options)

    options.origins[0] = 'https://evil.test'

    expect((await api.get('https://evil.test/x')).data[1]).toBeNull()
    expect((await api.get('https://a.test/x')).data[1]).toBe(stamp)
  })

  test('works on the default instance, and on one of the Axios class', async () => {
    const base = new axios.Axios({
      baseURL: 'https://a.test',
      adapter: recorder,
      headers: {} as never,
    })
    addAuthorization(base, staticTokenProvider())
    const eject = addAuthorization(axios, staticTokenProvider(), { origins: ['https://a.test'] })

    expect((await base.get('/x')).data).toEqual(['https://a.test/x', stamp])
    expect((await axios.get('https://a.test/x', { adapter: recorder })).data[1]).toBe(stamp)
    eject()
    expect((await axios.get('https://a.test/x', { adapter: recorder })).data[1]).toBeNull()
  })
})
