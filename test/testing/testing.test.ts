import { randomUUID } from 'node:crypto'
import type { Algorithm } from '@countersign/core'
import {
  type AuthorizationServer,
  createAuthorizationServer,
  createManualClock,
  createResourceServer,
  type ManualClock,
} from '@countersign/testing'
import { SignJWT } from 'jose'
import { beforeEach, describe, expect, test } from 'vitest'
import { clientKey, sharedRsaPair } from '../support/keys.ts'
import { until } from '../support/waiting.ts'

const clientId = 'institution-1'
const jwks = { keys: [clientKey.publicJwk, sharedRsaPair().publicJwk] }

let clock: ManualClock
let server: AuthorizationServer

beforeEach(async () => {
  clock = createManualClock()
  server = await createAuthorizationServer({ clock })
  server.register({ clientId, jwks, algorithms: ['ES256'] })
  return () => server.close()
})

describe('the testing authorization server', () => {
  test('gives a token for an assertion that holds', async () => {
    const response = await ask(await assertion())

    expect(response.status).toBe(200)
    const body = (await response.json()) as { access_token: string }
    expect(body).toEqual({
      access_token: expect.stringMatching(/^[\w-]{43}$/),
      token_type: 'Bearer',
      expires_in: 600,
    })
    expect(server.isLive(body.access_token)).toBe(true)
    expect(server.issued).toBe(1)
  })

  test('rejects an aud that is an array or differs by a slash', {
    tags: ['A3', 'A4'],
  }, async () => {
    const aud = server.tokenEndpoint
    const reason = `aud is ${aud}/, and must be ${aud}`
    await expectRejection(await assertion({ aud: `${aud}/` }), reason)
    await expectRejection(await assertion({ aud: [aud] }), 'aud is not one string')
  })

  test('accepts an exp 300 s ahead and rejects one 301 s ahead', { tags: ['A8'] }, async () => {
    expect((await ask(await assertion({ exp: seconds() + 300 }))).status).toBe(200)
    await expectRejection(await assertion({ exp: seconds() + 301 }), 'exp is more than 300 s ahead')
  })

  test('rejects a jti that was used before', { tags: ['A12'] }, async () => {
    const jti = randomUUID()
    expect((await ask(await assertion({ jti }))).status).toBe(200)
    await expectRejection(await assertion({ jti }), 'jti was used before')
  })

  test('rejects an unknown client, an algorithm it did not register and a rounded integer', async () => {
    const stranger = await assertion({ iss: 'stranger', sub: 'stranger' })
    await expectRejection(stranger, 'the client is not registered', 'stranger')
    await expectRejection(await assertion({}, 'PS256'), 'alg PS256 is not allowed; ES256 are')
    const reason = 'The claims of the JWT contains a number beyond 2^53 - 1.'
    await expectRejection(await assertion({ n: 2 ** 53 }), reason)
  })

  test.each([
    ['a client_secret', {}, [['client_secret', 'x']]],
    ['an Authorization header', { authorization: 'Basic Yzp4' }, []],
    ['a repeated parameter', {}, Array(2).fill(['extra', '1'])],
  ])('rejects %s next to the assertion', async (_, headers, more) => {
    const body = form(await assertion())
    for (const [name, value] of more) body.append(name, value)
    const response = await fetch(server.tokenEndpoint, { method: 'POST', headers, body })
    expect(response.status).toBe(400)
    expect(await response.json()).toMatchObject({ error: 'invalid_request' })
  })

  test('revokeAll refuses every token issued before it, and none issued after', async () => {
    const before = [await token(), await token()]
    server.revokeAll()
    const after = await token()

    expect(before.map(server.isLive)).toEqual([false, false])
    expect(server.isLive(after)).toBe(true)
    expect(server.issued).toBe(3)
  })

  test('hold checks and records a request, and answers it when released', async () => {
    const release = server.hold()
    let answered = false
    const held = ask(await assertion()).then((response) => {
      answered = true
      return response.status
    })
    await until(() => server.requests[0]?.status === 200)
    expect(server.issued).toBe(0)
    expect(answered).toBe(false)

    release()
    expect(await held).toBe(200)
    expect(server.issued).toBe(1)
    expect((await ask(await assertion())).status).toBe(200)
  })

  test('next scripts answers first in, first out, and then gives its own again', async () => {
    server.next(
      { status: 503, headers: { 'retry-after': '7' } },
      { status: 400, body: { error: 'invalid_request' } },
    )
    const first = await ask(await assertion())
    expect([first.status, first.headers.get('retry-after')]).toEqual([503, '7'])
    expect(await first.text()).toBe('')
    const second = await ask(await assertion())
    expect([second.status, await second.json()]).toEqual([400, { error: 'invalid_request' }])
    expect((await ask(await assertion())).status).toBe(200)

    expect(server.requests.map(({ status }) => status)).toEqual([503, 400, 200])
    expect(server.issued).toBe(1)
  })

  test('checks a request that a script answers', async () => {
    server.next({ body: { access_token: 'scripted', token_type: 'Bearer' } })
    const response = await ask(await assertion({ iss: 'stranger' }))

    expect(await response.json()).toEqual({ access_token: 'scripted', token_type: 'Bearer' })
    expect(server.requests).toMatchObject([
      { status: 200, refusal: 'invalid_client: iss is not the client ID' },
    ])
    expect(server.isLive('scripted')).toBe(false)
  })

  test('next lets a script name the type of its JSON body, in any case', async () => {
    server.next({ status: 400, headers: { 'Content-Type': 'application/problem+json' }, body: {} })
    const response = await ask(await assertion())
    expect(response.headers.get('content-type')).toBe('application/problem+json')
  })

  test('next drops the connection before the headers or inside the body', async () => {
    server.next({ drop: 'before-headers' }, { drop: 'inside-body' })
    await expect(ask(await assertion())).rejects.toMatchObject({
      message: 'fetch failed',
      cause: { code: 'UND_ERR_SOCKET' },
    })
    const cut = await ask(await assertion())
    expect(cut.status).toBe(200)
    await expect(cut.text()).rejects.toMatchObject({
      message: 'terminated',
      cause: { code: 'UND_ERR_SOCKET' },
    })
    expect(server.requests.map(({ status }) => status)).toEqual([0, 200])
  })

  test('close ends a request that is held, and refuses connections afterwards', async () => {
    server.hold()
    const held = ask(await assertion()).catch((error: unknown) => error)
    await until(() => server.requests[0]?.status === 200)

    await server.close()

    expect(await held).toMatchObject({
      message: 'fetch failed',
      cause: { code: expect.stringMatching(/^(?:UND_ERR_SOCKET|ECONNRESET)$/) },
    })
    await expect(ask(await assertion())).rejects.toMatchObject({
      message: 'fetch failed',
      cause: { code: 'ECONNREFUSED' },
    })
    expect(server.issued).toBe(0)
  })
})

