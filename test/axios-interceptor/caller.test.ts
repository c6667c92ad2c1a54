import { once } from 'node:events'
import type { Readable } from 'node:stream'
import { text } from 'node:stream/consumers'
import { addAuthorization } from '@countersign/axios-interceptor'
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
    let closed: Promise<unknown> | undefined
    api.next((response) => {
      closed = once(response, 'close')
      response.writeHead(401).write('without end')
    })

    const { data } = await instance.get<Readable>('/x')

    expect(await text(data)).toBe('ok')
    await closed
  })

  test("a second 401 with responseType: 'stream' arrives with its body unread", {
    tags: ['promise-12', 'U17'],
  }, async () => {
    const { instance, api } = await revoked({ responseType: 'stream', adapter: 'http' })
    api.next(refused, answer(401, {}, 'the second'))

    const error = await instance.get('/x').catch((thrown) => thrown)

    expect(await text(error.response.data)).toBe('the second')
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

  const setByInterceptor: Parameters<typeof axios.interceptors.request.use>[0] = (config) => {
    if (config.url === '/interceptor') config.headers.set('Authorization', basic)
    return config
  }

  test.each<[string, string, AxiosRequestConfig]>([
    ['the auth option', '/x', { auth: { username: 'user', password: 'word' } }],
    ['a header of the instance', '/x', { headers: { common: { AUTHORIZATION: basic } } as never }],
    ['AxiosHeaders', '/x', { headers: new AxiosHeaders({ authorization: basic }) }],
    ['userinfo in the URL', 'http://user:word@HOST/x', {}],
    ['a header that an interceptor sets', '/interceptor', {}],
  ])('%s is sent as it is', { tags: ['promise-7', 'X13', 'X14'] }, async (_, url, config) => {
    const { instance, api, server } = await revoked({ validateStatus: () => true, ...config })
    instance.interceptors.request.use(setByInterceptor)

    await instance.get(url.replace('HOST', `127.0.0.1:${api.port}`))

    expect(api.seen).toMatchObject([{ authorization: basic }])
    expect(server.requests).toHaveLength(1)
  })

  test('null counts as absent as undefined does, and false removes the header', {
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
