import { once } from 'node:events'
import { authorizedFetch } from '@countersign/core/fetch'
import { staticTokenProvider } from '@countersign/testing'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { refused } from '../../support/recording-api.ts'
import { startWorld, until } from '../../support/world.ts'

const platformFetch = globalThis.fetch

afterEach(() => {
  globalThis.fetch = platformFetch
  vi.restoreAllMocks()
})

async function attached() {
  const world = await startWorld()
  const send = authorizedFetch(world.tokens, {
    origins: [world.api.origin],
    onEvent: world.onEvent,
  })
  return { ...world, send }
}

describe('what is sent', () => {
  test.each([
    ['a text', (url: string) => url],
    ['a URL', (url: string) => new URL(url)],
    ['a Request', (url: string) => new Request(url)],
  ])(
    '%s to another origin goes without the token, to ours with it',
    { tags: ['promise-9', 'X6', 'X7'] },
    async (_, target) => {
      const { send, api, evil } = await attached()

      await send(target(`${evil.origin}/x`))
      await send(target(`${api.origin}/x`))

      expect(evil.seen).toMatchObject([{ authorization: undefined }])
      expect(api.seen[0]?.authorization).toMatch(/^Bearer /)
    },
  )

  test("a relative URL is rejected in the platform's own words", {
    tags: ['promise-9', 'X7'],
  }, async () => {
    const { send, api } = await attached()
    const own: Error = await platformFetch('/x').catch((error) => error)

    const ours: Error = await send('/x').catch((error) => error)

    expect(ours).toBeInstanceOf(TypeError)
    expect(ours.message).toBe(own.message)
    expect(api.seen).toEqual([])
  })

  test("the caller's Authorization is found in Headers, pairs and a Request", {
    tags: ['promise-7', 'X13'],
  }, async () => {
    const { send, api } = await attached()
    const own = 'Basic b3duOm93bg=='
    const url = `${api.origin}/x`

    await send(url, { headers: new Headers({ authorization: own }) })
    await send(url, { headers: [['AUTHORIZATION', own]] })
    await send(new Request(url, { headers: { authorization: own } }))

    expect(api.seen.map(({ authorization }) => authorization)).toEqual(Array(3).fill(own))
  })

  test('a Request is never changed: one sent twice gets each time the current token', {
    tags: ['promise-7'],
  }, async () => {
    const { send, api, server } = await attached()
    const request = new Request(`${api.origin}/x`)

    await send(request)
    server.revokeAll()
    await send(request)

    expect(request.headers.has('authorization')).toBe(false)
    expect(api.seen.map(({ status }) => status)).toEqual([200, 401, 200])
    expect(api.seen[2]?.authorization).not.toBe(api.seen[0]?.authorization)
  })

  test('a URL, init or headers changed while the token is awaited are not sent', {
    tags: ['promise-9', 'X18'],
  }, async () => {
    const { send, api, evil, server } = await attached()
    const release = server.hold()
    const url = new URL(`${api.origin}/judged`)
    const headers = new Headers({ 'x-custom': 'judged' })
    const init = { method: 'POST', headers, body: 'judged' }

    const pending = send(url, init)
    await until(() => server.requests.length === 1)
    url.port = String(evil.port)
    headers.set('x-custom', 'changed')
    headers.set('authorization', 'changed')
    Object.assign(init, { method: 'DELETE', body: 'changed' })
    release()

    expect((await pending).status).toBe(200)
    expect(evil.seen).toEqual([])
    const [seen] = api.seen
    expect(seen).toMatchObject({ method: 'POST', url: '/judged', body: Buffer.from('judged') })
    expect(seen?.headers['x-custom']).toBe('judged')
  })

  test('a target whose toString answers differently is asked once', {
    tags: ['promise-9', 'X18'],
  }, async () => {
    const { send, api, evil } = await attached()
    const answers = [`${api.origin}/judged`]
    const target = { toString: () => answers.shift() ?? `${evil.origin}/changed` }

    await send(target as unknown as URL)

    expect(api.seen).toMatchObject([{ url: '/judged', status: 200 }])
    expect(evil.seen).toEqual([])
  })

  test('a Request as init keeps its method, headers and body', {
    tags: ['promise-6', 'X19'],
  }, async () => {
    const { send, api } = await attached()
    const headers = { 'x-custom': 'kept' }
    const like = new Request('http://unused.test/', { method: 'POST', headers, body: 'the body' })

    await send(`${api.origin}/x`, like)

    const [seen] = api.seen
    expect(seen).toMatchObject({ method: 'POST', url: '/x', body: Buffer.from('the body') })
    expect(seen?.headers['x-custom']).toBe('kept')
  })
})

