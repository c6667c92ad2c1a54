import { expect, test } from 'vitest'
import { answer, refused } from '../../../support/recording-api.ts'
import { rejection } from '../../../support/waiting.ts'
import { until } from '../../../support/world.ts'
import { type HostUnderTest, startClient } from '../host.ts'

/** Promises 3, 4, 12 and 13: one renewal for all rejected requests. */
export function renewing(host: HostUnderTest): void {
  test('a refused token is renewed once and the request is replayed with the new one', {
    tags: ['promise-3', 'U1'],
  }, async () => {
    const { server, tokens, api, requestEvents, refusals, client } = await startClient(host)
    await client.send({ url: '/warm' })
    server.revokeAll()

    const answered = await client.send({
      ...{ method: 'PUT', url: '/x?a=b', body: 'the body' },
      headers: { 'x-custom': 'kept' },
    })

    expect(answered).toEqual({ status: 200, text: 'ok' })
    expect(server.requests).toHaveLength(2)
    const [warm, denied, replay] = api.seen
    expect(api.seen.map(({ status }) => status)).toEqual([200, 401, 200])
    expect(denied?.authorization).toBe(warm?.authorization)
    expect(replay?.authorization).toBe((await tokens.getAccessToken()).authorization)
    expect(replay).toMatchObject({ method: 'PUT', url: '/x?a=b', body: denied?.body })
    expect(replay?.headers['x-custom']).toBe('kept')
    expect(requestEvents).toEqual([{ type: 'request-replayed', origin: api.origin, method: 'PUT' }])
    expect(refusals()).toMatchObject([{ action: 'suspect', coolDownUntil: undefined }])
  })

  test('five hundred requests refused at once make one token request', {
    tags: ['promise-3', 'U2'],
    timeout: 60_000,
  }, async () => {
    const { server, api, client } = await startClient(host)
    await client.send({ url: '/warm' })
    server.revokeAll()
    const release = server.hold()

    const calls = Array.from({ length: 500 }, (_, call) => client.send({ url: `/${call}` }))
    await until(() => api.seen.length === 501 && server.requests.length === 2)
    release()
    const statuses = (await Promise.all(calls)).map(({ status }) => status)

    expect(statuses).toEqual(Array(500).fill(200))
    expect(server.requests).toHaveLength(2)
    expect(api.seen.filter(({ status }) => status === 401)).toHaveLength(500)
    expect(api.seen.filter(({ status }) => status === 200)).toHaveLength(501)
    expect(new Set(api.seen.map(({ authorization }) => authorization)).size).toBe(2)
  })

  test('a late 401 for a token already replaced is replayed without a token request', {
    tags: ['promise-4', 'U3'],
  }, async () => {
    const { server, tokens, api, refusals, client } = await startClient(host)
    await tokens.getAccessToken()
    server.revokeAll()
    let answerLate: (() => void) | undefined
    api.next((response, seen) => {
      answerLate = () => refused(response, seen)
    })

    const late = client.send({ url: '/late' })
    await until(() => answerLate !== undefined)
    expect((await client.send({ url: '/quick' })).status).toBe(200)
    const second = await tokens.getAccessToken()
    answerLate?.()

    expect((await late).status).toBe(200)
    expect(server.requests).toHaveLength(2)
    expect(refusals()).toHaveLength(1)
    expect(await tokens.getAccessToken()).toBe(second)
    expect(api.seen.at(-1)).toMatchObject({ url: '/late', authorization: second.authorization })
  })

  test('a 401 that arrives while the renewal runs joins it', {
    tags: ['promise-4', 'U4'],
  }, async () => {
    const { server, tokens, api, requestEvents, client } = await startClient(host)
    await tokens.getAccessToken()
    server.revokeAll()
    const release = server.hold()
    let answerLate: (() => void) | undefined
    api.next((response, seen) => {
      answerLate = () => refused(response, seen)
    })

    const late = client.send({ url: '/late' })
    await until(() => answerLate !== undefined)
    const early = client.send({ url: '/early' })
    await until(() => server.requests.length === 2)
    answerLate?.()
    await until(() => api.seen[0]?.status === 401)
    release()

    expect((await Promise.all([early, late])).map(({ status }) => status)).toEqual([200, 200])
    expect(server.requests).toHaveLength(2)
    expect(requestEvents.map(({ type }) => type)).toEqual(['request-replayed', 'request-replayed'])
  })

  test("each attempt of the caller's own retry has the current token and one replay at most", {
    tags: ['promise-12', 'U14'],
  }, async () => {
    const { clock, server, api, client } = await startClient(host)
    api.next(answer(503), refused, refused)

    expect((await client.send({ url: '/x' })).status).toBe(503)
    await clock.advance(601_000)
    expect((await client.send({ url: '/x' })).status).toBe(401)

    expect(api.seen.map(({ status }) => status)).toEqual([503, 401, 401])
    expect(new Set(api.seen.map(({ authorization }) => authorization)).size).toBe(3)
    expect(server.requests).toHaveLength(3)
  })

  test.each([
    ['a 500', answer(500)],
    ['a 503', answer(503)],
    ['a 429', answer(429)],
  ])(
    'a POST answered with %s is sent once by us',
    { tags: ['promise-12', 'U13'] },
    async (_, failure) => {
      const { api, client } = await startClient(host)
      api.next(failure)

      const { status } = await client.send({ method: 'POST', url: '/orders', body: 'order' })

      expect(api.seen.map((seen) => seen.status)).toEqual([status])
      expect(status).toBeGreaterThanOrEqual(429)
    },
  )

  test('a POST whose connection breaks is sent once by us', {
    tags: ['promise-12', 'U13'],
  }, async () => {
    const { api, client } = await startClient(host)
    api.next((response) => void response.socket?.destroy())

    const error = await rejection(client.send({ method: 'POST', url: '/orders', body: 'order' }))

    expect(error).toBeInstanceOf(Error)
    expect(host.tokenFailure(error)).toBeUndefined()
    expect(api.seen).toHaveLength(1)
  })

  test('the body of a rejected answer is released before the replay, also an endless one', {
    tags: ['promise-13', 'U15'],
  }, async () => {
    const { server, tokens, api, client } = await startClient(host)
    await tokens.getAccessToken()
    server.revokeAll()
    api.next((response) => void response.writeHead(401).end('x'.repeat(100_000)))

    expect(await client.send({ url: '/x' })).toEqual({ status: 200, text: 'ok' })
    expect(api.mostSockets).toBeLessThanOrEqual(2)
  })
}
