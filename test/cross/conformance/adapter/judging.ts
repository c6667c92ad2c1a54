import { expect, test } from 'vitest'
import { answer, refused } from '../../../support/recording-api.ts'
import { type HostUnderTest, startClient } from '../host.ts'

/** Promise 5, and the part of 9 that is about answers: which of them renew a token. */
export function judging(host: HostUnderTest): void {
  test('a replay that is rejected too returns that 401 and keeps the new token', {
    tags: ['promise-5', 'U5'],
  }, async () => {
    const { server, api, requestEvents, refusals, client } = await startClient(host)
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

  test('an API that answers every call with 401 costs a handful of token requests', {
    tags: ['promise-5', 'U6'],
  }, async () => {
    const { clock, server, api, client } = await startClient(host)
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
    ['U7', 'OAuth2 realm="api", error="invalid_token"'],
    ['U7', 'OAuth realm="api"'],
    ['U7', 'Token error="invalid_token"'],
    ['U7', 'JWT realm="api"'],
    ['U7', 'error="invalid_token", error_description="expired"'],
    ['U7', 'Basic realm="a", OAuth2 error="invalid_token"'],
    ['U8', 'Bearer'],
    ['U8', 'bearer error="invalid_token"'],
    ['U8', 'Basic realm="x", Bearer error="invalid_token"'],
    ['U8', 'Basic realm="a, b \\" c", Negotiate YIIB==, bearer realm="y, z", error=invalid_token'],
    ['U8', undefined],
  ])('5 %s: a 401 with the challenge %s is renewed and replayed', async (_, challenge) => {
    const { server, api, client } = await startClient(host)
    api.next(answer(401, challenge === undefined ? {} : { 'www-authenticate': challenge }))

    expect((await client.send({ url: '/x' })).status).toBe(200)

    expect(api.seen.map(({ status }) => status)).toEqual([401, 200])
    expect(server.requests).toHaveLength(2)
  })

  test.each([
    ['U7', 401, 'Basic realm="x"'],
    ['U7', 401, 'Negotiate YIIB=='],
    ['U7', 401, 'DPoP error="invalid_token"'],
    ['U7', 401, 'Basic realm="a, Bearer b", charset="UTF-8"'],
    ['U7', 401, 'BearerX error="invalid_token"'],
    ['U9', 403, 'Bearer error="insufficient_scope", scope="a b"'],
    ['U9', 403, 'Bearer error="invalid_token"'],
    ['U9', 401, 'Bearer error="insufficient_scope"'],
    ['U9', 401, 'Bearer error="invalid_request"'],
    ['U9', 400, 'Bearer error="invalid_request"'],
    ['U9', 419, 'Bearer error="invalid_token"'],
    ['U9', 429, 'Bearer error="invalid_token"'],
    ['U9', 440, 'Bearer error="invalid_token"'],
  ])('5 %s: a %i with the challenge %s renews nothing', async (_, status, challenge) => {
    const { server, api, requestEvents, refusals, client } = await startClient(host)
    api.next(answer(status, { 'www-authenticate': challenge }, 'the first'))

    expect(await client.send({ url: '/x' })).toEqual({ status, text: 'the first' })

    expect([api.seen.length, server.requests.length, refusals()]).toEqual([1, 1, []])
    const isAboutScope = status === 403 && challenge.includes('insufficient_scope')
    const event = { type: 'insufficient-scope', origin: api.origin, method: 'GET', scope: 'a b' }
    expect(requestEvents).toEqual(isAboutScope ? [event] : [])
  })

  test('a 407 renews nothing, also where the platform turns it into an error', {
    tags: ['promise-5', 'U9'],
  }, async () => {
    const { server, api, refusals, client } = await startClient(host)
    api.next(answer(407, { 'www-authenticate': 'Bearer' }))

    const outcome = await client.send({ url: '/x' }).catch((error: Error) => error)

    if (outcome instanceof Error) expect(host.tokenFailure(outcome)).toBeUndefined()
    else expect(outcome.status).toBe(407)
    expect([api.seen.length, server.requests.length, refusals()]).toEqual([1, 1, []])
  })

  if (!host.redirects) return

  test.each([
    ['another origin', () => []],
    ['another listed origin, which has seen no token', (evil: string) => [evil]],
  ])(
    'a 401 answered by %s after a redirect renews nothing',
    { tags: ['promise-9', 'U10'] },
    async (_, more) => {
      const { server, tokens, setup, api, evil, refusals } = await startClient(host)
      const client = host.client({ ...setup, tokens, origins: [api.origin, ...more(evil.origin)] })
      api.next(answer(307, { location: `${evil.origin}/x` }))
      evil.next(refused)

      expect((await client.send({ url: '/x' })).status).toBe(401)
      expect((await client.send({ url: '/after' })).status).toBe(200)

      expect(evil.seen).toMatchObject([{ authorization: undefined }])
      expect([server.requests.length, refusals()]).toEqual([1, []])
    },
  )

  test.each(['/orders/1', '/orders'])(
    'a POST answered 303 to a GET of %s that is rejected is not sent again',
    { tags: ['promise-6', 'U21'] },
    async (location) => {
      const { server, api, requestEvents, refusals, client } = await startClient(host)
      api.next(answer(303, { location }), refused)

      const order = await client.send({ method: 'POST', url: '/orders', body: 'order' })
      const after = await client.send({ url: '/after' })

      expect([order.status, after.status]).toEqual([401, 200])
      expect(api.seen.map(({ method, url }) => `${method} ${url}`)).toEqual([
        'POST /orders',
        `GET ${location}`,
        'GET /after',
      ])
      expect(server.requests).toHaveLength(2)
      expect(refusals()).toMatchObject([{ action: 'suspect' }])
      expect(requestEvents).toEqual([
        { type: 'replay-skipped', reason: 'redirected', origin: api.origin, method: 'POST' },
      ])
    },
  )

  test.each(['GET', 'HEAD'])(
    'a %s that was redirected is sent again',
    { tags: ['promise-6', 'U21'] },
    async (method) => {
      const { server, api, client } = await startClient(host)
      api.next(answer(302, { location: '/there' }), refused)

      expect((await client.send({ method, url: '/here' })).status).toBe(200)

      expect(api.seen.map(({ url }) => url)).toEqual(['/here', '/there', '/here'])
      expect(server.requests).toHaveLength(2)
    },
  )
}
