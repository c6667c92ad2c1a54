import { inspect } from 'node:util'
import { createTokenProvider, isCountersignError, redactError } from '@countersign/core'
import { authorizationHooks } from '@countersign/ky-hook'
import { staticTokenProvider } from '@countersign/testing'
import ky, {
  type BeforeRequestHook,
  HTTPError,
  type InitHook,
  type KyInstance,
  type Options,
} from 'ky'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { clientKey } from '../support/keys.ts'
import { answer, refused } from '../support/recording-api.ts'
import { bodiesOf, startWorld, until } from '../support/world.ts'

async function attached(options: Options = {}) {
  const world = await startWorld()
  const hooks = authorizationHooks(world.tokens, { origins: [world.api.origin] })
  const api = ky.create({ prefix: world.api.origin, hooks, ...options })
  return { ...world, recording: world.api, api }
}

function extendInit(api: KyInstance, hook: InitHook): KyInstance {
  return api.extend({ hooks: { init: [hook] } })
}

function extendBefore(api: KyInstance, hook: BeforeRequestHook): KyInstance {
  return api.extend({ hooks: { beforeRequest: [hook] } })
}

afterEach(() => {
  vi.restoreAllMocks()
})

describe("ky's retries", () => {
  test("each of ky's own attempts carries the current token", {
    tags: ['promise-12', 'U14'],
  }, async () => {
    const { api, recording, clock, server } = await attached({
      retry: { limit: 2, delay: () => 1 },
    })
    recording.next(answer(503), (response, seen) => {
      // The token has gone out of use between two attempts.
      void clock.advance(601_000).then(() => answer(503)(response, seen))
    })

    expect(await api.put('x', { json: { a: 1 } }).text()).toBe('ok')

    expect(recording.seen.map(({ status, body }) => `${status} ${body}`)).toEqual([
      '503 {"a":1}',
      '503 {"a":1}',
      '200 {"a":1}',
    ])
    const [first, second, third] = recording.seen.map(({ authorization }) => authorization)
    expect(second).toBe(first)
    expect(third).not.toBe(second)
    expect(server.requests).toHaveLength(2)
  })

  test("a replay costs none of ky's retry budget", { tags: ['promise-12', 'U14'] }, async () => {
    const { api, recording } = await attached({ retry: { limit: 1, delay: () => 1 } })
    recording.next(refused, answer(503))

    expect(await api.get('x').text()).toBe('ok')
    expect(recording.seen.map(({ status }) => status)).toEqual([401, 503, 200])
  })

  test('is not retried by ky if a token cannot be obtained', { tags: ['promise-14'] }, async () => {
    const { api, recording, server } = await attached()
    server.next({ status: 400, body: { error: 'invalid_client' } })

    const error = await api.get('x').catch((thrown: unknown) => thrown)

    expect(isCountersignError(error)).toBe(true)
    expect(error).toMatchObject({ code: 'ERR_OAUTH', error: 'invalid_client' })
    expect([server.requests.length, recording.seen.length]).toEqual([1, 0])
  })
})

