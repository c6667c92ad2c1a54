import { getEventListeners } from 'node:events'
import type { AuthorizationOptions, TokenSource } from '@countersign/core'
import { createFetchAuthorizer } from '@countersign/core/adapter'
import { authorizedFetch } from '@countersign/core/fetch'
import { staticTokenProvider } from '@countersign/testing'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { bodiesOf, startKitWorld } from '../../support/world.ts'
import { token } from './exchange-under-test.ts'

type Fetch = typeof globalThis.fetch

const url = 'https://api.example/x'
const options = { origins: ['https://api.example'] }

afterEach(() => {
  vi.unstubAllGlobals()
  vi.restoreAllMocks()
})

/** Returns tokens t1, t2, …, each current until it is rejected, and only through a promise. */
function renewingTokens(): TokenSource {
  let count = 1
  return {
    getAccessToken: async () => token(`t${count}`),
    invalidate: () => {
      count += 1
    },
  }
}

/** A transport that notes what it was given, and answers with these statuses in turn. */
function transport(...statuses: readonly number[]) {
  const given: { input: unknown; init: RequestInit | undefined; request: Request }[] = []
  const fetch = (async (input: string | Request, init?: RequestInit) => {
    given.push({ input, init, request: new Request(input, init) })
    return new Response(null, { status: statuses[given.length - 1] ?? 200 })
  }) as Fetch
  return { fetch, given }
}

function attached(statuses: readonly number[] = [], more: Partial<AuthorizationOptions> = {}) {
  const { fetch, given } = transport(...statuses)
  const send = authorizedFetch(staticTokenProvider('t1'), { ...options, ...more, fetch })
  return { send, given }
}

describe('what the transport is given', () => {
  test('sends a request to another origin unchanged', { tags: ['promise-9'] }, async () => {
    const { send, given } = attached()
    await send('https://evil.example/x')
    await send('https://evil.example/x', { method: 'PUT', countersign: { scope: 'a' } })
    expect(given.map(({ init }) => ({ ...init }))).toEqual([{}, { method: 'PUT' }])
    expect(given[0]?.init).not.toHaveProperty('headers')
  })

  test('neither an Authorization that is undefined', { tags: ['promise-9', 'X21'] }, async () => {
    const { send, given } = attached()
    const headers = { Authorization: undefined, 'x-other': 'kept' } as never
    await send('https://evil.example/x', { headers })
    await send(url, { headers })
    expect(given.map(({ init }) => init?.headers)).toStrictEqual([
      { 'x-other': 'kept' },
      { 'x-other': 'kept', authorization: 'Bearer t1' },
    ])
  })

  test('a header whose name is only as long as Authorization is none', {
    tags: ['promise-7'],
  }, async () => {
    const { send, given } = attached()
    await send(url, { headers: { 'x-request-idx': '1' } })
    expect(given[0]?.init?.headers).toEqual({ 'x-request-idx': '1', authorization: 'Bearer t1' })
  })

  test('a body in init instead of that of a Request, which is not copied', {
    tags: ['promise-6'],
  }, async () => {
    const clone = vi.spyOn(Request.prototype, 'clone')
    const { fetch, given } = transport(401)
    const send = authorizedFetch(renewingTokens(), { ...options, fetch })
    const request = new Request(url, { method: 'POST', body: 'of the Request' })
    expect((await send(request, { body: 'of init' })).status).toBe(200)
    expect(clone).not.toHaveBeenCalled()
    const bodies = given.map(({ request }) => request.text())
    expect(await Promise.all(bodies)).toEqual(['of init', 'of init'])
  })

  const wrappers: Record<string, (seen: (headers: Headers) => void) => Fetch> = {
    'of one argument': (seen) => async (input) => {
      seen(new Headers((input as Request).headers))
      return fetch(input)
    },

    'that passes on both arguments': (seen) => async (input, init) => {
      seen((input as Request).headers)
      return fetch(input, init)
    },
  }

  test.each(Object.entries(wrappers))(
    'a Request with its token and body for a custom fetch %s, and again after a 401',
    { tags: ['promise-4'] },
    async (_, wrap) => {
      const { server, api, tokens } = await startKitWorld()
      const seen: (string | null)[] = []
      const send = authorizedFetch(tokens, {
        origins: [api.origin],
        fetch: wrap((headers) => seen.push(headers.get('authorization'))),
      })
      const call = async (init: RequestInit) =>
        (await send(new Request(`${api.origin}/x`, init))).status
      const post = { method: 'POST', body: 'order' }
      expect([await call({}), await call(post)]).toEqual([200, 200])
      server.revokeAll()
      expect([await call(post), await call({})]).toEqual([200, 200])
      expect(api.requests.map(({ status }) => status)).toEqual([200, 200, 401, 200, 200])
      expect(bodiesOf(api.requests)).toEqual(['', 'order', 'order', 'order', ''])
      expect(seen).toEqual(api.requests.map(({ authorization }) => authorization))
    },
  )

  test.each([url, new URL(url)])(
    'the string and the init for a custom fetch, if the input is %s',
    async (input) => {
      const { send, given } = attached()
      await send(input, { headers: { a: 'b' } })
      expect(given.map(({ input, init }) => [input, { ...init?.headers }])).toEqual([
        [url, { a: 'b', authorization: 'Bearer t1' }],
      ])
    },
  )

  test.each(['GET', 'HEAD'])(
    'a Request that is a %s has no body to copy',
    { tags: ['promise-6'] },
    async (method) => {
      const clone = vi.spyOn(Request.prototype, 'clone')
      const { send } = attached()
      await send(new Request(url, { method }))
      expect(clone).not.toHaveBeenCalled()
    },
  )
})