describe('a Request with a body', () => {
  test.each([
    ['a text', () => 'text'],
    ['bytes', () => new Uint8Array([0, 255])],
    ['a stream', () => new Blob(['text']).stream()],
    ['just under 1 MiB', () => 'x'.repeat(1024 * 1024)],
  ])('of %s is replayed from a bounded copy', { tags: ['promise-6', 'U11'] }, async (_, body) => {
    const { send, api } = await attached()
    api.next(refused)
    const init = { method: 'POST', body: body(), duplex: 'half' } as RequestInit

    const { status } = await send(new Request(`${api.origin}/x`, init))

    expect(status).toBe(200)
    const [denied, replay] = api.seen
    expect(denied?.body.length).toBeGreaterThan(0)
    expect(replay?.body.equals(denied?.body ?? Buffer.alloc(0))).toBe(true)
    expect(replay?.headers['content-type']).toBe(denied?.headers['content-type'])
  })

  test('of more than 1 MiB gets its 401 back, and the next call works', {
    tags: ['promise-6', 'U12'],
  }, async () => {
    const { send, api, server, requestEvents } = await attached()
    api.next(refused)
    const body = 'x'.repeat(1024 * 1024 + 1)

    const first = await send(new Request(`${api.origin}/x`, { method: 'POST', body }))
    const next = await send(`${api.origin}/next`)

    expect([first.status, next.status]).toEqual([401, 200])
    expect(api.seen.map(({ url }) => url)).toEqual(['/x', '/next'])
    expect(server.requests).toHaveLength(2)
    expect(requestEvents).toMatchObject([{ type: 'replay-skipped', reason: 'one-shot-body' }])
  })

  test("that was read already gets the platform's own error", {
    tags: ['promise-6', 'U12'],
  }, async () => {
    const { send, api } = await attached()
    const request = new Request(`${api.origin}/x`, { method: 'POST', body: 'text' })
    await request.text()

    await expect(send(request)).rejects.toThrow(TypeError)
    expect(api.seen).toEqual([])
  })

  test('is cloned once, one without a body or with its body in init not at all', {
    tags: ['promise-6'],
  }, async () => {
    const { send, api } = await attached()
    const clone = vi.spyOn(Request.prototype, 'clone')

    await send(`${api.origin}/x`, { method: 'POST', body: 'text' })
    await send(new Request(`${api.origin}/x`))
    expect(clone).not.toHaveBeenCalled()
    await send(new Request(`${api.origin}/x`, { method: 'POST', body: 'text' }))

    expect(clone).toHaveBeenCalledTimes(1)
  })
})

describe('a refused answer', { tags: ['promise-13', 'U15'] }, () => {
  test('is released before the replay, even if it never ends', async () => {
    const { tokens, api } = await startWorld()
    const order: string[] = []
    let closed: Promise<unknown> | undefined
    api.next((response) => {
      closed = once(response, 'close')
      response.writeHead(401).write('without end')
    })
    const send = authorizedFetch(tokens, {
      origins: [api.origin],
      fetch: async (input, init) => {
        order.push('sent')
        const response = await platformFetch(input, init)
        const cancel = response.body?.cancel.bind(response.body)
        if (response.body && cancel) {
          response.body.cancel = (reason) => {
            order.push('let go')
            return cancel(reason)
          }
        }
        return response
      },
    })

    expect(await (await send(`${api.origin}/x`)).text()).toBe('ok')
    expect(order).toEqual(['sent', 'let go', 'sent'])
    await closed
  })

  test.each([
    ['fails', { status: 400, body: { error: 'invalid_client' } }, undefined],
    ['is not waited for', undefined, new Error('the caller left')],
  ])('is let go when the renewal %s', async (_, failure, reason) => {
    const { send, tokens, server, api } = await attached()
    await tokens.getAccessToken()
    if (failure !== undefined) server.next(failure)
    const release = server.hold()
    let closed: Promise<unknown> | undefined
    api.next((response) => {
      closed = once(response, 'close')
      response.writeHead(401).write('without end')
    })
    const controller = new AbortController()

    const pending = send(`${api.origin}/x`, { signal: controller.signal })
    const settled = pending.catch((error: unknown) => error)
    await until(() => server.requests.length === 2)
    if (reason !== undefined) controller.abort(reason)
    else release()

    const error = await settled
    if (reason !== undefined) expect(error).toBe(reason)
    else expect(error).toMatchObject({ code: 'ERR_OAUTH', error: 'invalid_client' })
    await closed
  })
})

