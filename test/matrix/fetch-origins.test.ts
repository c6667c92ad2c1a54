import { generateKeyPairSync } from 'node:crypto'
import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setImmediate } from 'node:timers/promises'
import { createTokenProvider } from '@countersign/core'
import { authorizedFetch } from '@countersign/core/fetch'
import { createAuthorizationServer, staticTokenProvider } from '@countersign/testing'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'

interface Seen {
  readonly method: string
  readonly url: string
  readonly authorization: string | undefined
  readonly custom: string | undefined
  readonly body: string
}

const platformFetch = globalThis.fetch
const stamp = 'Bearer test-token'
let cleanups: (() => Promise<void>)[] = []
let api: Awaited<ReturnType<typeof serve>>
let evil: Awaited<ReturnType<typeof serve>>

beforeEach(async () => {
  api = await serve()
  evil = await serve()
})

afterEach(async () => {
  globalThis.fetch = platformFetch
  const all = cleanups
  cleanups = []
  await Promise.all(all.map((close) => close()))
})

/** A loopback server that remembers every request, and whether one ever had Authorization. */
async function serve(answer: RequestListener = (_, response) => response.end('ok')) {
  const seen: Seen[] = []
  const state = { answer }
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk)
    const { method = '', url = '', headers } = request
    const custom = headers['x-custom']?.toString()
    const body = Buffer.concat(chunks).toString()
    seen.push({ method, url, authorization: headers.authorization, custom, body })
    state.answer(request, response)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  cleanups.push(async () => {
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
  })
  return {
    port,
    origin: `http://127.0.0.1:${port}`,
    seen,
    sawAuthorization: () => seen.some(({ authorization }) => authorization !== undefined),
    answerWith: (next: RequestListener) => {
      state.answer = next
    },
  }
}

/** What would have been sent to hosts that no loopback server can stand for. */
function recorder() {
  const sent: (string | null)[] = []
  const fetch = async (input: string | URL | Request, init?: RequestInit) => {
    sent.push(new Request(input, init).headers.get('authorization'))
    return new Response('ok')
  }
  return { sent, fetch }
}

/** A real provider whose first token request is held until `release` is called. */
async function heldProvider() {
  const server = await createAuthorizationServer()
  cleanups.push(() => server.close())
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  server.register({
    clientId: 'client',
    jwks: { keys: [publicKey.export({ format: 'jwk' }) as { kty: string }] },
  })
  const tokens = createTokenProvider({
    clientId: 'client',
    tokenEndpoint: server.tokenEndpoint,
    key: privateKey,
  })
  const release = server.hold()
  const asked = async () => {
    while (server.requests.length === 0) await setImmediate()
  }
  return { tokens, release, asked }
}

describe('absolute targets', () => {
  test.each([
    ['a string', (url: string) => url],
    ['a URL object', (url: string) => new URL(url)],
    ['a Request', (url: string) => new Request(url)],
  ])('X6 X7: %s to another origin goes without the token, to ours with it', async (_, target) => {
    const get = authorizedFetch(staticTokenProvider(), { origins: [api.origin] })

    expect((await get(target(`${evil.origin}/x`))).status).toBe(200)
    expect((await get(target(`${api.origin}/x`))).status).toBe(200)

    expect(evil.seen).toHaveLength(1)
    expect(evil.sawAuthorization()).toBe(false)
    expect(api.seen.map(({ authorization }) => authorization)).toEqual([stamp])
  })

  test('X6: with onForeignOrigin throw nothing is sent to another origin', async () => {
    const get = authorizedFetch(staticTokenProvider(), {
      origins: [api.origin],
      onForeignOrigin: 'throw',
    })

    await expect(get(new Request(`${evil.origin}/secret-path`))).rejects.toMatchObject({
      name: 'ForeignOriginError',
      code: 'ERR_FOREIGN_ORIGIN',
      origin: evil.origin,
      message: `The request goes to ${evil.origin}, which is none of 'origins'.`,
    })
    expect(evil.seen).toEqual([])
  })

  test("X7: a relative URL is rejected in the platform's own words", async () => {
    const get = authorizedFetch(staticTokenProvider(), { origins: [api.origin] })
    const own = await platformFetch('/x').catch((error: Error) => error)

    const ours = await get('/x').catch((error: Error) => error)

    expect(ours).toBeInstanceOf(TypeError)
    expect((ours as Error).message).toBe((own as Error).message)
    expect(api.seen).toEqual([])
  })
})

