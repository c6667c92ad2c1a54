// @module-tag U14

import { addAuthorization, retryCondition } from '@countersign/axios-interceptor'
import type { TokenProvider } from '@countersign/core'
import axios, { AxiosError, type AxiosInstance, type InternalAxiosRequestConfig } from 'axios'
import axiosRetry, { type IAxiosRetryConfig, isNetworkOrIdempotentRequestError } from 'axios-retry'
import { describe, expect, test } from 'vitest'
import { shows } from '../../support/leak-search.ts'
import { providerFor } from '../../support/provider-under-test.ts'
import { refusal } from '../../support/recording-api.ts'
import { rejection } from '../../support/waiting.ts'
import { bodiesOf, startKitWorld, story } from '../../support/world.ts'

describe.each(['before', 'after'])('axios-retry, installed %s Countersign', (order) => {
  function install(http: AxiosInstance, tokens: TokenProvider, options?: IAxiosRetryConfig) {
    if (order === 'before') axiosRetry(http, options)
    addAuthorization(http, tokens)
    if (order === 'after') axiosRetry(http, options)
  }

  /** An instance with both, and a real API. */
  async function retrying(options: IAxiosRetryConfig) {
    const all = await startKitWorld()
    const http = axios.create({ baseURL: all.api.origin })
    install(http, all.tokens, options)
    return { ...all, http }
  }

  test('a token replaced after a reset connection is the one that is sent again', async () => {
    const codes: (string | undefined)[] = []
    const { http, api, server, tokens } = await retrying({
      onRetry: async (_, error) => {
        codes.push(error.code)
        server.revokeAll()
        tokens.invalidate(await tokens.getAccessToken())
      },
    })
    api.next({ drop: 'before-headers' })

    const { data } = await http.get('/accounts')

    expect(data).toEqual({ ok: true, method: 'GET', url: '/accounts' })
    expect(codes).toEqual(['ECONNRESET'])
    expect(story(api.requests)).toEqual(['t1 0', 't2 200'])
    expect(server.requests).toHaveLength(2)
  })

  test('each retry after a 503 has the token of its moment, and the same body', async () => {
    const { http, api, server, replaceToken } = await retrying({
      retryCondition: (error) => error.response?.status === 503,
      onRetry: () => replaceToken(),
    })
    api.next({ status: 503 }, { status: 503 })

    const { status } = await http.post('/accounts', { name: 'é' })

    expect(status).toBe(200)
    expect(story(api.requests)).toEqual(['t1 503', 't2 503', 't3 200'])
    expect(bodiesOf(api.requests)).toEqual(Array(3).fill('{"name":"é"}'))
    expect(server.requests).toHaveLength(3)
  })

  test('a 401 inside a retry is replayed and costs none of the retries', async () => {
    const counts: number[] = []
    const { http, api } = await retrying({
      retries: 2,
      onRetry: (count) => void counts.push(count),
    })
    api.next({ status: 503 }, refusal, { status: 503 })

    expect((await http.get('/accounts')).status).toBe(200)

    expect(story(api.requests)).toEqual(['t1 503', 't1 401', 't2 503', 't2 200'])
    expect(counts).toEqual([1, 2])
  })

  test("the config that a retry receives is the caller's own and never shows a token", async () => {
    const rounds: unknown[] = []
    const { http, api, tokens } = await retrying({
      retries: 2,
      onRetry: (_, error, config) => void rounds.push(...[error.config, config].map(asSeen)),
    })
    const { value, authorization } = await tokens.getAccessToken()
    const asSeen = (config: object | undefined) => ({
      ...(config as InternalAxiosRequestConfig),
      showsToken: shows(config, value),
    })
    const sent: unknown[] = []
    const send = axios.getAdapter('http')
    const adapter = (config: InternalAxiosRequestConfig) => {
      sent.push(config.headers.Authorization)
      return send(config)
    }
    http.defaults.adapter = adapter
    api.next({ status: 503 }, { drop: 'before-headers' }, { status: 503 })

    const error = (await rejection(http.get('/accounts'))) as AxiosError

    expect(error).toMatchObject({ code: 'ERR_BAD_RESPONSE', status: 503 })
    expect(sent).toEqual(Array(3).fill(authorization))
    rounds.push(asSeen(error.config), asSeen(error.response?.config))
    expect(rounds).toHaveLength(6)
    for (const config of rounds) {
      expect(config).toMatchObject({ adapter, url: '/accounts', showsToken: false })
      expect(config).not.toHaveProperty('beforeRedirect')
    }
    expect(JSON.stringify(error)).not.toContain(value)
  })

  /** How often a call is sent again that gets no token, and the code that it ends with. */
  async function retriesWithoutToken(options: IAxiosRetryConfig, answer: { status: number }) {
    const { server, api } = await startKitWorld()
    const { tokens } = providerFor(server.tokenEndpoint, { retries: 0 })
    const http = axios.create({ baseURL: api.origin })
    let retries = 0
    install(http, tokens, { ...options, onRetry: () => void retries++ })
    server.next(answer)
    const { code } = (await rejection(http.get('/accounts'))) as AxiosError
    expect(api.requests).toEqual([])
    return { retries, code }
  }

  test('with the documented condition it does not retry a permanent failure', async () => {
    const invalidScope = { status: 400, body: { error: 'invalid_scope' } }
    const usual = await retriesWithoutToken({}, invalidScope)
    const documented = await retriesWithoutToken({ retryCondition }, invalidScope)
    expect([usual, documented]).toEqual([
      { retries: 3, code: 'ERR_OAUTH' },
      { retries: 0, code: 'ERR_OAUTH' },
    ])
  })

  test('with the documented condition it retries a transient failure', async () => {
    expect(await retriesWithoutToken({ retryCondition }, { status: 503 })).toEqual({
      retries: 3,
      code: 'ERR_TOKEN_UNAVAILABLE',
    })
    const { http, api } = await retrying({ retryCondition })
    api.next({ drop: 'before-headers' })
    expect((await http.get('/accounts')).status).toBe(200)
    expect(story(api.requests)).toEqual(['t1 0', 't1 200'])
  })

  test('a config that is retried before it was sent is not wrapped again', async () => {
    const wrappers: unknown[] = []
    const flaky = (config: InternalAxiosRequestConfig) => {
      wrappers.push(config.adapter)
      if (wrappers.length < 3) throw new AxiosError('not yet', 'ECONNRESET', config)
      return config
    }
    const all = await startKitWorld()
    const http = axios.create({ baseURL: all.api.origin })
    http.interceptors.request.use(flaky)
    install(http, all.tokens)

    expect((await http.get('/accounts')).status).toBe(200)

    expect(wrappers).toHaveLength(3)
    expect(new Set(wrappers).size).toBe(1)
    expect(story(all.api.requests)).toEqual(['t1 200'])
  })
})

test.each<Partial<AxiosError>>([
  { code: 'ECONNRESET' },
  { code: 'ECONNREFUSED', config: { method: 'post' } as never },
  { code: 'ENOTFOUND' },
  { code: 'CERT_HAS_EXPIRED' },
  { code: 'ECONNABORTED' },
  { code: 'ERR_CANCELED' },
  {},
  ...[401, 429, 500, 503].flatMap((status) =>
    ['get', 'post', 'put', 'delete', 'patch'].map((method) => ({
      ...{ code: 'ERR_BAD_RESPONSE', config: { method } as never },
      response: { status } as never,
    })),
  ),
])('decides about %j as axios-retry does by default', (error) => {
  expect(retryCondition(error)).toBe(isNetworkOrIdempotentRequestError(error as AxiosError))
})