describe('in place of the global fetch', () => {
  test('with fetch given it calls the platform once, another patch above it or not', {
    tags: ['promise-9', 'X22'],
  }, async () => {
    const { tokens, api } = await startWorld()
    await tokens.getAccessToken()
    const origins = [api.origin]
    globalThis.fetch = authorizedFetch(tokens, { origins, fetch: platformFetch })
    await fetch(`${api.origin}/bare`)

    const below = globalThis.fetch
    globalThis.fetch = (input, init) => below(input, init)
    await fetch(`${api.origin}/patched`)

    expect(api.seen.map(({ url, status }) => `${url} ${status}`)).toEqual([
      '/bare 200',
      '/patched 200',
    ])
  })

  test('the token request of a patched global goes through untouched', {
    tags: ['promise-9', 'X22', 'D8'],
  }, async () => {
    const { tokens, api, server } = await startWorld()
    const origins = [api.origin, new URL(server.tokenEndpoint).origin]
    globalThis.fetch = authorizedFetch(tokens, { origins, fetch: platformFetch })

    expect((await fetch(`${api.origin}/x`)).status).toBe(200)
    expect(server.requests).toHaveLength(1)
  })

  test('without fetch, a patch above that leads back is named and nothing is sent', {
    tags: ['promise-9', 'X22'],
  }, async () => {
    const { api } = await startWorld()
    const below = authorizedFetch(staticTokenProvider(), { origins: [api.origin] })
    globalThis.fetch = (input, init) => below(input, init)

    await expect(fetch(`${api.origin}/x`)).rejects.toMatchObject({
      name: 'ConfigurationError',
      code: 'ERR_INVALID_OPTION',
      option: 'fetch',
      message: "The global fetch calls itself. Pass option 'fetch': globalThis.fetch.",
    })
    expect(api.seen).toEqual([])
  })
})

describe('a double of fetch', () => {
  const origins = ['https://api.example']

  test('may answer without a promise', async () => {
    const fetch = (() => new Response('ok')) as never
    const send = authorizedFetch(staticTokenProvider(), { origins, fetch })
    expect(await (await send('https://api.example/x')).text()).toBe('ok')
  })

  test('may answer 401 with nothing but a status', async () => {
    const tokens = staticTokenProvider()
    const fetch = (async () => ({ status: 401 })) as never
    const send = authorizedFetch(tokens, { origins, fetch })
    expect(await send('https://api.example/x')).toEqual({ status: 401 })
    expect(tokens.invalidated).toHaveLength(1)
  })
})

describe('a stream that is not sent', () => {
  /** A body that notes with what it was cancelled. */
  function watchedStream() {
    const cancelled: unknown[] = []
    const stream = new ReadableStream({ cancel: (reason) => void cancelled.push(reason) })
    return { stream, cancelled }
  }

  const post = (body: ReadableStream, rest: RequestInit = {}) =>
    ({ method: 'POST', body, duplex: 'half', ...rest }) as RequestInit

  test('is cancelled when the signal was aborted before the call', async () => {
    const { send, api } = await attached()
    const { stream, cancelled } = watchedStream()
    const reason = new Error('the caller left')

    const init = post(stream, { signal: AbortSignal.abort(reason) })
    await expect(send(`${api.origin}/x`, init)).rejects.toBe(reason)

    expect(cancelled).toEqual([reason])
    expect(api.seen).toEqual([])
  })

  test('is cancelled when the signal is aborted while the token is awaited', async () => {
    const { send, api, server } = await attached()
    const release = server.hold()
    const { stream, cancelled } = watchedStream()
    const caller = new AbortController()
    const reason = new Error('the caller left')

    const sent = send(`${api.origin}/x`, post(stream, { signal: caller.signal })).catch((e) => e)
    await until(() => server.requests.length === 1)
    caller.abort(reason)

    expect(await sent).toBe(reason)
    expect(cancelled).toEqual([reason])
    release()
  })

  test('is cancelled when a token cannot be obtained, also in a Request', async () => {
    const { send, api, server } = await attached()
    server.next({ status: 400, body: { error: 'unauthorized_client' } })
    const given = watchedStream()
    const inRequest = watchedStream()
    const url = `${api.origin}/x`

    const error = await send(url, post(given.stream)).catch((thrown) => thrown)
    await send(new Request(url, post(inRequest.stream))).catch(() => {})

    expect(error).toMatchObject({ code: 'ERR_OAUTH' })
    expect(given.cancelled).toEqual([error])
    expect(inRequest.cancelled).toHaveLength(1)
    expect(api.seen).toEqual([])
  })

  test('is cancelled when the request goes to another origin and that is rejected', async () => {
    const { tokens, api, evil } = await startWorld()
    const send = authorizedFetch(tokens, { origins: [api.origin], onForeignOrigin: 'throw' })
    const { stream, cancelled } = watchedStream()

    await expect(send(`${evil.origin}/x`, post(stream))).rejects.toMatchObject({
      code: 'ERR_FOREIGN_ORIGIN',
    })

    expect(cancelled).toHaveLength(1)
    expect(evil.seen).toEqual([])
  })

  test('is left alone when another reader has it', async () => {
    const { send, api } = await attached()
    const { stream, cancelled } = watchedStream()
    const reader = stream.getReader()

    await send(`${api.origin}/x`, post(stream, { signal: AbortSignal.abort() })).catch(() => {})

    expect(cancelled).toEqual([])
    reader.releaseLock()
  })
})

