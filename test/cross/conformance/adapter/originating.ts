import { expect, test } from 'vitest'
import { everyNameIsHere } from '../../../support/every-name-here.ts'
import { answer } from '../../../support/recording-api.ts'
import { rejection } from '../../../support/waiting.ts'
import { startApi } from '../../../support/world.ts'
import { trustedCertificate } from '../certificate.ts'
import { type HostUnderTest, startClient } from '../host.ts'

/** Promise 9: an origin that is not listed never receives an Authorization. */
export function originating(host: HostUnderTest): void {
  test('an absolute URL to another origin is sent without the token, to a listed one with it', {
    tags: ['promise-9', 'X1', 'X6', 'X7'],
  }, async () => {
    const { api, evil, client } = await startClient(host)
    const targets = [evil.origin, evil.origin.toUpperCase(), `http://localhost:${evil.port}`]

    for (const target of targets) {
      expect((await client.send({ url: `${target}/x` })).status).toBe(200)
    }
    expect((await client.send({ url: `${api.origin}/x` })).status).toBe(200)

    expect(evil.seen.map(({ authorization }) => authorization)).toEqual(Array(3).fill(undefined))
    expect(api.seen.map(({ authorization }) => authorization?.slice(0, 7))).toEqual(['Bearer '])
  })

  test('another name of the same address is another origin', {
    tags: ['promise-9', 'X8'],
  }, async () => {
    const { server, api, client } = await startClient(host)

    expect((await client.send({ url: `http://localhost:${api.port}/x` })).status).toBe(401)
    expect((await client.send({ url: `HTTP://127.0.0.1:${api.port}/x` })).status).toBe(200)

    expect(api.seen[0]?.authorization).toBeUndefined()
    expect(server.requests).toHaveLength(1)
  })

  test('with onForeignOrigin throw nothing is sent to another origin', {
    tags: ['promise-9', 'X6'],
  }, async () => {
    const { evil, client } = await startClient(host, { onForeignOrigin: 'throw' })

    const error = await rejection(client.send({ url: `${evil.origin}/secret-path` }))

    expect(host.tokenFailure(error)).toMatchObject({
      name: 'ForeignOriginError',
      code: 'ERR_FOREIGN_ORIGIN',
      origin: evil.origin,
      message: `Blocked request to ${evil.origin}: it is not listed in 'origins'.`,
    })
    expect(evil.seen).toEqual([])
    expect((await client.send({ url: '/x' })).status).toBe(200)
  })

  test("a request to the provider's own token endpoint goes untouched, named origin or not", {
    tags: ['promise-9', 'D8'],
  }, async () => {
    const { server, setup } = await startClient(host, { onForeignOrigin: 'throw' })
    const { origin, pathname } = new URL(server.tokenEndpoint)
    const client = host.client({ ...setup, baseUrl: origin, origins: [origin] })

    const answered = await client.send({ method: 'POST', url: pathname, body: 'a=b' })

    // The server rejects the invalid form. No token was requested to send it.
    expect(answered.status).toBeGreaterThanOrEqual(400)
    expect(server.issued).toBe(0)
  })

  test('what the caller changes while the token is awaited is not sent', {
    tags: ['promise-9', 'X18'],
  }, async () => {
    const { server, api, evil, client } = await startClient(host)
    const release = server.hold()
    const headers: Record<string, string> = { 'x-custom': 'judged' }

    const pending = client.send({ method: 'POST', url: '/judged', headers, body: 'judged' })
    headers['x-custom'] = 'changed'
    headers.authorization = 'changed'
    release()

    expect((await pending).status).toBe(200)
    expect(evil.seen).toEqual([])
    expect(api.seen).toMatchObject([{ url: '/judged', body: Buffer.from('judged') }])
    expect(api.seen[0]?.headers['x-custom']).toBe('judged')
    expect(api.seen[0]?.authorization).toMatch(/^Bearer /)
  })

  if (!host.redirects) return

  test.each([
    [302, 'GET'],
    [303, 'POST'],
    [307, 'POST'],
    [308, 'PUT'],
  ])(
    'a %i after %s leads to another port or host without the token',
    { tags: ['promise-9', 'X9'] },
    async (code, method) => {
      const { api, evil, client } = await startClient(host)
      const body = method === 'GET' ? {} : { body: 'b' }

      for (const location of [evil.origin, `http://localhost:${evil.port}`]) {
        api.next(answer(code, { location: `${location}/there` }))
        expect(await client.send({ method, url: '/x', ...body })).toMatchObject({ text: 'evil' })
      }

      expect(api.seen.map(({ authorization }) => authorization?.slice(0, 7))).toEqual(
        Array(2).fill('Bearer '),
      )
      expect(evil.seen.map(({ url, authorization }) => [url, authorization])).toEqual(
        Array(2).fill(['/there', undefined]),
      )
    },
  )

  test.each([
    ['a subdomain', 'api.test', 'sub.api.test'],
    ['the parent domain', 'www.api.test', 'api.test'],
    ['another host', 'api.test', 'evil.test'],
  ])(
    'a redirect to %s on the same port arrives without the token',
    { tags: ['promise-9', 'X9', 'X10'] },
    async (_, from, to) => {
      everyNameIsHere()
      const { tokens, api, setup } = await startClient(host)
      const origin = `http://${from}:${api.port}`
      const client = host.client({ ...setup, baseUrl: origin, origins: [origin] })
      api.next(answer(307, { location: `http://${to}:${api.port}/there` }), answer(200))

      expect((await client.send({ method: 'POST', url: '/x', body: 'b' })).status).toBe(200)

      const seen = api.seen.map(({ headers, authorization }) => [headers.host, authorization])
      expect(seen).toEqual([
        [`${from}:${api.port}`, (await tokens.getAccessToken()).authorization],
        [`${to}:${api.port}`, undefined],
      ])
    },
  )

  test('a redirect within the origin keeps the token', { tags: ['promise-9'] }, async () => {
    const { api, client } = await startClient(host)
    api.next(answer(302, { location: '/there' }))

    expect((await client.send({ url: '/here' })).status).toBe(200)
    expect(api.seen[1]?.authorization).toBe(api.seen[0]?.authorization)
  })

  test('a redirect from https to http on the same host arrives without the token', {
    tags: ['promise-9', 'X11'],
  }, async () => {
    const { server, setup, evil } = await startClient(host)
    const api = await startApi(server, await trustedCertificate())
    const client = host.client({ ...setup, baseUrl: api.origin, origins: [api.origin] })
    expect((await client.send({ url: '/x' })).status).toBe(200)
    api.next(answer(307, { location: `${evil.origin}/there` }))

    expect(await client.send({ url: '/x' })).toMatchObject({ text: 'evil' })

    expect(api.seen[1]?.authorization).toMatch(/^Bearer /)
    expect(evil.seen).toMatchObject([{ url: '/there', authorization: undefined }])
  })

  test('a redirect there and back brings no token back; the 401 costs one renewal at most', {
    tags: ['promise-9', 'X12'],
  }, async () => {
    const { server, api, evil, client } = await startClient(host)
    api.next(answer(302, { location: `${evil.origin}/there` }))
    evil.next(answer(302, { location: `${api.origin}/back` }))

    await client.send({ url: '/x' })

    const [there, back] = api.seen
    expect(there?.authorization).toMatch(/^Bearer /)
    expect([back?.url, back?.authorization]).toEqual(['/back', undefined])
    expect(evil.seen).toMatchObject([{ authorization: undefined }])
    expect(server.requests.length).toBeLessThanOrEqual(2)
  })
}
