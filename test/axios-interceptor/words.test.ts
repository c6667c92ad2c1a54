import { getEventListeners } from 'node:events'
import { inspect } from 'node:util'
import { addAuthorization } from '@countersign/axios-interceptor'
import { createTokenProvider, isCountersignError, redactError } from '@countersign/core'
import axios, { type AxiosError, type AxiosRequestConfig } from 'axios'
import { describe, expect, test } from 'vitest'
import { clientKey } from '../support/keys.ts'
import { type Answer, answer, refused } from '../support/recording-api.ts'
import { rejection } from '../support/waiting.ts'
import { startWorld, until } from '../support/world.ts'

async function attached(config: AxiosRequestConfig = {}) {
  const world = await startWorld()
  const instance = axios.create({ baseURL: `${world.api.origin}/v1`, ...config })
  addAuthorization(instance, world.tokens)
  return { ...world, instance }
}

async function axiosError(call: Promise<unknown>): Promise<AxiosError & { cause?: unknown }> {
  const error = await rejection(call)
  if (!axios.isAxiosError(error)) expect.unreachable('no AxiosError')
  return error
}

describe('aborts and timeouts', () => {
  test('a cancel token ends the wait for a token with its own reason, and nothing is sent', {
    tags: ['promise-10'],
  }, async () => {
    const { instance, api, server } = await attached()
    const release = server.hold()
    const source = axios.CancelToken.source()

    const pending = rejection(instance.get('/x', { cancelToken: source.token }))
    await until(() => server.requests.length === 1)
    source.cancel('the caller left')
    const error = await pending
    release()

    expect(error).toBe((source.token as { reason?: unknown }).reason)
    expect(error).toMatchObject({ name: 'CanceledError', message: 'the caller left' })
    expect(api.seen).toEqual([])
  })

  test('leaves no listener on a signal or cancel token after the request', {
    tags: ['promise-10'],
  }, async () => {
    const { instance, server } = await attached()
    const controller = new AbortController()
    const source = axios.CancelToken.source()
    const release = server.hold()

    const pending = instance.get('/x', { signal: controller.signal, cancelToken: source.token })
    await until(() => server.requests.length === 1)
    release()
    await pending

    expect(getEventListeners(controller.signal, 'abort')).toEqual([])
    const { _listeners } = source.token as { _listeners?: unknown[] | null }
    expect(_listeners ?? []).toEqual([])
  })

  test.each<[AxiosRequestConfig, string, string]>([
    [{}, 'ECONNABORTED', 'timeout of 40ms exceeded'],
    [{ timeoutErrorMessage: 'too late' }, 'ECONNABORTED', 'too late'],
    [{ transitional: { clarifyTimeoutError: true } }, 'ETIMEDOUT', 'timeout of 40ms exceeded'],
  ])(
    'a timeout during the wait with %j is %s, %s',
    { tags: ['promise-10'] },
    async (config, code, message) => {
      const { instance, server, api } = await attached()
      const release = server.hold()

      const error = await axiosError(instance.get('/x', { timeout: 40, ...config }))
      release()

      expect(error).toMatchObject({ name: 'AxiosError', code, message })
      expect(api.seen).toEqual([])
    },
  )

  test.each(['5000', 'none', 2 ** 31])(
    'a timeout of %j does not end the wait for a token early',
    { tags: ['promise-10'] },
    async (timeout) => {
      const { instance, server } = await attached({
        adapter: async (config) => {
          return { data: '', status: 200, statusText: 'OK', headers: {}, config }
        },
      })
      const release = server.hold()

      const pending = instance.get('/x', { timeout: timeout as number })
      await until(() => server.requests.length === 1)
      release()

      expect((await pending).config.timeout).toBe(timeout)
    },
  )

  test.each(['http', 'fetch'])(
    'a timeout of the send through %s names the whole time, including the wait',
    { tags: ['promise-10', 'U18'] },
    async (adapter) => {
      const { instance, server, api } = await attached({ adapter })
      const release = server.hold()
      api.next(() => {})

      const pending = axiosError(instance.get('/x', { timeout: 1000 }))
      const since = performance.now()
      await until(() => server.requests.length === 1 && performance.now() - since > 20)
      release()
      const error = await pending

      expect(error).toMatchObject({ message: 'timeout of 1000ms exceeded' })
      expect(error.config).toMatchObject({ timeout: 1000 })
      expect(error.config).not.toHaveProperty('timeoutErrorMessage')
      expect(api.seen).toHaveLength(1)
    },
  )
})

describe('an adapter of the caller', () => {
  test('finds base URL and URL as the caller gave them, whichever way it joins them', {
    tags: ['promise-12'],
  }, async () => {
    const seen: unknown[] = []
    const { instance, api } = await attached({
      adapter: async (config) => {
        seen.push([config.url, config.baseURL, axios.getUri(config)])
        return { data: '', status: 200, statusText: 'OK', headers: {}, config }
      },
    })

    await instance.get('/users/1', { params: { a: 1 } })

    const base = `${api.origin}/v1`
    expect(seen).toEqual([['/users/1', base, `${base}/users/1?a=1`]])
  })

  test.each(['\\\\evil.test/x', '/\t/evil.test/x', '/\\evil.test/x'])(
    'is led nowhere else by the URL %j, whichever way it joins it',
    { tags: ['promise-9', 'X3'] },
    async (url) => {
      const targets: string[] = []
      const { instance, api } = await attached({
        adapter: async (config) => {
          targets.push(new URL(config.url ?? '', config.baseURL).origin)
          return { data: '', status: 200, statusText: 'OK', headers: {}, config }
        },
      })

      await instance.get(url)

      expect(targets).toEqual([api.origin])
    },
  )
})