test('a signal without a reason, as old polyfills have it, rejects with an AbortError', async () => {
  const { send, api, server, tokens } = await attached()
  const release = server.hold()
  const signal = Object.assign(new EventTarget(), { aborted: false }) as unknown as AbortSignal
  const url = `${api.origin}/x`

  const sent = send(url, { signal }).catch((error) => error)
  const got = tokens.getAccessToken({ signal }).catch((error) => error)
  await until(() => server.requests.length === 1)
  Object.assign(signal, { aborted: true })
  signal.dispatchEvent(new Event('abort'))

  for (const error of [await sent, await got, await send(url, { signal }).catch((e) => e)]) {
    expect(error).toBeInstanceOf(DOMException)
    expect(error).toMatchObject({ name: 'AbortError' })
  }
  expect(api.seen).toEqual([])
  release()
})

test('an object that looks like a Request is sent where it was judged', async () => {
  const { send, api, evil } = await attached()
  const url = `${api.origin}/x`
  const duck = { method: 'GET', headers: {}, url, toString: () => `${evil.origin}/x` }

  await send(duck as unknown as Request)

  expect(evil.seen).toMatchObject([{ authorization: undefined }])
  expect(api.seen).toEqual([])
})
describe('a Request that names one URL and is sent to another', {
  tags: ['promise-9', 'X18'],
}, () => {
  type Sending = (input: string | Request, init?: RequestInit) => Promise<Response>
  const byUrl: Sending = (input, init) => platformFetch((input as Request).url, init)

  test.each<[string, (ours: string, other: string) => unknown, Sending | undefined]>([
    [
      'of a subclass',
      (ours, other) =>
        new (class extends Request {
          // @ts-expect-error 2611: declared as a property, and an accessor of the platform's class
          override get url() {
            return ours
          }
        })(other),
      undefined,
    ],
    [
      'with a url of its own',
      (ours, other) => Object.defineProperty(new Request(other), 'url', { value: ours }),
      undefined,
    ],
    [
      'of a subclass, sent by its url',
      (ours, other) =>
        new (class extends Request {
          // @ts-expect-error 2611: declared as a property, and an accessor of the platform's class
          override get url() {
            return other
          }
        })(ours),
      byUrl,
    ],
    [
      'that is another text each time',
      (url, other) => {
        const texts = ['no URL']
        return { method: 'GET', headers: {}, url, toString: () => texts.pop() ?? other }
      },
      undefined,
    ],
    [
      'that is a URL as a primitive',
      (url, other) => ({ method: 'GET', headers: {}, url, [Symbol.toPrimitive]: () => other }),
      undefined,
    ],
  ])('%s brings no token to another origin', async (_, create, fetch) => {
    const { tokens, api, evil } = await startWorld()
    const options = {
      origins: [api.origin],
      ...(fetch && { fetch: fetch as typeof platformFetch }),
    }
    const send = authorizedFetch(tokens, options)

    await send(create(`${api.origin}/x`, `${evil.origin}/x`) as Request).catch(() => {})

    expect(evil.seen.map(({ authorization }) => authorization ?? 'none')).not.toContainEqual(
      expect.stringMatching(/^Bearer /),
    )
  })

  test('which is written by hand, and whose url may change, carries no token', async () => {
    const { tokens, api } = await startWorld()
    const sent: [unknown, RequestInit | undefined][] = []
    const fetch: typeof platformFetch = async (input, init) => {
      sent.push([input, init])
      return new Response()
    }
    const send = authorizedFetch(tokens, { origins: [api.origin], fetch })
    const request = { method: 'GET', headers: {}, url: `${api.origin}/x`, clone: () => request }

    await send(request as unknown as Request)

    expect(sent).toEqual([['[object Object]', {}]])
  })
})

describe('isTokenRejected', () => {
  test('a copy that it does not read does not keep the connection of a cancelled answer', {
    tags: ['promise-5'],
  }, async () => {
    const { tokens, api } = await startWorld()
    const send = authorizedFetch(tokens, {
      origins: [api.origin],
      isTokenRejected: ({ status }) => status === 419,
    })
    let isClosed = false
    api.next((response) => {
      response.on('close', () => {
        isClosed = true
      })
      response.write('the first part')
    })

    const response = await send(`${api.origin}/endless`)
    void response.body?.cancel()

    await until(() => isClosed)
  })
})
