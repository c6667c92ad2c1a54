import { generateKeyPairSync } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setImmediate } from 'node:timers/promises'
import {
  type AccessToken,
  createTokenProvider,
  type RequestEvent,
  type TokenEvent,
} from '@countersign/core'
import { authorizedFetch } from '@countersign/core/fetch'
import {
  createAuthorizationServer,
  createManualClock,
  createResourceServer,
  staticTokenProvider,
} from '@countersign/testing'
import { afterEach, describe, expect, test } from 'vitest'
import { bearerChallenge, isAboutToken } from '#core/resource/bearer-challenge.js'

const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
const keys = [publicKey.export({ format: 'jwk' }) as { kty: string }]
const refused = { status: 401, headers: { 'www-authenticate': 'Bearer error="invalid_token"' } }
let cleanups: (() => Promise<void>)[] = []

afterEach(async () => {
  const all = cleanups
  cleanups = []
  await Promise.all(all.map((close) => close()))
})

/** Authorization server, API, provider and fetch, all real, on one clock that stands still. */
async function world() {
  const clock = createManualClock()
  const server = await createAuthorizationServer({ clock })
  const api = await createResourceServer(server)
  cleanups.push(
    () => server.close(),
    () => api.close(),
  )
  server.register({ clientId: 'client', jwks: { keys } })
  const tokenEvents: TokenEvent[] = []
  const tokens = createTokenProvider({
    clientId: 'client',
    tokenEndpoint: server.tokenEndpoint,
    key: privateKey,
    clock,
    onEvent: (event) => tokenEvents.push(event),
  })
  const events: RequestEvent[] = []
  const answered: number[] = []
  const authorize = (...origins: string[]) =>
    authorizedFetch(tokens, {
      origins,
      onEvent: (event) => events.push(event),
      fetch: async (input, init) => {
        const response = await fetch(input, init)
        answered.push(response.status)
        return response
      },
    })
  const refusals = () => tokenEvents.filter(({ type }) => type === 'token-refused')
  const send = authorize(api.origin)
  return { clock, server, api, tokens, events, answered, refusals, authorize, send }
}