describe('a caller who leaves', { tags: ['promise-10'] }, () => {
  const reason = new Error('enough')

  test.each([url, 'https://evil.example/x'])('before the call to %s sends nothing', async (to) => {
    const { send, given } = attached()
    const signal = AbortSignal.abort(reason)
    await expect(send(to, { signal })).rejects.toBe(reason)
    await expect(send(new Request(to, { signal }))).rejects.toBe(reason)
    expect(given).toEqual([])
  })

  test('while the 401 comes in gets its reason, and nothing more is sent', {
    tags: ['U16'],
  }, async () => {
    const caller = new AbortController()
    const { fetch, given } = transport(401)
    const leaving: Fetch = async (input, init) => {
      const response = await fetch(input, init)
      caller.abort(reason)
      return response
    }
    const send = authorizedFetch(renewingTokens(), { ...options, fetch: leaving })
    await expect(send(url, { signal: caller.signal })).rejects.toBe(reason)
    expect(given).toHaveLength(1)
  })

  test('has no say where init says that there is no signal', async () => {
    const { fetch, given } = transport()
    const send = authorizedFetch(renewingTokens(), { ...options, fetch })
    const request = new Request(url, { signal: AbortSignal.abort(reason) })
    expect((await send(request, { signal: null })).status).toBe(200)
    expect(given).toHaveLength(1)
  })

  test('leaves no listener behind when the token comes', { tags: ['P10'] }, async () => {
    const { signal } = new AbortController()
    const added = vi.spyOn(signal, 'addEventListener')
    const fetch = (async () => new Response('ok')) as Fetch
    const send = authorizedFetch(renewingTokens(), { ...options, fetch })
    await send(url, { signal })
    expect(added).toHaveBeenCalledWith('abort', expect.any(Function))
    expect(getEventListeners(signal, 'abort')).toEqual([])
  })
})

describe('on a runtime that keeps Authorization on redirects', { tags: ['X20'] }, () => {
  const runOn = (compatibilityFlags?: object) => vi.stubGlobal('Cloudflare', { compatibilityFlags })
  const flag = 'strip_authorization_on_cross_origin_redirect'

  test('rejects a request that may be redirected, but not one to another origin', async () => {
    const { send, given } = attached()
    runOn({ [flag]: false })
    const unsupported = {
      ...{ name: 'ConfigurationError', code: 'ERR_UNSUPPORTED_CLIENT' },
      message: `This runtime keeps Authorization on redirects to other origins. Set the compatibility flag ${flag}, or send with redirect: 'manual'.`,
    }
    await expect(send(url)).rejects.toMatchObject(unsupported)
    await expect(send(new Request(url))).rejects.toMatchObject(unsupported)
    const request = new Request(url, { redirect: 'manual' })
    await expect(send(request, { redirect: 'follow' })).rejects.toMatchObject(unsupported)
    expect(given).toEqual([])
    await send('https://evil.example/x')
    expect(given).toHaveLength(1)
  })

  test("one with redirect: 'manual', in init or in a Request, is sent", async () => {
    const { send, given } = attached()
    runOn({ [flag]: false })
    await send(url, { redirect: 'manual' })
    await send(new Request(url, { redirect: 'manual' }))
    await send(new Request(url), { redirect: 'manual' })
    expect(given).toHaveLength(3)
  })

  test.each([{ [flag]: true }, {}, undefined])(
    'sends a request that may be redirected if the flags of the runtime are %j',
    async (flags) => {
      const { send, given } = attached()
      runOn(flags)
      await send(url)
      expect(given).toHaveLength(1)
    },
  )
})

