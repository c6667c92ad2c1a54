import { expect, test } from 'vitest'
import { answer, refused } from '../../../support/recording-api.ts'
import { rejection } from '../../../support/waiting.ts'
import { startApi } from '../../../support/world.ts'
import { type Answered, type HostUnderTest, startClient } from '../host.ts'

/** Promise 5: `isTokenRejected` decides which answers reject a token, and redirects back do not. */
export function deciding(host: HostUnderTest): void {
  test('isTokenRejected keeps a 401 to a wrong PIN from being sent twice', {
    tags: ['promise-5'],
  }, async () => {
    const isTokenRejected = ({ status, text }: Answered) => status === 401 && text !== 'wrong PIN'
    const { server, api, client } = await startClient(host, { isTokenRejected })
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

  test.each([419, 200])(
    'isTokenRejected renews the token after a %i',
    { tags: ['promise-5'] },
    async (status) => {
      const isTokenRejected = async ({ text }: Answered) => text.includes('UNAUTHENTICATED')
      const { server, api, client } = await startClient(host, { isTokenRejected })
      const errors = '{"errors":[{"extensions":{"code":"UNAUTHENTICATED"}}]}'
      api.next(answer(status, { 'content-type': 'application/json' }, errors))

      expect(await client.send({ url: '/graphql' })).toEqual({ status: 200, text: 'ok' })

      expect([api.seen.length, server.requests.length]).toEqual([2, 2])
    },
  )

  test('an isTokenRejected that throws counts as false and is reported', {
    tags: ['promise-5'],
  }, async () => {
    const isTokenRejected = () => {
      throw new Error('no such field')
    }
    const { api, client, requestEvents } = await startClient(host, { isTokenRejected })
    api.next(refused)

    expect((await client.send({ url: '/x' })).status).toBe(401)

    expect(api.seen).toHaveLength(1)
    expect(requestEvents).toEqual([
      { type: 'rejection-check-failed', origin: api.origin, method: 'GET' },
    ])
  })

  test('isTokenRejected is not called for a request that did not carry the token', {
    tags: ['promise-5'],
  }, async () => {
    const asked: Answered[] = []
    const isTokenRejected = (answered: Answered) => {
      asked.push(answered)
      return false
    }
    const { evil, client } = await startClient(host, { isTokenRejected })

    await client.send({ url: `${evil.origin}/x` })
    await client.send({ url: '/x', countersign: false })
    await client.send({ url: '/x', headers: { authorization: 'Basic b3duOm93bg==' } })
    expect(asked).toEqual([])

    await client.send({ url: '/x' })
    expect(asked).toEqual([{ status: 200, text: 'ok' }])
  })

  test('an abort ends the wait for an isTokenRejected that does not answer', {
    tags: ['promise-10'],
  }, async () => {
    const caller = new AbortController()
    const reason = new Error('enough')
    const isTokenRejected = () => {
      caller.abort(reason)
      return new Promise<boolean>(() => {})
    }
    const { client } = await startClient(host, { isTokenRejected })

    const error = await rejection(client.send({ url: '/x', signal: caller.signal }))

    expect(host.isAbort(error, reason)).toBe(true)
  })

  test('a second provider for one of the origins is rejected and nothing is sent', {
    tags: ['promise-11', 'X16'],
  }, async () => {
    if (host.nests) return
    const { server, provider, api, client } = await startClient(host)
    const other = await startApi(server)
    const origins = [other.origin, api.origin.toUpperCase().replace('HTTP', 'http')]

    const attached = Promise.resolve()
      .then(() => client.attachAgain({ tokens: provider(), origins }))
      .then(() => client.send({ url: '/x' }))

    expect(await rejection(attached)).toMatchObject({
      name: 'ConfigurationError',
      code: 'ERR_INVALID_OPTION',
      option: 'origins',
      message: expect.stringContaining(`Another token provider is attached for ${api.origin}.`),
    })
    expect(api.seen).toEqual([])
  })

  if (!host.redirects) return

  test('a 401 to a request that another origin sent back drops no token', {
    tags: ['promise-5', 'U10'],
  }, async () => {
    const { server, tokens, api, evil, refusals, client } = await startClient(host)
    await client.send({ url: '/warm' })
    const before = await tokens.getAccessToken()
    server.next({ status: 401, body: { error: 'invalid_client' } })
    api.next(answer(302, { location: `${evil.origin}/hop` }))
    evil.next(answer(302, { location: `${api.origin}/back` }))

    await client.send({ url: '/start' }).catch(() => {})

    expect(api.seen.map(({ url }) => url)).toEqual(['/warm', '/start', '/back'])
    expect(api.seen[2]?.authorization).toBeUndefined()
    expect((await tokens.getAccessToken()).value).toBe(before.value)
    expect(refusals().filter(({ type }) => type === 'token-rejected')).toEqual(
      host.showsRedirects ? [] : [expect.objectContaining({ action: 'suspect' })],
    )
  })

  test('isTokenRejected is not called for a request that is seen to come back', {
    tags: ['promise-5', 'U10'],
  }, async () => {
    if (!host.showsRedirects) return
    const isTokenRejected = () => expect.unreachable('it was called')
    const { api, evil, client } = await startClient(host, { isTokenRejected })
    api.next(answer(302, { location: `${evil.origin}/hop` }))
    evil.next(answer(302, { location: `${api.origin}/back` }))

    expect((await client.send({ url: '/start' })).status).toBe(401)
  })

  test('requests that other origins send back cost one token request in a cool-down', {
    tags: ['promise-5', 'U10'],
  }, async () => {
    const { server, api, evil, client } = await startClient(host)
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

  test('a 401 after a redirect within the origin renews the token', {
    tags: ['promise-5'],
  }, async () => {
    const { server, api, client } = await startClient(host)
    await client.send({ url: '/warm' })
    server.revokeAll()
    api.next(answer(302, { location: '/there' }))

    expect((await client.send({ url: '/here' })).status).toBe(200)

    expect(server.requests).toHaveLength(2)
  })
}