async function serve(listener: RequestListener) {
  const state = { open: 0, most: 0 }
  const server = createServer(listener)
  server.on('connection', (socket) => {
    state.most = Math.max(state.most, ++state.open)
    socket.once('close', () => state.open--)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  cleanups.push(async () => {
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
  })
  return { origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, state }
}

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await setImmediate()
}

describe('one renewal', () => {
  test('U1: a refused token is renewed once and the request is replayed with the new one', async () => {
    const { server, api, send, events, refusals } = await world()
    await send(`${api.origin}/warm`)
    server.revokeAll()

    const response = await send(`${api.origin}/x`, { method: 'PUT', body: 'the body' })
    const after = await send(`${api.origin}/after`)

    expect([response.status, after.status]).toEqual([200, 200])
    expect(server.requests).toHaveLength(2)
    expect(api.requests.map(({ status }) => status)).toEqual([200, 401, 200, 200])
    const [first, denied, replay, next] = api.requests
    expect(denied?.authorization).toBe(first?.authorization)
    expect(replay?.authorization).not.toBe(first?.authorization)
    expect(next?.authorization).toBe(replay?.authorization)
    expect(replay).toMatchObject({ method: 'PUT', url: '/x', body: denied?.body })
    expect(Buffer.from(replay?.body ?? []).toString()).toBe('the body')
    expect(events).toEqual([{ type: 'request-replayed', origin: api.origin, method: 'PUT' }])
    expect(refusals()).toMatchObject([{ action: 'dropped', coolDownUntil: undefined }])
  })

  test('U2: five hundred requests refused at once make one token request', {
    timeout: 30_000,
  }, async () => {
    const { server, api, send, events, answered, refusals } = await world()
    await send(`${api.origin}/warm`)
    server.revokeAll()
    const release = server.hold()

    const calls = Array.from({ length: 500 }, (_, call) => send(`${api.origin}/${call}`))
    await until(() => answered.length === 501 && server.requests.length === 2)
    release()
    const responses = await Promise.all(calls)

    expect(responses.map(({ status }) => status)).toEqual(Array(500).fill(200))
    expect(server.requests).toHaveLength(2)
    expect(server.issued).toBe(2)
    expect(api.requests.filter(({ status }) => status === 401)).toHaveLength(500)
    expect(api.requests.filter(({ status }) => status === 200)).toHaveLength(501)
    expect(new Set(api.requests.map(({ authorization }) => authorization)).size).toBe(2)
    expect(events).toHaveLength(500)
    expect(refusals()).toHaveLength(1)
  })

  test('U3: a late 401 for a token already replaced is replayed without a renewal', async () => {
    const { server, tokens, authorize, refusals } = await world()
    let answerLate: (() => void) | undefined
    const { origin } = await serve((request, response) => {
      const token = request.headers.authorization?.slice('Bearer '.length) ?? ''
      const status = server.isLive(token) ? 200 : 401
      const answer = () => response.writeHead(status).end()
      if (request.url === '/late' && !answerLate) answerLate = answer
      else answer()
    })
    const send = authorize(origin)
    await tokens.getAccessToken()
    server.revokeAll()

    const late = send(`${origin}/late`)
    await until(() => answerLate !== undefined)
    expect((await send(`${origin}/quick`)).status).toBe(200)
    const second = await tokens.getAccessToken()
    answerLate?.()

    expect((await late).status).toBe(200)
    expect(server.requests).toHaveLength(2)
    expect(refusals()).toHaveLength(1)
    expect(await tokens.getAccessToken()).toBe(second)
  })

  test('U4: a 401 that arrives while the renewal runs joins it', async () => {
    const { server, tokens, authorize, events, answered } = await world()
    const refusedLater: (() => void)[] = []
    const { origin } = await serve((request, response) => {
      const token = request.headers.authorization?.slice('Bearer '.length) ?? ''
      if (server.isLive(token)) response.end()
      else refusedLater.push(() => response.writeHead(401).end())
    })
    await tokens.getAccessToken()
    server.revokeAll()
    const release = server.hold()
    const send = authorize(origin)

    const early = send(`${origin}/early`)
    const late = send(`${origin}/late`)
    await until(() => refusedLater.length === 2)
    refusedLater[0]?.()
    await until(() => server.requests.length === 2)
    refusedLater[1]?.()
    await until(() => answered.length === 2)
    release()

    expect((await Promise.all([early, late])).map(({ status }) => status)).toEqual([200, 200])
    expect(server.requests).toHaveLength(2)
    expect(events.map(({ type }) => type)).toEqual(['request-replayed', 'request-replayed'])
  })

  test('U5: a replay refused too hands back that 401 and keeps the new token', async () => {
    const { server, api, send, events, refusals } = await world()
    await send(`${api.origin}/warm`)
    api.next(refused, { ...refused, body: 'the second' })

    const response = await send(`${api.origin}/x`)

    expect([response.status, await response.text()]).toEqual([401, 'the second'])
    expect((await send(`${api.origin}/after`)).status).toBe(200)
    expect(api.requests.map(({ status }) => status)).toEqual([200, 401, 401, 200])
    expect(api.requests[3]?.authorization).toBe(api.requests[2]?.authorization)
    expect(server.requests).toHaveLength(2)
    expect(events).toHaveLength(1)
    expect(refusals()).toMatchObject([{ action: 'dropped' }, { action: 'kept' }])
  })
})

describe('which answers are about the token', () => {
  test.each([
    'Basic realm="x"',
    'Negotiate',
    'Negotiate YIIB==',
    'DPoP error="invalid_token"',
    'Basic realm="a, Bearer b", charset="UTF-8"',
    'Digest realm=Bearer, nonce="Bearer"',
    'BearerX error="invalid_token"',
  ])('U7: a 401 with the challenge %s renews nothing', async (challenge) => {
    const { server, api, send, refusals } = await world()
    api.next({ status: 401, headers: { 'www-authenticate': challenge } })

    expect((await send(`${api.origin}/x`)).status).toBe(401)
    expect((await send(`${api.origin}/after`)).status).toBe(200)

    expect(api.requests).toHaveLength(2)
    expect(server.requests).toHaveLength(1)
    expect(refusals()).toEqual([])
  })

  test.each([
    'Bearer',
    'BEARER realm="x"',
    'bearer error="invalid_token"',
    'Basic realm="x", Bearer error="invalid_token"',
    'Basic realm="a, b \\" c", Negotiate YIIB==, bearer realm="y, z", error=invalid_token',
    'Bearer realm="x", Basic realm="y"',
    undefined,
  ])('U8: a 401 with the challenge %s is renewed and replayed', async (challenge) => {
    const { server, api, send, refusals } = await world()
    const headers: Record<string, string> = {}
    if (challenge !== undefined) headers['www-authenticate'] = challenge
    api.next({ status: 401, headers })

    expect((await send(`${api.origin}/x`)).status).toBe(200)

    expect(api.requests.map(({ status }) => status)).toEqual([401, 200])
    expect(server.requests).toHaveLength(2)
    expect(refusals()).toMatchObject([{ action: 'dropped' }])
  })

  test.each(['"', '\\', '=', ',', ' ', 'a ', 'a=', 'a="', 'Bearer ', 'Bearer a="\\', 'a=b,'])(
    'U8: reading a challenge of repeated %j costs no more than its length',
    (piece) => {
      const cost = (count: number) => {
        let reads = 0
        const text = piece.repeat(count)
        const counted = {
          length: text.length,
          charCodeAt: (at: number) => {
            reads++
            return text.charCodeAt(at)
          },
          slice: (from: number, to: number) => {
            reads += to - from
            return text.slice(from, to)
          },
          trim: () => text.trim(),
        }
        const header = new Proxy(counted, {
          get: (target, name) => {
            if (name in target) return Reflect.get(target, name)
            reads++
            return text[Number(name)]
          },
        }) as unknown as string
        bearerChallenge(header)
        isAboutToken(header)
        return reads
      }

      expect(cost(20_000)).toBeLessThan(cost(2_000) * 11)
      expect(cost(2_000)).toBeLessThan(2_000 * piece.length * 12)
    },
  )

  test.each([
    [403, 'Bearer error="insufficient_scope", scope="a b"'],
    [401, 'Bearer error="insufficient_scope"'],
    [401, 'Bearer error="invalid_request"'],
    [400, 'Bearer error="invalid_request"'],
    [419, 'Bearer error="invalid_token"'],
    [440, 'Bearer error="invalid_token"'],
  ])('U9: a %i with %s renews nothing', async (status, challenge) => {
    const { server, api, send, events, refusals } = await world()
    api.next({ status, headers: { 'www-authenticate': challenge } })

    expect((await send(`${api.origin}/x`)).status).toBe(status)
    await send(`${api.origin}/after`)

    expect(api.requests).toHaveLength(2)
    expect(server.requests).toHaveLength(1)
    expect(refusals()).toEqual([])
    const said = { type: 'insufficient-scope', origin: api.origin, method: 'GET', scope: 'a b' }
    expect(events).toEqual(status === 403 ? [said] : [])
  })

  test('U9: a 407 renews nothing, whatever the platform makes of it', async () => {
    const { server, api, send, refusals } = await world()
    const raw = { status: 407, headers: { 'www-authenticate': 'Bearer' } }
    api.next(raw, raw)
    const outcome = (call: Promise<Response>) =>
      call.then(
        ({ status }) => status,
        (error: Error) => error.message,
      )

    const platform = await outcome(fetch(`${api.origin}/x`))
    expect(await outcome(send(`${api.origin}/x`))).toBe(platform)
    await send(`${api.origin}/after`)

    expect(api.requests).toHaveLength(3)
    expect(server.requests).toHaveLength(1)
    expect(refusals()).toEqual([])
  })

  test('U10: a 401 answered by another origin after a redirect renews nothing', async () => {
    const { server, api, send, refusals } = await world()
    const seen: (string | undefined)[] = []
    const evil = await serve((request, response) => {
      seen.push(request.headers.authorization)
      response.writeHead(401, refused.headers).end()
    })
    api.next({ status: 307, headers: { location: `${evil.origin}/x` } })

    expect((await send(`${api.origin}/x`)).status).toBe(401)
    await send(`${api.origin}/after`)

    expect(seen).toEqual([undefined])
    expect(server.requests).toHaveLength(1)
    expect(refusals()).toEqual([])
  })

  test('U10: a 401 to a request that was not signed by us renews nothing', async () => {
    const { server, api, send, refusals, authorize } = await world()
    await send(`${api.origin}/warm`)
    const elsewhere = authorize('https://other.test')

    const responses = await Promise.all([
      send(`${api.origin}/own`, { headers: { authorization: 'Bearer own' } }),
      send(`${api.origin}/opted-out`, { countersign: false }),
      elsewhere(`${api.origin}/foreign`),
    ])

    expect(responses.map(({ status }) => status)).toEqual([401, 401, 401])
    expect(api.requests).toHaveLength(4)
    expect(server.requests).toHaveLength(1)
    expect(refusals()).toEqual([])
  })
})

describe('around the replay', () => {
  test("U14: each attempt of the caller's own retry has a fresh token and one replay", async () => {
    const { server, api, send, clock } = await world()
    const retrying = async () => {
      const response = await send(`${api.origin}/x`)
      if (response.status !== 503) return response
      await clock.advance(601_000)
      return send(`${api.origin}/x`)
    }
    api.next({ status: 503 }, refused, refused)

    expect((await retrying()).status).toBe(401)

    expect(api.requests.map(({ status }) => status)).toEqual([503, 401, 401])
    expect(new Set(api.requests.map(({ authorization }) => authorization)).size).toBe(3)
    expect(server.requests).toHaveLength(3)
  })

  test('U15: the refused answer is let go before the replay, even one that never ends', async () => {
    const { tokens } = await world()
    const order: string[] = []
    let closed: Promise<unknown> | undefined
    const { origin } = await serve((_, response) => {
      if (closed) return response.end('ok')
      closed = once(response, 'close')
      return response.writeHead(401).write('without end')
    })
    const send = authorizedFetch(tokens, {
      origins: [origin],
      fetch: async (input, init) => {
        order.push('sent')
        const response = await fetch(input, init)
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

    const response = await send(`${origin}/x`)

    expect([response.status, await response.text()]).toEqual([200, 'ok'])
    expect(order).toEqual(['sent', 'let go', 'sent'])
    await closed
  })

  test('U15: a renewal that fails lets go of the refused answer', async () => {
    const { server, tokens, authorize } = await world()
    await tokens.getAccessToken()
    let closed: Promise<unknown> | undefined
    const { origin } = await serve((_, response) => {
      closed = once(response, 'close')
      response.writeHead(401).write('without end')
    })
    server.next({ status: 400, body: { error: 'invalid_client' } })

    await expect(authorize(origin)(`${origin}/x`)).rejects.toMatchObject({
      name: 'TokenEndpointError',
      code: 'ERR_OAUTH',
      error: 'invalid_client',
      message: expect.stringContaining('invalid_client'),
    })
    await closed
  })

  test('U15: ten thousand refusals need no more than a few sockets', {
    timeout: 60_000,
  }, async () => {
    const body = 'x'.repeat(100)
    let refusing = false
    const { origin, state } = await serve((_, response) => {
      refusing = !refusing
      response.writeHead(refusing ? 401 : 200).end(body)
    })
    let current = staticTokenProvider('token-0')
    let count = 0
    const send = authorizedFetch(
      {
        getAccessToken: (options) => current.getAccessToken(options),
        invalidate: () => {
          current = staticTokenProvider(`token-${++count}`)
        },
      },
      { origins: [origin] },
    )

    for (let cycle = 0; cycle < 10_000; cycle++) await (await send(origin)).text()

    expect(count).toBe(10_000)
    expect(state.most).toBeLessThan(10)
  })

  test('U16 U22: a caller who aborts between the 401 and the replay sends nothing more', async () => {
    const { server, api, send, events } = await world()
    await send(`${api.origin}/warm`)
    server.revokeAll()
    const release = server.hold()
    const controller = new AbortController()
    const reason = new Error('the caller left')

    const pending = send(`${api.origin}/x`, { signal: controller.signal })
    const rejected = expect(pending).rejects.toBe(reason)
    await until(() => server.requests.length === 2)
    controller.abort(reason)
    await rejected
    release()

    expect((await send(`${api.origin}/after`)).status).toBe(200)
    expect(api.requests.map(({ url }) => url)).toEqual(['/warm', '/x', '/after'])
    expect(server.requests).toHaveLength(2)
    expect(events).toMatchObject([{ type: 'replay-withheld', reason: 'aborted' }])
  })

  test('U22: a caller who aborts while the token is awaited sends nothing', async () => {
    const { server, api, send, tokens } = await world()
    const release = server.hold()
    const controller = new AbortController()
    const reason = new Error('the caller left')

    const pending = send(`${api.origin}/x`, { signal: controller.signal })
    const rejected = expect(pending).rejects.toBe(reason)
    await until(() => server.requests.length === 1)
    controller.abort(reason)
    await rejected
    release()

    await tokens.getAccessToken()
    expect(server.requests).toHaveLength(1)
    expect(api.requests).toEqual([])
  })

  test('U22: a caller who aborts as the token arrives sends nothing', async () => {
    const { api } = await world()
    const controller = new AbortController()
    const reason = new Error('the caller left')
    const fixed = staticTokenProvider()
    const getAccessToken = async (): Promise<AccessToken> => {
      const token = await fixed.getAccessToken()
      controller.abort(reason)
      return token
    }
    const send = authorizedFetch(
      { getAccessToken, invalidate: fixed.invalidate },
      { origins: [api.origin] },
    )

    await expect(send(`${api.origin}/x`, { signal: controller.signal })).rejects.toBe(reason)
    expect(api.requests).toEqual([])
  })
})

describe('redirected requests', () => {
  test('U21: a POST answered 303 to a GET that is refused is not sent again', async () => {
    const { server, api, send, events, refusals } = await world()
    api.next({ status: 303, headers: { location: '/orders/1' } }, refused)

    const response = await send(`${api.origin}/orders`, { method: 'POST', body: 'order' })
    const after = await send(`${api.origin}/after`)

    expect([response.status, after.status]).toEqual([401, 200])
    expect(api.requests.map(({ method, url }) => `${method} ${url}`)).toEqual([
      'POST /orders',
      'GET /orders/1',
      'GET /after',
    ])
    expect(server.requests).toHaveLength(2)
    expect(refusals()).toMatchObject([{ action: 'dropped' }])
    expect(events).toEqual([
      { type: 'replay-withheld', reason: 'redirected', origin: api.origin, method: 'POST' },
    ])
  })

  test.each(['GET', 'HEAD'])('U21: a %s that was redirected is sent again', async (method) => {
    const { server, api, send } = await world()
    api.next({ status: 302, headers: { location: '/there' } }, refused)

    expect((await send(`${api.origin}/here`, { method })).status).toBe(200)

    expect(api.requests.map(({ url }) => url)).toEqual(['/here', '/there', '/here'])
    expect(server.requests).toHaveLength(2)
  })
})
