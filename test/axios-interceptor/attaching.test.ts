import { addAuthorization } from '@countersign/axios-interceptor'
import { staticTokenProvider } from '@countersign/testing'
import axios, { type AxiosAdapter } from 'axios'
import { describe, expect, test } from 'vitest'
import { startWorld, until } from '../support/world.ts'

/** What would have been sent to hosts that no loopback server can stand for. */
const recorder: AxiosAdapter = async (config) => {
  const data = [axios.getUri(config), config.headers.get('authorization') ?? null]
  return { data, status: 200, statusText: 'OK', headers: {}, config }
}

const stamp = 'Bearer test-token'

function attachable(baseURL = 'https://a.test') {
  const api = axios.create({ baseURL, adapter: recorder })
  /** Returns the URL and the token of a GET. */
  const sent = async (url: string): Promise<unknown> => (await api.get(url)).data
  return { api, sent }
}

/** Matches a ConfigurationError. */
function rejected(option: string, message: string, code = 'ERR_INVALID_OPTION'): object {
  const text = expect.stringContaining(message)
  return expect.objectContaining({ name: 'ConfigurationError', code, option, message: text })
}

describe('origins', () => {
  test.each([
    ['https://a.test:443/v1/', 'https://a.test:443/v1/x'],
    ['http://localhost:1', 'http://localhost:1/x'],
  ])('are that of the base URL %s by default', { tags: ['X17', 'G6'] }, async (baseURL, url) => {
    const { api, sent } = attachable(baseURL)
    addAuthorization(api, staticTokenProvider())

    expect(await sent('/x')).toEqual([url, stamp])
    expect(await sent('https://evil.test/x')).toEqual(['https://evil.test/x', null])
  })

  test.each([
    [undefined, "No allowed origin. Pass option 'origins'"],
    ['http://a.test', "list 'http://a.test' in option 'origins'."],
    ['https://user:hunter2@a.test', 'contains a user name or password'],
  ])(
    'cannot be read from the base URL %s, and the error quotes no secret',
    { tags: ['X17', 'G6'] },
    (baseURL, words) => {
      const api = axios.create(baseURL === undefined ? {} : { baseURL })
      const attach = () => addAuthorization(api, staticTokenProvider())

      expect(attach).toThrow(rejected('origins', words, 'ERR_INVALID_ORIGIN'))
      expect(attach).not.toThrow(/hunter2/)
    },
  )

  test('are read from the base URL when the provider is attached, and not again', {
    tags: ['X17'],
  }, async () => {
    const { api, sent } = attachable()
    addAuthorization(api, staticTokenProvider())

    api.defaults.baseURL = 'https://evil.test'

    expect(await sent('/x')).toEqual(['https://evil.test/x', null])
    expect(await sent('https://a.test/x')).toEqual(['https://a.test/x', stamp])
  })

  test('may be plain http if they are listed', { tags: ['G6'] }, async () => {
    const { api, sent } = attachable('http://a.test')
    addAuthorization(api, staticTokenProvider(), { origins: ['http://a.test'] })

    expect(await sent('/x')).toEqual(['http://a.test/x', stamp])
  })

  test('are copied: a list that changes later changes nothing', async () => {
    const { api, sent } = attachable()
    const options = { origins: ['https://a.test'] }
    addAuthorization(api, staticTokenProvider(), options)

    options.origins[0] = 'https://evil.test'

    expect(await sent('https://evil.test/x')).toEqual(['https://evil.test/x', null])
    expect(await sent('https://a.test/x')).toEqual(['https://a.test/x', stamp])
  })
})

test.each([
  [{ origins: ['https://a.test/'] }, 'ERR_INVALID_ORIGIN'],
  [{ origin: ['https://a.test'] }, 'ERR_INVALID_OPTION'],
  [{ onForeignOrigin: 'ignore' }, 'ERR_INVALID_OPTION'],
])('rejects the options %j', { tags: ['X8', 'G18'] }, (options, code) => {
  const attach = () => addAuthorization(attachable().api, staticTokenProvider(), options as never)

  expect(attach).toThrow(expect.objectContaining({ name: 'ConfigurationError', code }))
})

test.each([undefined, null, {}, { defaults: {} }, { interceptors: axios.interceptors }])(
  'rejects %o, which is not an axios instance',
  (instance) => {
    expect(() => addAuthorization(instance as never, staticTokenProvider())).toThrow(
      rejected(
        'instance',
        "Argument 'instance' must be an axios instance, such as the one that axios.create({ baseURL }) returns.",
      ),
    )
  },
)

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

  test("eject removes its own provider, neither another one nor the user's interceptors", {
    tags: ['X16'],
  }, async () => {
    const { api, sent } = attachable()
    const seen: string[] = []
    api.interceptors.request.use((config) => {
      seen.push(config.url ?? '')
      return config
    })
    const ejectOne = addAuthorization(api, staticTokenProvider('one'))
    addAuthorization(api, staticTokenProvider('two'), { origins: ['https://b.test'] })

    ejectOne()

    expect(await sent('/x')).toEqual(['https://a.test/x', null])
    expect(await sent('https://b.test/x')).toEqual(['https://b.test/x', 'Bearer two'])
    expect(seen).toEqual(['/x', 'https://b.test/x'])
  })

  test('the same provider and options are the same attachment until it is ejected', {
    tags: ['X16'],
  }, async () => {
    const { api, sent } = attachable()
    const tokens = staticTokenProvider()
    const isTokenRejected = () => false
    const origins = ['https://b.test', 'https://a.test']
    const eject = addAuthorization(api, tokens, { origins, isTokenRejected })
    const same = {
      origins: origins.toReversed(),
      isTokenRejected,
      onForeignOrigin: 'pass',
    } as const

    expect(addAuthorization(api, tokens, same)).toBe(eject)
    expect(origins).toEqual(['https://b.test', 'https://a.test'])
    eject()
    expect(await sent('/x')).toEqual(['https://a.test/x', null])
    expect(addAuthorization(api, tokens, same)).not.toBe(eject)
    expect(await sent('/x')).toEqual(['https://a.test/x', stamp])
  })

  test.each([
    { origins: ['https://b.test'] },
    { onForeignOrigin: 'throw' as const },
    { isTokenRejected: () => false },
  ])('the same provider with other options throws: %o', { tags: ['X16'] }, async (options) => {
    const { api, sent } = attachable()
    const tokens = staticTokenProvider()
    addAuthorization(api, tokens, { isTokenRejected: undefined })
    const advice = 'Eject it first, or pass all origins at once.'
    const message = `This provider is already attached to this instance with other options. ${advice}`

    expect(() => addAuthorization(api, tokens, options)).toThrow(rejected('origins', message))
    expect(await sent('/x')).toEqual(['https://a.test/x', stamp])
  })

  test('a second provider for an origin throws until the first is ejected', {
    tags: ['X16'],
  }, async () => {
    const { api, sent } = attachable()
    const origins = ['https://a.test', 'https://b.test']
    const eject = addAuthorization(api, staticTokenProvider('one'), { origins })
    origins[0] = 'https://c.test'
    const attach = () => addAuthorization(api, staticTokenProvider('two'))

    expect(attach).toThrow(rejected('origins', 'https://a.test'))
    eject()
    attach()
    expect(await sent('/x')).toEqual(['https://a.test/x', 'Bearer two'])
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
