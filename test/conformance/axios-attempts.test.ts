import { addAuthorization } from '@countersign/axios-interceptor'
import type { AuthorizationOptions, RequestEvent, TokenSource } from '@countersign/core'
import { staticTokenProvider } from '@countersign/testing'
import axios, {
  type AxiosAdapter,
  AxiosHeaders,
  type AxiosRequestConfig,
  type AxiosResponse,
  type InternalAxiosRequestConfig,
} from 'axios'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { refused } from './recording-api.ts'
import { startWorld, until } from './world.ts'

const baseURL = 'https://a.test'

afterEach(() => {
  vi.unstubAllGlobals()
  vi.restoreAllMocks()
  vi.useRealTimers()
})

type Reply = { readonly status: number; readonly headers?: AxiosResponse['headers'] | undefined }

/** An adapter that notes what it is given, and answers with these in turn. */
function scripted(...replies: readonly Reply[]) {
  const sent: InternalAxiosRequestConfig[] = []
  const adapter: AxiosAdapter = async (config) => {
    sent.push({ ...config, headers: new AxiosHeaders(config.headers) })
    const reply = replies[sent.length - 1] ?? { status: 200 }
    return { data: '', statusText: '', headers: {}, ...reply, config } as AxiosResponse
  }
  return { adapter, sent, stamps: () => sent.map(({ headers }) => headers.get('authorization')) }
}

/** Tokens t1, t2, … each current until it is refused. */
function renewingTokens(): TokenSource {
  let count = 1
  return {
    ...staticTokenProvider(),
    currentAccessToken: undefined as never,
    getAccessToken: async () => ({
      ...(await staticTokenProvider(`t${count}`).getAccessToken()),
    }),
    invalidate: () => {
      count += 1
    },
  }
}

function attached(replies: readonly Reply[] = [], options: Partial<AuthorizationOptions> = {}) {
  const script = scripted(...replies)
  const instance = axios.create({ baseURL, adapter: script.adapter, validateStatus: null })
  addAuthorization(instance, renewingTokens(), options)
  return { instance, ...script }
}