describe('errors', () => {
  test('shows response interceptors one AxiosError with the CountersignError as its cause', {
    tags: ['promise-14', 'X15'],
  }, async () => {
    const { instance, server } = await attached()
    const seen: unknown[] = []
    instance.interceptors.response.use(undefined, (error) => {
      seen.push(error)
      throw error
    })
    server.next({ status: 400, body: { error: 'invalid_scope' } })

    const error = await axiosError(instance.get('/x'))

    expect(seen).toEqual([error])
    expect(isCountersignError(error.cause)).toBe(true)
    expect(Object.keys(error)).not.toContain('cause')
    expect(error).toMatchObject({ code: 'ERR_OAUTH', message: (error.cause as Error).message })
    expect(error.config).toMatchObject({ url: '/x' })
    expect([error.response, error.status]).toEqual([undefined, undefined])
    expect(JSON.parse(JSON.stringify(error))).toMatchObject({ code: 'ERR_OAUTH' })
  })

  const outcomes: Record<string, Answer> = {
    'a 200': answer(200),
    'a 403': answer(403),
    'two 401s': answer(401),
    'a broken connection': (response) => response.socket?.destroy(),
  }

  test.each(
    Object.entries(outcomes).flatMap(([name, play]) =>
      ['http', 'fetch'].map((adapter) => ({ name, play, adapter })),
    ),
  )(
    'after $name through $adapter no config and no JSON holds the token',
    { tags: ['L4'] },
    async ({ play, adapter }) => {
      const { instance, api, tokens } = await attached({ adapter })
      const { value } = await tokens.getAccessToken()
      api.answerWith(play)
      let passed: unknown
      instance.interceptors.request.use((config) => {
        passed = config
        return config
      })

      const outcome = await instance.get('/x').catch((error: unknown) => error)
      const { config, response } = outcome as AxiosError
      const current = (await tokens.getAccessToken()).value

      expect(api.seen[0]?.authorization).toBe(`Bearer ${value}`)
      const shown = [config, response?.config, passed].map((item) => inspect(item, { depth: 9 }))
      shown.push(JSON.stringify([config, response?.config]))
      if (outcome instanceof Error) shown.push(JSON.stringify(outcome), String(outcome.stack))
      for (const text of shown) {
        expect(text).not.toContain(value)
        expect(text).not.toContain(current)
        expect(text).not.toMatch(/authorization/i)
      }
      // The control: the search finds the token where axios itself has put it.
      const { request } = outcome as { request?: unknown }
      if (adapter === 'http') expect(inspect(request, { depth: 9 })).toContain('Bearer ')
      if (response !== undefined) expect(response.config).toBe(config)
      expect(config).toMatchObject({ url: '/x', adapter })
      expect(config).not.toHaveProperty('beforeRedirect')
    },
  )

  test('redactError removes body, query and token from the error of an API', {
    tags: ['L4'],
  }, async () => {
    const { instance, api } = await attached()
    api.answerWith(answer(500, {}, 'secret body'))

    const call = instance.post('/orders?key=hunter2', 'order', { params: { token: 'hunter3' } })

    expect(redactError(await rejection(call))).toEqual({
      ...{ name: 'AxiosError', message: 'Request failed with status code 500' },
      ...{ code: 'ERR_BAD_RESPONSE', status: 500, method: 'POST' },
      url: `${api.origin}/v1/orders`,
      stack: expect.stringMatching(/^AxiosError: Request failed.*\n {4}at /),
    })
  })

  test('the config of a rejected call can be sent again as it is', {
    tags: ['promise-14'],
  }, async () => {
    const { instance, api, server, clock } = await attached()
    api.next(answer(500))
    const error = await axiosError(instance.post('/orders', { a: 1 }, { params: { b: 2 } }))
    await clock.advance(601_000)

    const { status } = await instance.request(error.config ?? {})

    expect(status).toBe(200)
    expect(api.seen.map(({ url, body }) => `${url} ${body}`)).toEqual(
      Array(2).fill('/v1/orders?b=2 {"a":1}'),
    )
    expect(api.seen[1]?.authorization).not.toBe(api.seen[0]?.authorization)
    expect(server.requests).toHaveLength(2)
  })
})

test('the token request may go through the instance that it is for', {
  tags: ['promise-9', 'D8'],
}, async () => {
  const { api, server } = await startWorld()
  const instance = axios.create({ baseURL: api.origin })
  const tokens = createTokenProvider({
    ...{ clientId: 'client', tokenEndpoint: server.tokenEndpoint, key: clientKey.privateKey },
    fetch: async (url, { method = 'GET', headers, body }) => {
      const { status, data } = await instance.request({
        ...{ url, method, data: String(body), responseType: 'text', validateStatus: () => true },
        headers: Object.fromEntries(new Headers(headers)),
        transformResponse: (text) => text,
      })
      return new Response(data, { status })
    },
  })
  const origins = [api.origin, new URL(server.tokenEndpoint).origin]
  addAuthorization(instance, tokens, { origins })
  api.next(refused)

  expect((await instance.get('/x')).status).toBe(200)
  expect(server.requests.map(({ status }) => status)).toEqual([200, 200])
})