describe("ky's hooks and errors", () => {
  test('hooks see one request without a token and one response', {
    tags: ['promise-12'],
  }, async () => {
    const { api, recording } = await attached()
    recording.next(refused)
    const seen: string[] = []
    const extended = api.extend({
      hooks: {
        beforeRequest: [
          ({ request }) => void seen.push(`before ${request.headers.has('authorization')}`),
        ],
        afterResponse: [({ response }) => void seen.push(`after ${response.status}`)],
      },
    })

    await extended.get('x')

    expect(seen).toEqual(['before false', 'after 200'])
    expect(recording.seen.map(({ status }) => status)).toEqual([401, 200])
  })

  test('an HTTPError holds no token, and redactError makes it safe to log', {
    tags: ['promise-12', 'L5'],
  }, async () => {
    const { api, recording, tokens } = await attached({ retry: 0 })
    recording.answerWith(answer(500, {}, 'secret body'))

    const error = await api.get('x?key=hunter2').catch((thrown: unknown) => thrown)

    if (!(error instanceof HTTPError)) expect.unreachable()
    const { value } = await tokens.getAccessToken()
    expect(recording.seen[0]?.authorization).toBe(`Bearer ${value}`)
    expect(inspect(error, { depth: 10, showHidden: true, getters: true })).not.toContain(value)
    expect(error.request.headers.get('authorization')).toBeNull()
    expect(redactError(error)).toEqual({
      name: 'HTTPError',
      message: `Request failed with status code 500 Internal Server Error: GET ${recording.origin}/x`,
      status: 500,
      method: 'GET',
      url: `${recording.origin}/x`,
      stack: expect.stringMatching(/^HTTPError: Request failed.*\n {4}at /),
    })
  })

  test("the caller's Authorization wins, from options, a Request or a beforeRequest hook", {
    tags: ['promise-7'],
  }, async () => {
    const { api, recording } = await attached({ retry: 0, throwHttpErrors: false })
    const mine = { authorization: 'Basic bWluZQ==' }

    await api.get('options', { headers: mine })
    await api.get(new Request(`${recording.origin}/request`, { headers: mine }))
    const setting: BeforeRequestHook = ({ request }) =>
      request.headers.set('authorization', mine.authorization)
    await extendBefore(api, setting).get('hook')

    expect(recording.seen.map(({ authorization }) => authorization)).toEqual(
      Array(3).fill(mine.authorization),
    )
  })

  test('the guard against ky 1 is gone from what other hooks see', async () => {
    const { api } = await attached()
    const seen: Options['hooks'][] = []
    await extendInit(api, (options) => void seen.push(options.hooks)).get('x')

    expect(seen.map((hooks) => hooks?.beforeRequest)).toEqual([[]])
  })

  test('the guard against ky 1 lets ky 2 pass, where an instance has nothing but it', async () => {
    const { tokens, api, evil } = await startWorld()
    const { beforeRequest } = authorizationHooks(tokens, { origins: [api.origin] })

    expect(await ky.get(evil.origin, { hooks: { beforeRequest } }).text()).toBe('evil')
    expect(evil.seen).toHaveLength(1)
  })

  test('the init hook alone is enough', async () => {
    const { api, tokens } = await startWorld()
    const { init } = authorizationHooks(tokens, { origins: [api.origin] })

    expect(await ky.get(api.origin, { hooks: { init } }).text()).toBe('ok')
    expect(api.seen.map(({ status }) => status)).toEqual([200])
  })

  test('the init hook accepts options without hooks', async () => {
    const { api, tokens } = await startWorld()
    const clone = vi.spyOn(Request.prototype, 'clone')
    const [init] = authorizationHooks(tokens, { origins: [api.origin] }).init
    const options: Options = { body: 'text' }
    init?.(options)
    api.next(refused)

    await options.fetch?.(new Request(api.origin, { method: 'POST', body: 'text' }))

    expect(bodiesOf(api.seen)).toEqual(['text', 'text'])
    expect(clone).not.toHaveBeenCalled()
  })

  test('an init hook never throws: what is wrong in context rejects', async () => {
    const { api, recording } = await attached()

    const call = api.get('x', { context: { countersign: 'accounts' } })

    await expect(call).rejects.toMatchObject({
      name: 'ConfigurationError',
      code: 'ERR_INVALID_OPTION',
      message: "Option 'countersign' must be an object.",
    })
    expect(recording.seen).toEqual([])
  })

  test('totalTimeout covers the wait for a token', { tags: ['promise-10'] }, async () => {
    const { api, recording, server } = await attached({ retry: 0, timeout: false })
    const release = server.hold()

    const call = api.get('x', { totalTimeout: 30 })
    await expect(call).rejects.toMatchObject({ name: 'TimeoutError' })
    release()

    expect(recording.seen).toEqual([])
  })
})

