import { expect, test } from 'vitest'
import { answer, refused } from '../../../support/recording-api.ts'
import { startApi, startWorld } from '../../../support/world.ts'
import type { Answered, HostUnderTest } from '../host.ts'

/** Promise 5: which answers mean a rejected token, by the built-in rule and by `isTokenRejected`. */
export function deciding(host: HostUnderTest): void {
  test.each([
    'OAuth2 realm="api", error="invalid_token"',
    'OAuth realm="api"',
    'Token error="invalid_token"',
    'JWT realm="api"',
    'error="invalid_token", error_description="expired"',
    'Basic realm="a", OAuth2 error="invalid_token"',
  ])('5 U7: renews the token after a 401 with the challenge %s', async (challenge) => {
    const { server, tokens, api } = await startWorld()
    const client = host.client({ tokens, baseUrl: api.origin, origins: [api.origin] })
    api.next(answer(401, { 'www-authenticate': challenge }))

    expect((await client.send({ url: '/x' })).status).toBe(200)

    expect(server.requests).toHaveLength(2)
  })

  test('5: isTokenRejected keeps a 401 to a wrong PIN from being sent twice', async () => {
    const { server, tokens, api } = await startWorld()
    const isTokenRejected = ({ status, text }: Answered) => status === 401 && text !== 'wrong PIN'
    const options = { tokens, baseUrl: api.origin, origins: [api.origin], isTokenRejected }
    const client = host.client(options)
    api.next(answer(401, {}, 'wrong PIN'), answer(401, {}, 'expired'))

    const first = await client.send({ method: 'POST', url: '/pin', body: '0000' })
    const second = await client.send({ method: 'POST', url: '/pin', body: '1234' })

    expect([first, second]).toEqual([
      { status: 401, text: 'wrong PIN' },
      { status: 200, text: 'ok' },
    ])
    expect(api.seen.map(({ body }) => body.toString())).toEqual(['0000', '1234', '1234'])
    expect(server.requests).toHaveLength(2)
  })

  test.each([419, 200])('5: isTokenRejected renews the token after a %i', async (status) => {
    const { server, tokens, api } = await startWorld()
    const isTokenRejected = async ({ text }: Answered) => text.includes('UNAUTHENTICATED')
    const options = { tokens, baseUrl: api.origin, origins: [api.origin], isTokenRejected }
    const client = host.client(options)
    const errors = '{"errors":[{"extensions":{"code":"UNAUTHENTICATED"}}]}'
    api.next(answer(status, { 'content-type': 'application/json' }, errors))

    expect(await client.send({ url: '/graphql' })).toEqual({ status: 200, text: 'ok' })

    expect(api.seen).toHaveLength(2)
    expect(server.requests).toHaveLength(2)
  })

  test('5: an isTokenRejected that throws counts as false and is reported', async () => {
    const { tokens, api, requestEvents, onEvent } = await startWorld()
    const isTokenRejected = () => {
      throw new Error('no such field')
    }
    const options = { tokens, baseUrl: api.origin, origins: [api.origin], isTokenRejected, onEvent }
    const client = host.client(options)
    api.next(refused)

    expect((await client.send({ url: '/x' })).status).toBe(401)

    expect(api.seen).toHaveLength(1)
    expect(requestEvents).toEqual([
      { type: 'rejection-check-failed', origin: api.origin, method: 'GET' },
    ])
  })

  test('5: isTokenRejected is not called for a request that did not carry the token', async () => {
    const { tokens, api, evil } = await startWorld()
    const asked: Answered[] = []
    const isTokenRejected = (answered: Answered) => {
      asked.push(answered)
      return false
    }
    const options = { tokens, baseUrl: api.origin, origins: [api.origin], isTokenRejected }
    const client = host.client(options)

    await client.send({ url: `${evil.origin}/x` })
    await client.send({ url: '/x', countersign: false })
    await client.send({ url: '/x', headers: { authorization: 'Basic b3duOm93bg==' } })
    expect(asked).toEqual([])

    await client.send({ url: '/x' })
    expect(asked).toEqual([{ status: 200, text: 'ok' }])
  })

  test('10: an abort ends the wait for an isTokenRejected that does not answer', async () => {
    const { tokens, api } = await startWorld()
    const caller = new AbortController()
    const reason = new Error('enough')
    const isTokenRejected = () => {
      caller.abort(reason)
      return new Promise<boolean>(() => {})
    }
    const options = { tokens, baseUrl: api.origin, origins: [api.origin], isTokenRejected }
    const pending = host.client(options).send({ url: '/x', signal: caller.signal })

    const error = await pending.catch((thrown: unknown) => thrown)

    expect(host.isAbort(error, reason)).toBe(true)
  })

  if (!host.redirects) return

  test('5 U10: a 401 to a request that another origin sent back drops no token', async () => {
    const { server, tokens, api, evil, refusals } = await startWorld()
    const client = host.client({ tokens, baseUrl: api.origin, origins: [api.origin] })
    await client.send({ url: '/warm' })
    const before = await tokens.getAccessToken()
    server.next({ status: 401, body: { error: 'invalid_client' } })
    api.next(answer(302, { location: `${evil.origin}/hop` }))
    evil.next(answer(302, { location: `${api.origin}/back` }))

    await client.send({ url: '/start' }).catch(() => {})

    expect(api.seen.map(({ url }) => url)).toEqual(['/warm', '/start', '/back'])
    expect(api.seen[2]?.authorization).toBeUndefined()
    expect((await tokens.getAccessToken()).value).toBe(before.value)
    expect(refusals().filter(({ type }) => type === 'token-refused')).toEqual(
      host.showsRedirects ? [] : [expect.objectContaining({ action: 'suspect' })],
    )
  })

  test('5 U10: isTokenRejected is not called for a request that is seen to come back', async () => {
    if (!host.showsRedirects) return
    const { tokens, api, evil } = await startWorld()
    const asked: Answered[] = []
    const isTokenRejected = (answered: Answered) => {
      asked.push(answered)
      return true
    }
    const options = { tokens, baseUrl: api.origin, origins: [api.origin], isTokenRejected }
    api.next(answer(302, { location: `${evil.origin}/hop` }))
    evil.next(answer(302, { location: `${api.origin}/back` }))

    expect((await host.client(options).send({ url: '/start' })).status).toBe(401)

    expect(asked).toEqual([])
  })

  test('5 U10: requests that other origins send back cost one token request in a cool-down', async () => {
    const { server, tokens, api, evil } = await startWorld()
    const client = host.client({ tokens, baseUrl: api.origin, origins: [api.origin] })
    await client.send({ url: '/warm' })
    const redirected = answer(302, { location: `${evil.origin}/hop` })
    api.answerWith((response, seen) =>
      seen.url === '/start' ? redirected(response, seen) : answer(401)(response, seen),
    )
    evil.answerWith(answer(302, { location: `${api.origin}/back` }))

    for (let call = 0; call < 5; call++) {
      expect((await client.send({ url: '/start' })).status).toBe(401)
    }

    expect(server.requests).toHaveLength(host.showsRedirects ? 1 : 2)
  })

  test('5: a 401 after a redirect within the origin renews the token', async () => {
    const { server, tokens, api } = await startWorld()
    const client = host.client({ tokens, baseUrl: api.origin, origins: [api.origin] })
    await client.send({ url: '/warm' })
    server.revokeAll()
    api.next(answer(302, { location: '/there' }))

    expect((await client.send({ url: '/here' })).status).toBe(200)

    expect(server.requests).toHaveLength(2)
  })

  test('11 X16: a second provider for one of the origins is rejected and nothing is sent', async () => {
    const { server, tokens, provider, api } = await startWorld()
    if (host.nests) return
    const other = await startApi(server)
    const client = host.client({ tokens, baseUrl: api.origin, origins: [api.origin] })
    const conflict = expect.objectContaining({
      name: 'ConfigurationError',
      code: 'ERR_INVALID_OPTION',
      option: 'origins',
      message: expect.stringContaining(`Another token provider is attached for ${api.origin}.`),
    })

    const origins = [other.origin, api.origin.toUpperCase().replace('HTTP', 'http')]
    const error = await Promise.resolve()
      .then(() => client.attachAgain({ tokens: provider(), origins }))
      .then(() => client.send({ url: '/x' }))
      .catch((thrown: unknown) => thrown)

    expect(error).toEqual(conflict)
    expect(api.seen).toEqual([])
  })
}