describe('the listeners of the testing servers', () => {
  test('receive each answered request, also those without a record', async () => {
    const answered: unknown[] = []
    await using listened = await createAuthorizationServer({
      onAnswered: (one) => void answered.push(one),
    })
    await using api = await createResourceServer(listened, {
      onAnswered: (one) => void answered.push(one),
    })
    await fetch(listened.tokenEndpoint, { method: 'POST', body: new URLSearchParams() })
    await fetch(`${listened.issuer}/jwks?a=1`)
    await fetch(listened.tokenEndpoint)
    await fetch(`${api.origin}/accounts`)
    const duration = expect.any(Number)
    expect(answered).toEqual([
      { method: 'POST', url: '/token', status: 400, duration, tokenRequest: listened.requests[0] },
      { method: 'GET', url: '/jwks?a=1', status: 200, duration, tokenRequest: undefined },
      { method: 'GET', url: '/token', status: 405, duration, tokenRequest: undefined },
      { method: 'GET', url: '/accounts', status: 401, duration },
    ])
    listened.next({ drop: 'before-headers' })
    await expect(fetch(listened.tokenEndpoint, { method: 'POST', body: 'a' })).rejects.toThrow()
    expect(answered).toHaveLength(4)
  })

  test('can register a client before the server looks at its request', async () => {
    const received: unknown[] = []
    await using listened = await createAuthorizationServer({
      onRequest: (request) => {
        received.push(request)
        listened.register({ clientId, jwks })
      },
    })
    const aud = listened.tokenEndpoint
    const exp = Math.floor(Date.now() / 1000) + 60
    const body = form(await assertion({ aud, exp }))
    expect((await fetch(aud, { method: 'POST', body })).status).toBe(200)
    expect(received).toEqual([{ method: 'POST', url: '/token' }])
  })

  test('are the only options of a resource server', async () => {
    await expect(createResourceServer(server, { onAnswer: () => {} } as object)).rejects.toThrow(
      new TypeError('a resource server has no member onAnswer; it has answer, onAnswered, port'),
    )
  })
})