describe('attaching', () => {
  test('the error for something else says what was expected', () => {
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
            'The first argument must be an axios instance, such as axios.create({ baseURL }) gives.',
        }),
      )
    }
  })

  test('X16: the same origins in another order are the same attachment', () => {
    const api = axios.create()
    const tokens = staticTokenProvider()
    const origins = ['https://b.test', 'https://a.test']
    const eject = addAuthorization(api, tokens, { origins })
    expect(origins).toEqual(['https://b.test', 'https://a.test'])
    const again = { origins: origins.toReversed(), onForeignOrigin: 'pass' } as const
    expect(addAuthorization(api, tokens, again)).toBe(eject)
  })

  test('X16: the error for other options says what to do', () => {
    const api = axios.create({ baseURL })
    const tokens = staticTokenProvider()
    addAuthorization(api, tokens)
    expect(() => addAuthorization(api, tokens, { origins: [baseURL, 'https://b.test'] })).toThrow(
      expect.objectContaining({
        ...{ code: 'ERR_INVALID_OPTION', option: 'origins' },
        message:
          'This provider is attached to this instance already, with other options: call its eject first, or name all origins at once.',
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

  test('an instance that says nothing of its adapter has the one of axios', async () => {
    const { api, tokens } = await startWorld()
    const instance = axios.create({ baseURL: api.origin })
    delete instance.defaults.adapter
    addAuthorization(instance, tokens)
    expect((await instance.get('/x')).status).toBe(200)
  })
})

describe('what is sent', () => {
  test('X14: auth is the caller authenticating by himself, null is not', async () => {
    const { instance, stamps } = attached()
    await instance.get('/x', { auth: { username: 'u', password: 'p' } })
    await instance.get('/x', { auth: null as never })
    expect(stamps()).toEqual([undefined, 'Bearer t1'])
  })

  test('7: a header whose name is only as long as Authorization is none', async () => {
    const { instance, stamps } = attached()
    await instance.get('/x', { headers: { 'x-request-idx': '1' } })
    expect(stamps()).toEqual(['Bearer t1'])
  })

  test('each attempt is a copy with headers of its own; the caller’s config is as it was', async () => {
    const { instance, sent } = attached([{ status: 401 }])
    const response = await instance.post('/x', 'body', { headers: { 'x-custom': 'mine' } })
    expect(response.config.headers.get('authorization')).toBeUndefined()
    expect(response.config).toMatchObject({ baseURL, url: '/x', data: 'body' })
    expect(sent).toHaveLength(2)
    for (const { headers, url, data } of sent) {
      expect([headers.get('x-custom'), url, data]).toEqual(['mine', `${baseURL}/x`, 'body'])
    }
  })

  test('an instance whose base URL is all there is to the URL', async () => {
    const { instance, sent } = attached()
    const { config } = await instance.request({})
    expect(sent[0]?.url).toBe(baseURL)
    expect(config.url).toBeUndefined()
  })

  test('U18: without a timeout none is set; with one, what the wait for the token left of it', async () => {
    const { adapter, sent } = scripted()
    const instance = axios.create({ baseURL, adapter })
    let now = 1_000
    vi.spyOn(performance, 'now').mockImplementation(() => now)
    const slow: TokenSource = {
      ...staticTokenProvider(),
      currentAccessToken: undefined as never,
      getAccessToken: async () => {
        now += 400.9
        return staticTokenProvider().getAccessToken()
      },
    }
    addAuthorization(instance, slow)
    await instance.get('/x')
    await instance.get('/x', { timeout: 1_000 })
    await instance.get('/x', { timeout: 1_000, timeoutErrorMessage: 'too late' })
    expect(sent.map(({ timeout, timeoutErrorMessage }) => [timeout, timeoutErrorMessage])).toEqual([
      [0, undefined],
      [600, 'timeout of 1000ms exceeded'],
      [600, 'too late'],
    ])
  })

  test('U18: a timeout that nothing was taken from is sent as it is', async () => {
    const { adapter, sent } = scripted()
    const instance = axios.create({ baseURL, adapter })
    vi.spyOn(performance, 'now').mockReturnValue(1_000)
    addAuthorization(instance, staticTokenProvider())
    await instance.get('/x', { timeout: 1_000 })
    expect(sent[0]).toMatchObject({ timeout: 1_000 })
    expect(sent[0]).not.toHaveProperty('timeoutErrorMessage')
  })

  test('U18: a timeout that is over when the token comes ends the call, and nothing is sent', async () => {
    const { adapter, sent } = scripted()
    const instance = axios.create({ baseURL, adapter })
    let now = 1_000
    vi.spyOn(performance, 'now').mockImplementation(() => now)
    const late: TokenSource = {
      ...staticTokenProvider(),
      currentAccessToken: undefined as never,
      getAccessToken: async () => {
        now += 1_000
        return staticTokenProvider().getAccessToken()
      },
    }
    addAuthorization(instance, late)
    await expect(instance.get('/x', { timeout: 1_000 })).rejects.toMatchObject({
      ...{ name: 'AxiosError', code: 'ECONNABORTED', message: 'timeout of 1000ms exceeded' },
    })
    expect(sent).toEqual([])
  })
})

describe('a refusal as adapters of one’s own tell it', () => {
  const bearer = 'Bearer error="invalid_token"'

  test.each<[string, Reply['headers']]>([
    ['plain', { 'WWW-Authenticate': bearer }],
    ['several in a list', { 'www-authenticate': ['Basic realm="a"', bearer] as never }],
    ['an AxiosHeaders', new AxiosHeaders({ 'www-authenticate': bearer })],
    ['none', undefined as never],
  ])('U8: with headers that are %s is renewed', async (_, headers) => {
    const { instance, stamps } = attached([{ status: 401, headers }])
    expect((await instance.get('/x')).status).toBe(200)
    expect(stamps()).toEqual(['Bearer t1', 'Bearer t2'])
  })

  test('U7: of another scheme only is not', async () => {
    const headers = { 'www-authenticate': ['Basic realm="a"', 'Negotiate'] as never }
    const { instance, stamps } = attached([{ status: 401, headers }])
    expect((await instance.get('/x')).status).toBe(401)
    expect(stamps()).toEqual(['Bearer t1'])
  })

  test('U9: a 403 for want of scope is told, be it a response or a rejection', async () => {
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
  test('X20: refuses where the runtime keeps Authorization on redirects, the http adapter does not', async () => {
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

  test('12: has the fetch and the options of the caller, who never sees ours', async () => {
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
})

describe('a redirect, as the http adapter tells of it', () => {
  const next = (href: string) => ({
    href,
    headers: { authorization: 'a', Authorization: 'A', 'x-request-idx': '1', host: 'h' },
  })

  /** What is left of the next hop's headers, and what came of a 401 there. */
  async function redirected(href: string, config: AxiosRequestConfig = {}) {
    const hop = next(href)
    const headers = { 'www-authenticate': 'Bearer' }
    const { instance, sent } = attached()
    const adapter: AxiosAdapter = async (given) => {
      sent.push(given)
      if (sent.length > 1)
        return { data: '', status: 200, statusText: '', headers: {}, config: given }
      given.beforeRedirect?.(hop, { headers: {}, statusCode: 302 }, {} as never)
      return { data: '', status: 401, statusText: '', headers, config: given }
    }
    const { status } = await instance.get('/x', { adapter, ...config })
    return { left: Object.keys(hop.headers), status, sends: sent.length }
  }

  test.each([
    'https://sub.a.test/x',
    'https://a.test:8443/x',
    'http://a.test/x',
    'https://evil.test/x',
    'not a URL',
  ])(
    '9 X9 X10 X11: to %s loses the token, whatever axios does, and a 401 there is not about it',
    async (href) => {
      expect(await redirected(href)).toEqual({
        ...{ left: ['x-request-idx', 'host'], status: 401, sends: 1 },
      })
    },
  )

  test('9 X9: on the same origin keeps it, and a 401 there is about it', async () => {
    expect(await redirected('https://a.test/y')).toEqual({
      left: ['authorization', 'Authorization', 'x-request-idx', 'host'],
      ...{ status: 200, sends: 2 },
    })
  })

  test('9 X10: is told to the caller when the token is off', async () => {
    const told: unknown[] = []
    const beforeRedirect: AxiosRequestConfig['beforeRedirect'] = ({ headers }, ...more) => {
      told.push(Object.keys(headers), ...more)
    }
    await redirected('https://evil.test/x', { beforeRedirect })
    expect(told).toEqual([['x-request-idx', 'host'], { headers: {}, statusCode: 302 }, {}])
  })

  test('may come without headers', async () => {
    const { instance } = attached()
    const adapter: AxiosAdapter = async (config) => {
      config.beforeRedirect?.({ href: 'https://evil.test/' }, {} as never, {} as never)
      return { data: '', status: 200, statusText: '', headers: {}, config }
    }
    expect((await instance.get('/x', { adapter })).status).toBe(200)
  })
})

describe('10: a renewal that does not come', () => {
  /** Refused at once; whoever asks again waits for ever. */
  function stuck(more: () => void = () => {}) {
    let asked = 0
    const tokens: TokenSource = {
      ...staticTokenProvider(),
      currentAccessToken: undefined as never,
      getAccessToken: () => {
        asked += 1
        return asked === 1 ? staticTokenProvider().getAccessToken() : new Promise(() => {})
      },
    }
    const adapter: AxiosAdapter = async (config) => {
      more()
      return { data: '', status: 401, statusText: '', headers: {}, config }
    }
    const instance = axios.create({ baseURL, adapter })
    addAuthorization(instance, tokens)
    return instance
  }

  test('U16: is not waited for by a caller who left while the 401 came in', async () => {
    const caller = new AbortController()
    const call = stuck(() => caller.abort()).get('/x', { signal: caller.signal })
    await expect(call).rejects.toBeInstanceOf(axios.CanceledError)
    const { token, cancel } = axios.CancelToken.source()
    const other = stuck(() => cancel('enough')).get('/x', { cancelToken: token })
    await expect(other).rejects.toMatchObject({ code: 'ERR_CANCELED', message: 'enough' })
  })

  test('U18: is waited for no longer than is left of the timeout, and no timer stays', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] })
    let error: unknown
    const call = stuck(() => void vi.advanceTimersByTime(600)).get('/x', { timeout: 1_000 })
    const ended = call.catch((thrown: unknown) => {
      error = thrown
    })
    await vi.advanceTimersByTimeAsync(399)
    expect(error).toBeUndefined()
    await vi.advanceTimersByTimeAsync(1)
    await ended
    expect(error).toMatchObject({ code: 'ECONNABORTED', message: 'timeout of 1000ms exceeded' })
    expect(vi.getTimerCount()).toBe(0)
  })

  test('U18: leaves no timer when it came in time', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] })
    const { instance } = attached([{ status: 401 }])
    expect((await instance.get('/x', { timeout: 1_000 })).status).toBe(200)
    expect(vi.getTimerCount()).toBe(0)
  })
})

describe('10: a request without signal, cancel token and timeout', () => {
  test('waits for its token as long as that takes', async () => {
    const { api, tokens, server } = await startWorld()
    const instance = axios.create({ baseURL: api.origin })
    addAuthorization(instance, tokens)
    const release = server.hold()
    const pending = instance.get('/x')
    await until(() => server.requests.length === 1)
    release()
    expect((await pending).status).toBe(200)
  })
})