describe('exact origins', () => {
  test.each([
    'http://a.test/',
    'https://a.test:8443/',
    'https://a.test.evil.test/',
    'https://evila.test/',
    'https://a.test./',
    'https://sub.a.test/',
    'https://a.test@evil.test/',
    'https://a.test:443@evil.test/',
    'https://xn--a-0fa.test/',
  ])('X8: %s is not https://a.test', async (url) => {
    const { sent, fetch } = recorder()
    const options = { origins: ['https://a.test'], fetch }
    const bare = url.replace(/\/\/.*@/, '//')

    await authorizedFetch(staticTokenProvider(), options)(bare)
    expect(sent).toEqual([null])
    await expect(
      authorizedFetch(staticTokenProvider(), { ...options, onForeignOrigin: 'throw' })(url),
    ).rejects.toMatchObject({ code: 'ERR_FOREIGN_ORIGIN', origin: new URL(url).origin })
    expect(sent).toHaveLength(1)
  })

  test.each([
    ['https://a.test', 'HTTPS://A.TEST/x'],
    ['https://a.test', 'https://a.test:443/x'],
    ['https://a.test:443', 'https://a.test/x'],
    ['https://A.test', 'https://a.test?x'],
    ['https://ä.test', 'https://xn--4ca.test/x'],
    ['https://xn--4ca.test', 'https://Ä.test/x'],
    ['http://[::1]:8080', 'http://[0:0:0:0:0:0:0:1]:8080/x'],
    ['http://api.internal', 'http://api.internal:80/x'],
  ])('X8: %s written as %s is the same origin', async (origin, url) => {
    const { sent, fetch } = recorder()

    await authorizedFetch(staticTokenProvider(), { origins: [origin], fetch })(url)

    expect(sent).toEqual([stamp])
  })

  test('X8: localhost and [::1] are not 127.0.0.1, even on the same port', async () => {
    const get = authorizedFetch(staticTokenProvider(), {
      origins: [`http://[::1]:${api.port}`, `http://127.0.0.1:${evil.port}`],
    })

    expect((await get(`http://127.0.0.1:${api.port}/`)).status).toBe(200)
    expect((await get(`http://localhost:${api.port}/`)).status).toBe(200)

    expect(api.seen).toHaveLength(2)
    expect(api.sawAuthorization()).toBe(false)
  })

  test.each([
    'https://a.test/',
    'https://a.test/v1',
    'https://*.a.test',
    'https://a.test?x',
    'https://a.test#x',
    'https://user@a.test',
    'ftp://a.test',
    'a.test',
    '*',
    '',
  ])('X8: %j is refused as an origin', (origin) => {
    expect(() => authorizedFetch(staticTokenProvider(), { origins: [origin] })).toThrow(
      expect.objectContaining({
        name: 'ConfigurationError',
        code: 'ERR_INVALID_ORIGIN',
        option: 'origins',
        message:
          "Each of the option 'origins' must be an origin such as 'https://api.example.com': " +
          'http or https, without a path, a trailing slash, a wildcard or userinfo.',
      }),
    )
  })

  test.each([
    ['missing', {}],
    ['empty', { origins: [] }],
    ['a string', { origins: 'https://a.test' }],
  ])('X17: origins that are %s throw and never mean every origin', (_, options) => {
    expect(() => authorizedFetch(staticTokenProvider(), options as never)).toThrow(
      expect.objectContaining({
        name: 'ConfigurationError',
        code: 'ERR_INVALID_ORIGIN',
        option: 'origins',
        message: "The option 'origins' must be an array with at least one origin.",
      }),
    )
  })
})

describe('redirects', () => {
  test.each([302, 307])(
    'X9: a %i to another port arrives there without the token',
    async (code) => {
      api.answerWith((_, response) =>
        response.writeHead(code, { location: `${evil.origin}/x` }).end(),
      )
      const get = authorizedFetch(staticTokenProvider(), { origins: [api.origin] })

      expect((await get(`${api.origin}/x`)).url).toBe(`${evil.origin}/x`)

      expect(api.seen[0]?.authorization).toBe(stamp)
      expect(evil.seen).toHaveLength(1)
      expect(evil.sawAuthorization()).toBe(false)
    },
  )

  test.each([302, 307])(
    'X9: a %i to another host arrives there without the token',
    async (code) => {
      const location = `http://localhost:${evil.port}/x`
      api.answerWith((_, response) => response.writeHead(code, { location }).end())
      const post = authorizedFetch(staticTokenProvider(), { origins: [api.origin] })

      expect((await post(`${api.origin}/x`, { method: 'POST', body: 'b' })).url).toBe(location)

      expect(api.seen[0]?.authorization).toBe(stamp)
      expect(evil.seen).toHaveLength(1)
      expect(evil.sawAuthorization()).toBe(false)
    },
  )
})

