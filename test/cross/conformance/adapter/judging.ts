import { expect, test } from 'vitest'
import { answer, refused } from '../../../support/recording-api.ts'
import { startWorld } from '../../../support/world.ts'
import type { HostUnderTest } from '../host.ts'

/** Promise 5, and the part of 9 that is about answers: which of them renew a token. */
export function judging(host: HostUnderTest): void {
  test('5 U5: a replay refused too hands back that 401 and keeps the new token', async () => {
    const { server, tokens, api, requestEvents, onEvent, refusals } = await startWorld()
    const client = host.client({ tokens, baseUrl: api.origin, origins: [api.origin], onEvent })
    await client.send({ url: '/warm' })
    api.next(refused, answer(401, { 'www-authenticate': 'Bearer' }, 'the second'))

    expect(await client.send({ url: '/x' })).toEqual({ status: 401, text: 'the second' })
    expect((await client.send({ url: '/after' })).status).toBe(200)

    expect(api.seen.map(({ status }) => status)).toEqual([200, 401, 401, 200])
    expect(api.seen[3]?.authorization).toBe(api.seen[2]?.authorization)
    expect(server.requests).toHaveLength(2)
    expect(requestEvents).toHaveLength(1)
    expect(refusals()).toMatchObject([{ action: 'suspect' }, { action: 'kept' }])
  })

  test('5 U6: an API that answers every call with 401 costs a handful of token requests', async () => {
    const { clock, server, tokens, api } = await startWorld()
    const client = host.client({ tokens, baseUrl: api.origin, origins: [api.origin] })
    api.answerWith(refused)

    for (let second = 0; second < 60; second++) {
      const calls = Array.from({ length: 5 }, () => client.send({ url: '/x' }))
      for (const { status } of await Promise.all(calls)) expect(status).toBe(401)
      await clock.advance(1000)
    }

    // The first; one for each time that a cool-down of 5, 10, 20 and 40 s has passed.
    expect(server.requests.length).toBeGreaterThan(1)
    expect(server.requests.length).toBeLessThanOrEqual(6)
  })

  test.each([
    'Basic realm="x"',
    'Negotiate YIIB==',
    'DPoP error="invalid_token"',
    'Basic realm="a, Bearer b", charset="UTF-8"',
    'BearerX error="invalid_token"',
  ])('5 U7: a 401 with the challenge %s renews nothing', async (challenge) => {
    const { server, tokens, api, refusals } = await startWorld()
    const client = host.client({ tokens, baseUrl: api.origin, origins: [api.origin] })
    api.next(answer(401, { 'www-authenticate': challenge }, 'the first'))

    expect(await client.send({ url: '/x' })).toEqual({ status: 401, text: 'the first' })

    expect(api.seen).toHaveLength(1)
    expect(server.requests).toHaveLength(1)
    expect(refusals()).toEqual([])
  })

  test.each([
    'Bearer',
    'bearer error="invalid_token"',
    'Basic realm="x", Bearer error="invalid_token"',
    'Basic realm="a, b \\" c", Negotiate YIIB==, bearer realm="y, z", error=invalid_token',
    undefined,
  ])('5 U8: a 401 with the challenge %s is renewed and replayed', async (challenge) => {
    const { server, tokens, api } = await startWorld()
    const client = host.client({ tokens, baseUrl: api.origin, origins: [api.origin] })
    api.next(answer(401, challenge === undefined ? {} : { 'www-authenticate': challenge }))

    expect((await client.send({ url: '/x' })).status).toBe(200)

    expect(api.seen.map(({ status }) => status)).toEqual([401, 200])
    expect(server.requests).toHaveLength(2)
  })

  test.each([
    [403, 'Bearer error="insufficient_scope", scope="a b"'],
    [403, 'Bearer error="invalid_token"'],
    [401, 'Bearer error="insufficient_scope"'],
    [401, 'Bearer error="invalid_request"'],
    [400, 'Bearer error="invalid_request"'],
    [419, 'Bearer error="invalid_token"'],
    [429, 'Bearer error="invalid_token"'],
    [440, 'Bearer error="invalid_token"'],
  ])('5 U9: a %i with %s renews nothing', async (status, challenge) => {
    const { server, tokens, api, requestEvents, onEvent, refusals } = await startWorld()
    const client = host.client({ tokens, baseUrl: api.origin, origins: [api.origin], onEvent })
    api.next(answer(status, { 'www-authenticate': challenge }, 'the first'))

    expect(await client.send({ url: '/x' })).toEqual({ status, text: 'the first' })

    expect(api.seen).toHaveLength(1)
    expect(server.requests).toHaveLength(1)
    expect(refusals()).toEqual([])
    const isAboutScope = status === 403 && challenge.includes('insufficient_scope')
    const said = { type: 'insufficient-scope', origin: api.origin, method: 'GET', scope: 'a b' }
    expect(requestEvents).toEqual(isAboutScope ? [said] : [])
  })

  test('5 U9: a 407 renews nothing, whatever the platform makes of it', async () => {
    const { server, tokens, api, refusals } = await startWorld()
    const client = host.client({ tokens, baseUrl: api.origin, origins: [api.origin] })
    api.next(answer(407, { 'www-authenticate': 'Bearer' }))

    const outcome = await client.send({ url: '/x' }).catch((error: Error) => error)

    if (outcome instanceof Error) expect(host.tokenFailure(outcome)).toBeUndefined()
    else expect(outcome.status).toBe(407)
    expect(api.seen).toHaveLength(1)
    expect(server.requests).toHaveLength(1)
    expect(refusals()).toEqual([])
  })

  if (!host.redirects) return

  test('9 U10: a 401 answered by another origin after a redirect renews nothing', async () => {
    const { server, tokens, api, evil, refusals } = await startWorld()
    const client = host.client({ tokens, baseUrl: api.origin, origins: [api.origin] })
    api.next(answer(307, { location: `${evil.origin}/x` }))
    evil.answerWith(refused)

    expect((await client.send({ url: '/x' })).status).toBe(401)
    expect((await client.send({ url: '/after' })).status).toBe(200)

    expect(evil.seen).toMatchObject([{ authorization: undefined }])
    expect(server.requests).toHaveLength(1)
    expect(refusals()).toEqual([])
  })

  test('9 U10: neither does one of another named origin: it has seen no token of ours', async () => {
    const { server, tokens, api, evil, refusals } = await startWorld()
    const origins = [api.origin, evil.origin]
    const client = host.client({ tokens, baseUrl: api.origin, origins })
    api.next(answer(302, { location: `${evil.origin}/x` }))
    evil.answerWith(refused)

    expect((await client.send({ url: '/x' })).status).toBe(401)

    expect(evil.seen).toMatchObject([{ authorization: undefined }])
    expect(server.requests).toHaveLength(1)
    expect(refusals()).toEqual([])
  })

  test('6 U21: a POST answered 303 to a GET that is refused is not sent again', async () => {
    const { server, tokens, api, requestEvents, onEvent, refusals } = await startWorld()
    const client = host.client({ tokens, baseUrl: api.origin, origins: [api.origin], onEvent })
    api.next(answer(303, { location: '/orders/1' }), refused)

    const order = await client.send({ method: 'POST', url: '/orders', body: 'order' })
    const after = await client.send({ url: '/after' })

    expect([order.status, after.status]).toEqual([401, 200])
    expect(api.seen.map(({ method, url }) => `${method} ${url}`)).toEqual([
      'POST /orders',
      'GET /orders/1',
      'GET /after',
    ])
    expect(server.requests).toHaveLength(2)
    expect(refusals()).toMatchObject([{ action: 'suspect' }])
    expect(requestEvents).toEqual([
      { type: 'replay-withheld', reason: 'redirected', origin: api.origin, method: 'POST' },
    ])
  })

  test('6 U21: nor one that a 303 sends back to its own URL', async () => {
    const { tokens, api, requestEvents, onEvent } = await startWorld()
    const client = host.client({ tokens, baseUrl: api.origin, origins: [api.origin], onEvent })
    api.next(answer(303, { location: '/orders' }), refused)

    const order = await client.send({ method: 'POST', url: '/orders', body: 'order' })

    expect(order.status).toBe(401)
    expect(api.seen.map(({ method, url }) => `${method} ${url}`)).toEqual([
      'POST /orders',
      'GET /orders',
    ])
    expect(requestEvents).toMatchObject([{ type: 'replay-withheld', reason: 'redirected' }])
  })

  test.each(['GET', 'HEAD'])('6 U21: a %s that was redirected is sent again', async (method) => {
    const { server, tokens, api } = await startWorld()
    const client = host.client({ tokens, baseUrl: api.origin, origins: [api.origin] })
    api.next(answer(302, { location: '/there' }), refused)

    expect((await client.send({ method, url: '/here' })).status).toBe(200)

    expect(api.seen.map(({ url }) => url)).toEqual(['/here', '/there', '/here'])
    expect(server.requests).toHaveLength(2)
  })
}