describe('the manual clock', () => {
  test('ends pauses in the order they come due, each at its own instant', async () => {
    const ended: [name: string, at: number][] = []
    const { signal } = new AbortController()
    const pause = async (name: string, ms: number) => {
      await clock.wait(ms, signal)
      ended.push([name, clock.monotonic()])
    }
    const pauses = [pause('late', 300), pause('early', 100), pause('middle', 200)]

    await clock.advance(99)
    expect(ended).toEqual([])
    await clock.advance(101)
    expect(ended).toEqual([
      ['early', 100],
      ['middle', 200],
    ])
    await clock.advance(100)
    await Promise.all(pauses)
    expect(ended.at(-1)).toEqual(['late', 300])
  })

  test('sets the wall clock alone, and ends no pause by it', async () => {
    let ended = false
    const pause = clock.wait(100, new AbortController().signal).then(() => {
      ended = true
    })
    clock.setWallClock(5_000)
    await clock.advance(0)
    expect([clock.now(), clock.monotonic(), ended]).toEqual([5_000, 0, false])
    await clock.advance(100)
    await pause
    expect([clock.now(), clock.monotonic(), ended]).toEqual([5_100, 100, true])
  })

  test('rejects a pause with the very reason of its signal', async () => {
    const reason = new Error('enough')
    const controller = new AbortController()
    const pause = clock.wait(100, controller.signal)
    controller.abort(reason)
    await expect(pause).rejects.toBe(reason)
    await expect(clock.wait(100, controller.signal)).rejects.toBe(reason)
  })

  test('rejects a negative step', async () => {
    await expect(clock.advance(-1)).rejects.toThrow(
      new RangeError('a clock cannot advance by -1 ms'),
    )
  })

  test('is what the tokens of the authorization server expire by', async () => {
    const value = await token()
    await clock.advance(599_999)
    expect(server.isLive(value)).toBe(true)
    await clock.advance(1)
    expect(server.isLive(value)).toBe(false)
  })
})

function seconds(): number {
  return Math.floor(clock.now() / 1000)
}

function assertion(
  claims: Record<string, unknown> = {},
  alg: Algorithm = 'ES256',
): Promise<string> {
  const own = { iss: clientId, sub: clientId, aud: server.tokenEndpoint, jti: randomUUID() }
  return new SignJWT({ ...own, exp: seconds() + 60, ...claims })
    .setProtectedHeader({ alg })
    .sign((alg === 'ES256' ? clientKey : sharedRsaPair()).privateKey)
}

function form(clientAssertion: string, parameters: Record<string, string> = {}) {
  return new URLSearchParams({
    grant_type: 'client_credentials',
    client_assertion: clientAssertion,
    client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
    ...parameters,
  })
}

function ask(clientAssertion: string, client: string = clientId): Promise<Response> {
  const body = form(clientAssertion, { client_id: client })
  return fetch(server.tokenEndpoint, { method: 'POST', body })
}

async function token(): Promise<string> {
  const response = await ask(await assertion())
  const { access_token } = (await response.json()) as { access_token: string }
  return access_token
}

async function expectRejection(
  clientAssertion: string,
  reason: string,
  client?: string,
): Promise<void> {
  const issued = server.issued
  const response = await ask(clientAssertion, client)
  expect(response.status).toBe(401)
  expect(await response.json()).toEqual({ error: 'invalid_client', error_description: reason })
  expect(server.requests.at(-1)).toMatchObject({
    status: 401,
    refusal: `invalid_client: ${reason}`,
  })
  expect(server.issued).toBe(issued)
}