describe("the caller's own request", () => {
  const own = 'Basic b3duOm93bg=='

  test.each<[string, (url: string) => [string | Request, RequestInit?]]>([
    ['an object', (url) => [url, { headers: { aUTHORIZATION: own } }]],
    ['Headers', (url) => [url, { headers: new Headers({ authorization: own }) }]],
    ['pairs', (url) => [url, { headers: [['Authorization', own]] }]],
    ['a Request', (url) => [new Request(url, { headers: { authorization: own } })]],
  ])("X13: the caller's own Authorization in %s is sent as it is, once", async (_, call) => {
    const get = authorizedFetch(staticTokenProvider(), { origins: [api.origin] })

    await get(...call(`${api.origin}/x`))

    expect(api.seen.map(({ authorization }) => authorization)).toEqual([own])
  })

  test.each(['Authorization', 'authorization'])(
    'X21: { %s: undefined } counts as absent',
    async (name) => {
      const get = authorizedFetch(staticTokenProvider(), { origins: [api.origin] })
      const headers = { [name]: undefined, 'x-custom': 'kept' } as unknown as Headers

      await get(`${api.origin}/x`, { headers })

      expect(api.seen).toMatchObject([{ authorization: stamp, custom: 'kept' }])
    },
  )

  test('X19: a Request as init keeps its method, headers and body', async () => {
    const post = authorizedFetch(staticTokenProvider(), { origins: [api.origin] })
    const like = new Request('http://unused.test/', {
      method: 'POST',
      headers: { 'x-custom': 'kept' },
      body: 'the body',
    })

    await post(`${api.origin}/x`, like)

    expect(api.seen).toEqual([
      { method: 'POST', url: '/x', authorization: stamp, custom: 'kept', body: 'the body' },
    ])
  })

  test('X18: what the caller changes while the token is awaited is not sent', async () => {
    const { tokens, release, asked } = await heldProvider()
    const send = authorizedFetch(tokens, { origins: [api.origin] })
    const url = new URL(`${api.origin}/judged`)
    const headers = new Headers({ 'x-custom': 'judged' })
    const init = { method: 'POST', headers, body: 'judged' }

    const pending = send(url, init)
    await asked()
    url.port = String(evil.port)
    headers.set('x-custom', 'changed')
    headers.set('authorization', 'changed')
    Object.assign(init, { method: 'DELETE', body: 'changed' })
    release()

    expect((await pending).status).toBe(200)
    expect(evil.seen).toEqual([])
    expect(api.seen).toMatchObject([
      { method: 'POST', url: '/judged', custom: 'judged', body: 'judged' },
    ])
    expect(api.seen[0]?.authorization).toMatch(/^Bearer /)
  })

  test('X18: a target whose toString answers differently is asked once', async () => {
    const answers = [`${api.origin}/judged`]
    const target = { toString: () => answers.shift() ?? `${evil.origin}/changed` }
    const get = authorizedFetch(staticTokenProvider(), { origins: [api.origin] })

    await get(target as unknown as URL)

    expect(api.seen).toMatchObject([{ url: '/judged', authorization: stamp }])
    expect(evil.seen).toEqual([])
  })
})

describe('in place of the global fetch', () => {
  test('X22: with fetch given it calls the platform once, another patch above it or not', async () => {
    const origins = [api.origin]
    globalThis.fetch = authorizedFetch(staticTokenProvider(), { origins, fetch: globalThis.fetch })
    await fetch(`${api.origin}/bare`)

    const below = globalThis.fetch
    globalThis.fetch = (input, init) => below(input, init)
    await fetch(`${api.origin}/patched`)

    expect(api.seen.map(({ url, authorization }) => [url, authorization])).toEqual([
      ['/bare', stamp],
      ['/patched', stamp],
    ])
  })

  test('X22: without fetch, a patch above that leads back is named and nothing is sent', async () => {
    const below = authorizedFetch(staticTokenProvider(), { origins: [api.origin] })
    globalThis.fetch = (input, init) => below(input, init)

    await expect(fetch(`${api.origin}/x`)).rejects.toMatchObject({
      name: 'ConfigurationError',
      code: 'ERR_INVALID_OPTION',
      option: 'fetch',
      message: 'The global fetch leads back here: pass `fetch: globalThis.fetch`.',
    })
    expect(api.seen).toEqual([])
  })
})
