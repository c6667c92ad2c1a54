import type { Readable } from 'node:stream'
import { text } from 'node:stream/consumers'
import { addAuthorization } from '@countersign/axios-interceptor'
import { staticTokenProvider } from '@countersign/testing'
import axios, { AxiosHeaders, type AxiosRequestConfig } from 'axios'
import { describe, expect, test } from 'vitest'
import { answer, refused } from '../support/recording-api.ts'
import { startWorld } from '../support/world.ts'

/** A warm provider whose token has just been revoked, attached to an instance. */
async function revoked(config: AxiosRequestConfig = {}) {
  const world = await startWorld()
  await world.tokens.getAccessToken()
  world.server.revokeAll()
  const instance = axios.create({ baseURL: world.api.origin, ...config })
  addAuthorization(instance, world.tokens, { onEvent: world.onEvent })
  return { ...world, instance }
}

describe('the options of axios', () => {
  test.each(['http', 'fetch'])(
    'validateStatus: () => true with %s',
    { tags: ['promise-12', 'U17'] },
    async (adapter) => {
      const { instance, api, clock } = await revoked({ adapter, validateStatus: () => true })

      expect((await instance.get('/x')).status).toBe(200)
      await clock.advance(6000)
      api.next(refused, answer(401, {}, 'the second'))
      expect(await instance.get('/x')).toMatchObject({ status: 401, data: 'the second' })
    },
  )

  test("responseType: 'stream' frees the refused body and hands over the next", {
    tags: ['promise-12', 'U17'],
  }, async () => {
    const { instance, api } = await revoked({ responseType: 'stream', adapter: 'http' })
    let destroyed = false
    api.next((response) => {
      response.once('close', () => {
        destroyed = !response.writableEnded
      })
      response.writeHead(401).write('without end')
    })

    const { data, status } = await instance.get<Readable>('/x')

    expect(status).toBe(200)
    expect(await text(data)).toBe('ok')
    expect(destroyed).toBe(true)
  })

  test("a second 401 with responseType: 'stream' arrives with its body unread", {
    tags: ['promise-12', 'U17'],
  }, async () => {
    const { instance, api } = await revoked({ responseType: 'stream', adapter: 'http' })
    api.next(refused, answer(401, {}, 'the second'))

    const error = await instance.get('/x').catch((thrown: unknown) => thrown)

    if (!axios.isAxiosError<Readable>(error)) expect.unreachable()
    expect(await text(error.response?.data as Readable)).toBe('the second')
  })

  test('interceptors and transforms run once; response interceptors see one response', {
    tags: ['promise-12', 'U18'],
  }, async () => {
    const { instance, api } = await revoked()
    const ran: string[] = []
    instance.interceptors.request.use((config) => {
      ran.push(`request ${config.headers.has('authorization')}`)
      return config
    })
    instance.interceptors.response.use((response) => {
      ran.push(`response ${response.status}`)
      return response.data
    })

    const data = await instance.post('/x', 'a', {
      transformRequest: (sent) => {
        ran.push('transformRequest')
        return `${sent}b`
      },
      transformResponse: (received) => {
        ran.push('transformResponse')
        return `${received}!`
      },
    })

    expect(data).toBe('ok!')
    expect(api.seen.map(({ body }) => String(body))).toEqual(['ab', 'ab'])
    expect(ran).toEqual(['request false', 'transformRequest', 'transformResponse', 'response 200'])
  })

  test('a replayed 401 keeps params, maxRedirects and headers of the call', {
    tags: ['promise-12', 'U18'],
  }, async () => {
    const { instance, api } = await revoked()
    api.next(refused, answer(302, { location: '/elsewhere' }))

    const { status } = await instance.get('/x', {
      params: { a: [1, 2] },
      headers: { 'X-Custom': 'kept' },
      maxRedirects: 0,
      validateStatus: (code) => code === 302,
    })

    expect(status).toBe(302)
    expect(api.seen.map(({ url, headers }) => [url, headers['x-custom']])).toEqual(
      Array(2).fill(['/x?a%5B%5D=1&a%5B%5D=2', 'kept']),
    )
  })

  test('an interceptor that replaces the config, async ones and the other order work', {
    tags: ['promise-12'],
  }, async () => {
    // 1.12 knows one order only, and refuses the option.
    const isOrderKnown = !axios.VERSION.startsWith('1.12.')
    const transitional = { legacyInterceptorReqResOrdering: false } as object
    const { instance, api } = await revoked(isOrderKnown ? { transitional } : {})
    instance.interceptors.request.use(async (config) => ({ ...config, params: { added: 1 } }))

    expect((await instance.get('/x')).status).toBe(200)
    expect(api.seen.map(({ url, status }) => `${url} ${status}`)).toEqual([
      '/x?added=1 401',
      '/x?added=1 200',
    ])
  })
})

describe("the caller's own authentication", () => {
  const basic = `Basic ${btoa('user:word')}`

  test.each<[string, AxiosRequestConfig]>([
    ['the auth option', { auth: { username: 'user', password: 'word' } }],
    ['a header of the instance', { headers: { common: { AUTHORIZATION: basic } } as never }],
    ['AxiosHeaders', { headers: new AxiosHeaders({ authorization: basic }) }],
  ])('%s goes as it is', { tags: ['promise-7', 'X13', 'X14'] }, async (_, config) => {
    const { instance, api, server } = await revoked({ validateStatus: () => true, ...config })

    await instance.get('/x')

    expect(api.seen.map(({ authorization }) => authorization)).toEqual([basic])
    expect(server.requests).toHaveLength(1)
  })

  test('takes userinfo in the URL for credentials of the request', {
    tags: ['promise-7', 'X14'],
  }, async () => {
    const { instance, api } = await revoked({ validateStatus: () => true })

    await instance.get(`http://user:word@127.0.0.1:${api.port}/x`)

    expect(api.seen.map(({ authorization }) => authorization)).toEqual([basic])
  })

  test('an Authorization that an interceptor sets wins, whenever it was added', {
    tags: ['promise-7', 'X13'],
  }, async () => {
    const { instance, api } = await revoked({ validateStatus: () => true })
    instance.interceptors.request.use((config) => {
      config.headers.set('Authorization', basic)
      return config
    })

    await instance.get('/x')

    expect(api.seen.map(({ authorization }) => authorization)).toEqual([basic])
  })

  test('null counts as absent as undefined does; false is a word against the header', {
    tags: ['promise-7', 'X21'],
  }, async () => {
    const { instance, api } = await revoked({ validateStatus: () => true })

    await instance.get('/null', { headers: { Authorization: null } })
    await instance.get('/false', { headers: { Authorization: false } as never })

    expect(api.seen.map(({ url, status }) => `${url} ${status}`)).toEqual([
      '/null 401',
      '/null 200',
      '/false 401',
    ])
    expect(api.seen[2]?.authorization).toBeUndefined()
  })
})

describe('per request', () => {
  test('countersign is typed in the config of a request and of an instance', {
    tags: ['promise-8'],
  }, async () => {
    const { instance } = await revoked()
    const typed: AxiosRequestConfig = { countersign: false }
    // @ts-expect-error scopes is no member
    const wrong: AxiosRequestConfig = { countersign: { scopes: 'a' } }

    expect(typed.countersign).toBe(false)
    await expect(instance.get('/x', wrong)).rejects.toMatchObject({ code: 'ERR_INVALID_OPTION' })
    addAuthorization(axios.create({ baseURL: 'https://a.test' }), staticTokenProvider(), {
      onForeignOrigin: 'throw',
    })
  })
})