describe('the inner fetch', () => {
  test('must be a function', () => {
    expect(() => authorizedFetch(staticTokenProvider(), { ...options, fetch: 1 as never })).toThrow(
      expect.objectContaining({
        code: 'ERR_INVALID_OPTION',
        option: 'fetch',
        message: "Option 'fetch' must be a function.",
      }),
    )
  })

  test('is the global one of the moment', async () => {
    const send = authorizedFetch(staticTokenProvider(), options)
    const { fetch, given } = transport()
    vi.stubGlobal('fetch', fetch)
    await send(url)
    expect(given).toHaveLength(1)
  })

  test('that is missing is named, and nothing is sent', async () => {
    const send = authorizedFetch(staticTokenProvider(), options)
    vi.stubGlobal('fetch', undefined)
    await expect(send(url)).rejects.toMatchObject({
      ...{ code: 'ERR_INVALID_OPTION', option: 'fetch' },
      message: "This runtime has no global fetch. Pass option 'fetch'.",
    })
  })

  test('is that of the platform if authorizedFetch has replaced it, and receives no private member', {
    tags: ['promise-9', 'X22'],
  }, async () => {
    const { fetch, given } = transport()
    vi.stubGlobal('fetch', fetch)
    vi.stubGlobal('fetch', authorizedFetch(staticTokenProvider('t1'), options))
    await globalThis.fetch(url)
    expect(given.map(({ request }) => request.headers.get('authorization'))).toEqual(['Bearer t1'])
    expect(Object.keys(given[0]?.init ?? {})).toEqual(['headers'])
    const symbols = Object.getOwnPropertySymbols(given[0]?.init ?? {})
    expect(symbols).not.toContain(Symbol.for('countersign.sender'))
  })

  test('that throws at once is a rejection', async () => {
    const fetch = (() => {
      throw new Error('at once')
    }) as unknown as Fetch
    const send = authorizedFetch(staticTokenProvider(), { ...options, fetch })
    await expect(send(url)).rejects.toThrow('at once')
    await expect(send('https://evil.example/')).rejects.toThrow('at once')
  })
})

describe('the copy of a body', { tags: ['promise-13'] }, () => {
  test.each([
    ['is answered', 200],
    ['was refused for another reason', 403],
  ])('is let go of when the request %s', async (_, status) => {
    const cancel = vi.fn()
    const body = new ReadableStream({ cancel })
    const fetch = (async (request: Request) => {
      void request.body?.cancel()
      return new Response(null, { status })
    }) as Fetch
    const send = authorizedFetch(staticTokenProvider(), { ...options, fetch })
    await send(new Request(url, { method: 'POST', body, ...({ duplex: 'half' } as object) }))
    await vi.waitUntil(() => cancel.mock.calls.length > 0)
  })

  test('of a Request of another kind is not made: its 401 is handed back', {
    tags: ['promise-6'],
  }, async () => {
    const like = { url, method: 'POST', headers: new Headers(), bodyUsed: false } as Request
    const fetch = (async () => new Response(null, { status: 401 })) as Fetch
    const send = authorizedFetch(renewingTokens(), { ...options, fetch })
    expect((await send(like)).status).toBe(401)
  })

  test('that cannot be made withholds the replay, not the request', {
    tags: ['promise-6'],
  }, async () => {
    const { fetch, given } = transport(401)
    const send = authorizedFetch(renewingTokens(), { ...options, fetch })
    vi.spyOn(Request.prototype, 'clone').mockImplementation(() => {
      throw new TypeError('no clone here')
    })
    const { status } = await send(new Request(url, { method: 'POST', body: 'text' }))
    expect([status, given.length]).toEqual([401, 1])
  })
})

describe('a body whose source an adapter knows', () => {
  async function replayed(source: unknown, body: string | FormData) {
    const clone = vi.spyOn(Request.prototype, 'clone')
    const { fetch, given } = transport(401)
    const authorize = createFetchAuthorizer(renewingTokens(), options)
    const request = new Request(url, { method: 'POST', body })
    const call = { fetch, authorization: undefined, source: () => source }
    const { status } = await authorize(request, undefined, call)
    const sent = given.map(async ({ request }) => {
      return { type: request.headers.get('content-type'), text: await request.text() }
    })
    return { status, given: await Promise.all(sent), clones: clone.mock.calls.length }
  }

  test('is sent again from there, and not copied', { tags: ['promise-6', 'U11'] }, async () => {
    const sent = { type: 'text/plain;charset=UTF-8', text: 'text' }
    expect(await replayed('text', 'text')).toEqual({ status: 200, given: [sent, sent], clones: 0 })
  })

  test('is a form again, under a boundary of its own', { tags: ['promise-6', 'U11'] }, async () => {
    const form = new FormData()
    form.set('name', 'value')
    const { given, status } = await replayed(form, form)
    expect(status).toBe(200)
    expect(given).toHaveLength(2)
    for (const { type, text } of given) {
      const boundary = type?.split('boundary=')[1]
      expect(text).toContain(`--${boundary}\r\n`)
      expect(text).toContain('value')
    }
  })

  test('is not sent again when it is a stream', { tags: ['promise-6', 'U12'] }, async () => {
    const { given, status, clones } = await replayed(new Blob(['x']).stream(), 'text')
    expect([status, given.length, clones]).toEqual([401, 1, 0])
  })

  test.each([[undefined], [null]])(
    'that is %s is copied after all',
    { tags: ['promise-6'] },
    async (source) => {
      const { given, status, clones } = await replayed(source, 'text')
      expect([status, given.map(({ text }) => text), clones]).toEqual([200, ['text', 'text'], 1])
    },
  )
})
