import { addAuthorization } from '@countersign/axios-interceptor'
import type { TokenSource } from '@countersign/core'
import { staticTokenProvider } from '@countersign/testing'
import axios, { type AxiosAdapter, type AxiosError } from 'axios'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { attached, baseURL, scripted } from './scripted-axios.ts'

afterEach(() => {
  vi.unstubAllGlobals()
  vi.restoreAllMocks()
  vi.useRealTimers()
})

const ok = { data: '', status: 200, statusText: '', headers: {} }

describe('what is sent', () => {
  test('takes auth, but not null, for credentials of the request', { tags: ['X14'] }, async () => {
    const { instance, stamps } = attached()
    await instance.get('/x', { auth: { username: 'u', password: 'p' } })
    await instance.get('/x', { auth: null as never })
    expect(stamps()).toEqual([undefined, 'Bearer t1'])
  })

  test('adds the token to the headers of each attempt, and restores the config afterwards', async () => {
    const { instance, sent } = attached([{ status: 401 }])
    const response = await instance.post('/x', 'body', { headers: { 'x-custom': 'mine' } })
    expect(response.config.headers.get('authorization')).toBeUndefined()
    expect(response.config).toMatchObject({ baseURL, url: '/x', data: 'body' })
    expect(sent).toHaveLength(2)
    for (const { headers, baseURL: base, url, data } of sent) {
      expect([headers.get('x-custom'), base, url, data]).toEqual(['mine', baseURL, '/x', 'body'])
    }
  })

  test.each<[string, AxiosAdapter]>([
    ['resolves', async (config) => ({ ...ok, config })],
    ['rejects', (config) => Promise.reject(Object.assign(new Error('no'), { config }))],
    [
      'throws',
      () => {
        throw new Error('no')
      },
    ],
    [
      'deletes itself',
      async (config) => {
        Reflect.deleteProperty(config, 'adapter')
        return { ...ok, config }
      },
    ],
  ])('restores the config when the adapter %s', async (_, adapter) => {
    const { instance } = attached()
    let dispatched: object = {}
    let before: object = {}
    const transformRequest = function (this: object) {
      dispatched = this
      before = { ...this }
    }
    await instance.get('/x', { adapter, timeout: 1_000, transformRequest }).catch(() => {})
    expect({ ...dispatched }).toEqual({ ...before, adapter })
    expect(Object.keys(dispatched).sort()).toEqual(Object.keys({ ...before, data: '' }).sort())
  })

  test.each([200, 500])(
    'shows its own config when the adapter sends through another instance and receives %i',
    async (status) => {
      const headers = { 'x-custom': 'mine' }
      const other = axios.create({ headers, adapter: scripted({ status }).adapter })
      const { instance } = attached()
      const adapter: AxiosAdapter = (config) =>
        other.request({ ...config, adapter: other.defaults.adapter as AxiosAdapter })
      const outcome = await instance.get('/x', { adapter }).catch((error: unknown) => error)
      const { config, response = { config } } = outcome as AxiosError
      expect(config).toMatchObject({ url: '/x', adapter })
      expect(response.config).toBe(config)
      expect(config?.headers.toJSON()).not.toHaveProperty('Authorization')
      expect(config?.headers.get('x-custom')).toBeUndefined()
    },
  )

  test('an instance whose base URL is all there is to the URL', async () => {
    const { instance, sent } = attached()
    const { config } = await instance.request({})
    expect(sent[0]?.url).toBe(baseURL)
    expect(config.url).toBeUndefined()
  })

  /** Attaches a provider that takes this many milliseconds to obtain a token. */
  function attachedSlow(elapsed: number) {
    const { adapter, sent } = scripted()
    const instance = axios.create({ baseURL, adapter })
    let now = 1_000
    vi.spyOn(performance, 'now').mockImplementation(() => now)
    const tokens: TokenSource = {
      ...staticTokenProvider(),
      currentAccessToken: undefined as never,
      getAccessToken: async () => {
        now += elapsed
        return staticTokenProvider().getAccessToken()
      },
    }
    addAuthorization(instance, tokens)
    return { instance, sent }
  }

  test('without a timeout none is set; with one, what the wait for the token left of it', {
    tags: ['U18'],
  }, async () => {
    const { instance, sent } = attachedSlow(400.9)
    await instance.get('/x')
    await instance.get('/x', { timeout: 1_000 })
    await instance.get('/x', { timeout: 1_000, timeoutErrorMessage: 'too late' })
    expect(sent.map(({ timeout, timeoutErrorMessage }) => [timeout, timeoutErrorMessage])).toEqual([
      [0, undefined],
      [600, 'timeout of 1000ms exceeded'],
      [600, 'too late'],
    ])
  })

  test('a timeout that nothing was taken from is sent as it is', { tags: ['U18'] }, async () => {
    const { instance, sent } = attachedSlow(0)
    await instance.get('/x', { timeout: 1_000 })
    expect(sent[0]).toMatchObject({ timeout: 1_000 })
    expect(sent[0]).not.toHaveProperty('timeoutErrorMessage')
  })

  test('rejects a call whose timeout has passed when the token arrives, and sends nothing', {
    tags: ['U18'],
  }, async () => {
    const { instance, sent } = attachedSlow(1_000)
    await expect(instance.get('/x', { timeout: 1_000 })).rejects.toMatchObject({
      ...{ name: 'AxiosError', code: 'ECONNABORTED', message: 'timeout of 1000ms exceeded' },
    })
    expect(sent).toEqual([])
  })
})

