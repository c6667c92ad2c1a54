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
})

test('releases a rejected response that never ends before the replay', {
  tags: ['promise-13', 'U15'],
}, async () => {
  const { tokens, api } = await startWorld()
  let closed: Promise<unknown> | undefined
  api.next((response) => {
    closed = once(response, 'close')
    response.writeHead(401).write('without end')
  })
  const fetch: typeof platformFetch = async (input, init) => {
    await closed
    return platformFetch(input, init)
  }
  const send = authorizedFetch(tokens, { origins: [api.origin], fetch })

  expect(await (await send(`${api.origin}/x`)).text()).toBe('ok')
  expect(api.seen).toHaveLength(2)
})

describe('in place of the global fetch', () => {
  test('sends the token request untouched, also below another patch', {
    tags: ['promise-9', 'X22', 'D8'],
  }, async () => {
    const { tokens, api, server } = await startWorld()
    const origins = [api.origin, new URL(server.tokenEndpoint).origin]
    const below = authorizedFetch(tokens, { origins, fetch: platformFetch })
    globalThis.fetch = (input, init) => below(input, init)

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
  function watchedStream() {
    const cancelled: unknown[] = []
    const stream = new ReadableStream({ cancel: (reason) => void cancelled.push(reason) })
    return { stream, cancelled }
  }

  const post = (body: ReadableStream, rest: RequestInit = {}) =>
    ({ method: 'POST', body, duplex: 'half', ...rest }) as RequestInit

  test.each([
    ['cancelled', false],
    ['left alone, because another reader has it,', true],
  ])('is %s if the signal was aborted before the call', async (_, isLocked) => {
    const { send, api } = await attached()
    const { stream, cancelled } = watchedStream()
    if (isLocked) stream.getReader()
    const reason = new Error('the caller left')

    const init = post(stream, { signal: AbortSignal.abort(reason) })
    await expect(send(`${api.origin}/x`, init)).rejects.toBe(reason)

    expect(cancelled).toEqual(isLocked ? [] : [reason])
    expect(api.seen).toEqual([])
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

describe('a Request that names one URL and is sent to another', {
  tags: ['promise-9', 'X18'],
}, () => {
  /** A Request of a subclass whose `url` is not where the platform sends it. */
  function disguised(target: string, shown: string): Request {
    const Disguised = class extends Request {}
    Object.defineProperty(Disguised.prototype, 'url', { get: () => shown })
    return new Disguised(target)
  }
  const shape = { method: 'GET', headers: {} }

  test.each<[string, (ours: string, other: string) => unknown, boolean?]>([
    ['of a subclass', (ours, other) => disguised(other, ours)],
    ['of a subclass, sent by its url', (ours, other) => disguised(ours, other), true],
    [
      'with a url of its own',
      (url, to) => Object.defineProperty(new Request(to), 'url', { value: url }),
    ],
    ['with another text each time', (url, other) => toggling(['no URL'], { ...shape, url }, other)],
    [
      'with a URL as a primitive',
      (url, other) => ({ ...shape, url, [Symbol.toPrimitive]: () => other }),
    ],
    ['with another text after the check', (url, other) => toggling([url], {}, other)],
  ])('%s brings no token to another origin', async (_, create, isSentByUrl = false) => {
    const { tokens, api, evil } = await startWorld()
    const byUrl: typeof platformFetch = (input, init) => platformFetch((input as Request).url, init)
    const options = { origins: [api.origin], ...(isSentByUrl && { fetch: byUrl }) }
    const send = authorizedFetch(tokens, options)

    await send(create(`${api.origin}/x`, `${evil.origin}/x`) as Request).catch(() => {})

    for (const { authorization } of evil.seen) expect(authorization).toBeUndefined()
  })

  function toggling(texts: string[], members: object, last: string): object {
    return { ...members, toString: () => texts.pop() ?? last }
  }

  test('which is written by hand, and whose url may change, carries no token', async () => {
    const fetch = vi.fn(async () => new Response())
    const origins = ['https://api.example']
    const send = authorizedFetch(staticTokenProvider(), { origins, fetch })
    const request = { ...shape, url: 'https://api.example/x', clone: () => request }

    await send(request as unknown as Request)

    expect(fetch.mock.calls).toEqual([['[object Object]', {}]])
  })
})

test('a copy that isTokenRejected does not read does not keep a cancelled response open', {
  tags: ['promise-5'],
}, async () => {
  const { tokens, api } = await startWorld()
  const isTokenRejected = () => false
  const send = authorizedFetch(tokens, { origins: [api.origin], isTokenRejected })
  let closed: Promise<unknown> | undefined
  api.next((response) => {
    closed = once(response, 'close')
    response.write('the first part')
  })

  const response = await send(`${api.origin}/endless`)
  void response.body?.cancel()

  await closed
})