describe('bodies', { tags: ['promise-6'] }, () => {
  test('no request is cloned by us: without a body, with a known one, or with a stream', async () => {
    const { api, recording } = await attached({ retry: 0 })
    const clone = vi.spyOn(Request.prototype, 'clone')
    recording.next(refused)

    await api.get('x')
    await api.post('x', { json: { a: 1 } })
    await api.post('x', { body: 'text' })
    await api.post('x', { body: new FormData() })
    await api.post('x', { body: new Blob(['a']).stream() })

    expect(recording.seen.map(({ status }) => status)).toEqual([401, 200, 200, 200, 200, 200])
    expect(clone).not.toHaveBeenCalled()
  })

  test('a Request that the caller made is cloned once, to keep a bounded copy', async () => {
    const { api, recording } = await attached({ retry: 0 })
    const request = new Request(`${recording.origin}/x`, { method: 'POST', body: 'text' })
    const clone = vi.spyOn(Request.prototype, 'clone')
    recording.next(refused)

    expect(await api(request).text()).toBe('ok')

    expect(recording.seen.map(({ status, body }) => `${status} ${body}`)).toEqual([
      '401 text',
      '200 text',
    ])
    expect(clone).toHaveBeenCalledTimes(1)
  })

  test('JSON is replayed as it was sent, though its source was changed meanwhile', async () => {
    const { api, recording, server } = await attached({ retry: 0 })
    recording.next(refused)
    const order = { amount: 1 }

    const pending = api.post('x', { json: order })
    await until(() => server.requests.length === 1)
    order.amount = 2
    await pending

    expect(bodiesOf(recording.seen)).toEqual(['{"amount":1}', '{"amount":1}'])
  })

  test('a stringifyJson of the caller is used once, also inside one that a later hook sets', async () => {
    const { api, recording, clock } = await attached({ retry: 0 })
    let calls = 0
    const stringifyJson = (data: unknown) => `${JSON.stringify(data)} ${++calls}`
    const wrapping: InitHook = (options) => {
      const inner = options.stringifyJson
      options.stringifyJson = (data) => `[${inner?.(data)}]`
    }
    recording.next(refused)
    await api.post('x', { json: 1, stringifyJson })
    await clock.advance(6000)
    recording.next(refused)
    await extendInit(api, wrapping).post('x', { json: 1, stringifyJson })

    expect(bodiesOf(recording.seen)).toEqual(['1 1', '1 1', '[1 2]', '[1 2]'])
  })

  test('json that a later init hook changes is what is sent and replayed', async () => {
    const { api, recording } = await attached({ retry: 0 })
    const setting: InitHook = (options) => void Object.assign(options, { json: { later: true } })
    recording.next(refused)

    await extendInit(api, setting).post('x', { json: { later: false } })

    expect(bodiesOf(recording.seen)).toEqual(Array(2).fill('{"later":true}'))
  })

  test('reports progress of the upload and of the final response', async () => {
    const { api, recording } = await attached({ retry: 0 })
    recording.next(refused)
    const uploaded: number[] = []
    const downloaded: number[] = []

    const text = await api
      .post('x', {
        body: 'x'.repeat(1000),
        onUploadProgress: ({ percent }) => void uploaded.push(percent),
        onDownloadProgress: ({ transferredBytes }) => void downloaded.push(transferredBytes),
      })
      .text()

    expect(text).toBe('ok')
    expect(recording.seen.map(({ status, body }) => `${status} ${body.length}`)).toEqual([
      '401 1000',
      '200 1000',
    ])
    expect(uploaded.at(-1)).toBe(1)
    expect(downloaded.at(-1)).toBe(2)
  })
})

describe('a Request that is not the one ky made', () => {
  test.each<[string, (other: () => Request) => NonNullable<Options['hooks']>]>([
    ['beforeRequest', (other) => ({ beforeRequest: [other] })],
    ['beforeRetry', (other) => ({ beforeRetry: [other] })],
    ['afterResponse', (other) => ({ afterResponse: [(state) => retryWith(other, state)] })],
  ])(
    'of a %s hook is what is sent, also after a 401',
    {
      tags: ['promise-6'],
    },
    async (_, create) => {
      const { api, recording } = await attached({ retry: { limit: 1, delay: () => 1 } })
      recording.next(answer(503), refused)
      const init = { method: 'PUT', body: 'other body' }
      const hooks = create(() => new Request(`${recording.origin}/other`, init))

      await api.extend({ hooks }).put('x', { json: { a: 1 } })

      expect(recording.seen.slice(1).map(({ url, body }) => `${url} ${body}`)).toEqual(
        Array(2).fill('/other other body'),
      )
    },
  )

  function retryWith(other: () => Request, { response }: { response: Response }) {
    return response.ok ? undefined : ky.retry({ request: other() })
  }

  test('a Request without a body stays without one', { tags: ['promise-6'] }, async () => {
    const { api, recording } = await attached({ retry: 0 })
    recording.next(refused)
    const emptying: BeforeRequestHook = ({ request }) =>
      new Request(request.url, { method: 'POST' })

    await extendBefore(api, emptying).post('x', { json: { secret: 1 } })

    expect(bodiesOf(recording.seen)).toEqual(['', ''])
  })

  test('a fetch that a later init hook puts around ours decides what is sent, twice', {
    tags: ['promise-6'],
  }, async () => {
    const { api, recording } = await attached({ retry: 0 })
    recording.next(refused)
    const wrapping: InitHook = (options) => {
      const { fetch = globalThis.fetch } = options
      options.fetch = async (input, init) => {
        const body = btoa(await new Request(input).clone().text())
        return fetch(new Request(input, { body }), init)
      }
    }

    await extendInit(api, wrapping).post('x', { json: { pin: 1 } })

    expect(bodiesOf(recording.seen)).toEqual(Array(2).fill(btoa('{"pin":1}')))
  })

  test('what only a fetch reads from its init comes with the replay too', {
    tags: ['promise-12'],
  }, async () => {
    const inits: unknown[] = []
    const { api, recording } = await attached({
      retry: 0,
      fetch: (input, init) => {
        inits.push((init as { next?: number } | undefined)?.next)
        return fetch(input, init)
      },
    })
    recording.next(refused)

    await api.post('x', { json: 1, next: 1 } as Options)

    expect(inits).toEqual([1, 1])
    expect(recording.seen.map(({ status }) => status)).toEqual([401, 200])
  })
})