describe('a redirect, as the http adapter reports it', () => {
  /** Returns the headers of the next hop, and how often a 401 there makes axios send. */
  async function redirected(href: string) {
    const own = { authorization: 'a', Authorization: 'A' }
    const hop = { href, headers: { ...own, 'x-request-idx': '1', host: 'h' } }
    const { instance, adapter: answer, sent } = attached([{ status: 401 }])
    const adapter: AxiosAdapter = async (given) => {
      if (sent.length === 0)
        given.beforeRedirect?.(hop, { headers: {}, statusCode: 302 }, {} as never)
      return answer(given)
    }
    const { status } = await instance.get('/x', { adapter })
    return { left: Object.keys(hop.headers), status, sends: sent.length }
  }

  test.each(['https://sub.a.test/x', 'https://a.test:8443/x', 'http://a.test/x', 'not a URL'])(
    'to %s loses the token, whatever axios does, and a 401 there is not about it',
    { tags: ['promise-9', 'X9', 'X10', 'X11'] },
    async (href) => {
      expect(await redirected(href)).toEqual({
        ...{ left: ['x-request-idx', 'host'], status: 401, sends: 1 },
      })
    },
  )

  test('on the same origin keeps it, and a 401 there is about it', {
    tags: ['promise-9', 'X9'],
  }, async () => {
    expect(await redirected('https://a.test/y')).toEqual({
      left: ['authorization', 'Authorization', 'x-request-idx', 'host'],
      ...{ status: 200, sends: 2 },
    })
  })

  test('may come without headers', async () => {
    const { instance } = attached()
    const adapter: AxiosAdapter = async (config) => {
      config.beforeRedirect?.({ href: 'https://evil.test/' }, {} as never, {} as never)
      return { ...ok, config }
    }
    expect((await instance.get('/x', { adapter })).status).toBe(200)
  })
})

describe('a renewal that does not come', { tags: ['promise-10'] }, () => {
  /** Rejects its first token; a second call never settles. */
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
      return { ...ok, status: 401, config }
    }
    const instance = axios.create({ baseURL, adapter })
    addAuthorization(instance, tokens)
    return instance
  }

  test('is not waited for by a caller who left while the 401 came in', {
    tags: ['U16'],
  }, async () => {
    const caller = new AbortController()
    const call = stuck(() => caller.abort()).get('/x', { signal: caller.signal })
    await expect(call).rejects.toBeInstanceOf(axios.CanceledError)
    const { token, cancel } = axios.CancelToken.source()
    const other = stuck(() => cancel('enough')).get('/x', { cancelToken: token })
    await expect(other).rejects.toMatchObject({ code: 'ERR_CANCELED', message: 'enough' })
  })

  test('is waited for no longer than is left of the timeout, and no timer stays', {
    tags: ['U18'],
  }, async () => {
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

  test('leaves no timer when it came in time', { tags: ['U18'] }, async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] })
    const { instance } = attached([{ status: 401 }])
    expect((await instance.get('/x', { timeout: 1_000 })).status).toBe(200)
    expect(vi.getTimerCount()).toBe(0)
  })
})
