import { generateKeyPairSync } from 'node:crypto'
import { addAuthorization } from '@countersign/axios-interceptor'
import { createTokenProvider, isCountersignError } from '@countersign/core'
import axios, { AxiosError, type InternalAxiosRequestConfig } from 'axios'
import axiosRetry, { type IAxiosRetryConfig, isNetworkOrIdempotentRequestError } from 'axios-retry'
import { describe, expect, test } from 'vitest'
import { refused, shows, story, world } from './world.ts'

describe.each(['before', 'after'])('axios-retry, installed %s us', (order) => {
  /** An instance with both, and a real API. */
  async function retrying(options: IAxiosRetryConfig) {
    const all = await world()
    const http = axios.create({ baseURL: all.api.origin })
    if (order === 'before') axiosRetry(http, options)
    addAuthorization(http, all.tokens)
    if (order === 'after') axiosRetry(http, options)
    return { ...all, http }
  }

  test('U14: a token replaced after a reset connection is the one that is sent again', async () => {
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

  test('U14: each retry after a 503 has the token of its moment, and the same body', async () => {
    const { http, api, server, replaceToken } = await retrying({
      retryCondition: (error) => error.response?.status === 503,
      onRetry: () => replaceToken(),
    })
    api.next({ status: 503 }, { status: 503 })

    const { status } = await http.post('/accounts', { name: 'é' })

    expect(status).toBe(200)
    expect(story(api.requests)).toEqual(['t1 503', 't2 503', 't3 200'])
    const bodies = api.requests.map(({ body }) => Buffer.from(body).toString())
    expect(bodies).toEqual(Array(3).fill('{"name":"é"}'))
    expect(server.requests).toHaveLength(3)
  })

  test('U14: a 401 inside a retry is replayed and costs none of the retries', async () => {
    const counts: number[] = []
    const { http, api } = await retrying({
      retries: 2,
      onRetry: (count) => void counts.push(count),
    })
    api.next({ status: 503 }, refused, { status: 503 })

    expect((await http.get('/accounts')).status).toBe(200)

    expect(story(api.requests)).toEqual(['t1 503', 't1 401', 't2 503', 't2 200'])
    expect(counts).toEqual([1, 2])
  })

  test("U14: the config that comes round is the caller's own and never shows a token", async () => {
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

    const error = await http.get<never, AxiosError>('/accounts').catch((thrown) => thrown)

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
    const { server, api } = await world()
    const { tokenEndpoint } = server
    const key = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey
    const tokens = createTokenProvider({ clientId: 'client', tokenEndpoint, key, retries: 0 })
    const http = axios.create({ baseURL: api.origin })
    let retries = 0
    const counting = { ...options, onRetry: () => void retries++ }
    if (order === 'before') axiosRetry(http, counting)
    addAuthorization(http, tokens)
    if (order === 'after') axiosRetry(http, counting)
    server.next(answer)
    const { code } = await http.get<never, AxiosError>('/accounts').catch((thrown) => thrown)
    expect(api.requests).toEqual([])
    return { retries, code }
  }

  // As docs/guides/axios.md has it.
  const retryCondition = (error: AxiosError) =>
    isNetworkOrIdempotentRequestError(error) &&
    !(isCountersignError(error.cause) && !error.cause.retryable)

  test('U14: with the documented condition it leaves alone what no retry mends', async () => {
    const refusal = { status: 400, body: { error: 'invalid_scope' } }
    const usual = await retriesWithoutToken({}, refusal)
    const documented = await retriesWithoutToken({ retryCondition }, refusal)
    expect([usual, documented]).toEqual([
      { retries: 3, code: 'ERR_OAUTH' },
      { retries: 0, code: 'ERR_OAUTH' },
    ])
  })

  test('U14: with the documented condition it tries again what may pass', async () => {
    expect(await retriesWithoutToken({ retryCondition }, { status: 503 })).toEqual({
      retries: 3,
      code: 'ERR_TOKEN_UNAVAILABLE',
    })
    const { http, api } = await retrying({ retryCondition })
    api.next({ drop: 'before-headers' })
    expect((await http.get('/accounts')).status).toBe(200)
    expect(story(api.requests)).toEqual(['t1 0', 't1 200'])
  })

  test('U14: a config that comes round before it was sent is not wrapped again', async () => {
    const wrappers: unknown[] = []
    const flaky = (config: InternalAxiosRequestConfig) => {
      wrappers.push(config.adapter)
      if (wrappers.length < 3) throw new AxiosError('not yet', 'ECONNRESET', config)
      return config
    }
    const all = await world()
    const http = axios.create({ baseURL: all.api.origin })
    http.interceptors.request.use(flaky)
    if (order === 'before') axiosRetry(http)
    addAuthorization(http, all.tokens)
    if (order === 'after') axiosRetry(http)

    expect((await http.get('/accounts')).status).toBe(200)

    expect(wrappers).toHaveLength(3)
    expect(new Set(wrappers).size).toBe(1)
    expect(story(all.api.requests)).toEqual(['t1 200'])
  })
})