describe('origins', () => {
  test('that are missing throw: ky’s prefix and baseUrl are not taken for them', {
    tags: ['X17'],
  }, () => {
    expect(() => authorizationHooks(staticTokenProvider(), {} as never)).toThrow(
      expect.objectContaining({ name: 'ConfigurationError', option: 'origins' }),
    )
  })

  test.each<[string, (api: KyInstance, url: string) => Promise<Response>]>([
    ['a prefix of its own', (api, url) => api.get('x', { prefix: url })],
    ['a baseUrl of its own', (api, url) => api.get('/x', { prefix: '', baseUrl: url })],
    ['a URL', (api, url) => api.get(new URL(`${url}/x`))],
    ['a Request', (api, url) => api.get(new Request(`${url}/x`))],
    [
      'a beforeRequest hook',
      (api, url) => extendBefore(api, () => new Request(`${url}/x`)).get('x'),
    ],
  ])('%s leads to EVIL without the token', { tags: ['promise-9', 'X6', 'X7'] }, async (_, call) => {
    const { api, evil, recording } = await attached()

    expect(await (await call(api, evil.origin)).text()).toBe('evil')
    expect(evil.seen).toMatchObject([{ authorization: undefined }])
    expect(recording.seen).toEqual([])
  })
})

test('the token request may go through the very ky that it is for', {
  tags: ['promise-9', 'D8'],
}, async () => {
  const { server, api: recording } = await startWorld()
  let api: KyInstance | undefined
  const tokens = createTokenProvider({
    ...{ clientId: 'client', tokenEndpoint: server.tokenEndpoint, key: clientKey.privateKey },
    fetch: (url, init) => api?.(url, init as Options) ?? expect.unreachable(),
  })
  const origins = [recording.origin, new URL(server.tokenEndpoint).origin]
  api = ky.create({ hooks: authorizationHooks(tokens, { origins }) })

  expect(await api.get(`${recording.origin}/x`).text()).toBe('ok')
  expect(server.requests.map(({ status }) => status)).toEqual([200])
})

test.each([
  ['text/plain', /^text\/plain$/],
  [undefined, /^multipart\/form-data; ?boundary=/],
])(
  'the replay of a form keeps the content type that the caller set: %s',
  async (type, expected) => {
    const { api, recording } = await attached()
    recording.next(refused)
    const body = new FormData()
    body.append('name', 'value')

    await api.post('x', { body, ...(type && { headers: { 'content-type': type } }) }).text()

    const types = recording.seen.map(({ headers }) => headers['content-type'])
    expect(types).toEqual([expect.stringMatching(expected), expect.stringMatching(expected)])
    expect(recording.seen[1]?.body.toString()).toContain('name="name"')
  },
)

test('a second provider for an origin is found behind a hook that wraps the fetch', {
  tags: ['promise-11', 'X16'],
}, async () => {
  const { api, recording, provider, server } = await attached()
  const wrap: InitHook = (request) => {
    const { fetch = globalThis.fetch } = request
    request.fetch = (input, init) => fetch(input, init)
  }
  const second = authorizationHooks(provider(), { origins: [recording.origin] })
  const both = extendInit(api, wrap).extend({ hooks: second })

  await expect(both.get('x')).rejects.toMatchObject({
    name: 'ConfigurationError',
    code: 'ERR_INVALID_OPTION',
    option: 'origins',
  })

  expect([recording.seen, server.requests]).toEqual([[], []])
})
