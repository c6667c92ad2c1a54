import { expect, test } from 'vitest'
import { rejection } from '../../../support/waiting.ts'
import { startApi, startWorld } from '../../../support/world.ts'
import { type HostUnderTest, startClient } from '../host.ts'

/** Promises 1, 7, 8 and 11: whose requests get which token. */
export function injecting(host: HostUnderTest): void {
  test('a token is put on a request', { tags: ['promise-1'] }, async () => {
    const { server, tokens, api, client } = await startClient(host)

    expect(await client.send({ url: '/accounts' })).toEqual({ status: 200, text: 'ok' })

    const { authorization } = await tokens.getAccessToken()
    expect(api.seen).toMatchObject([{ method: 'GET', url: '/accounts', authorization }])
    expect(server.requests).toHaveLength(1)
  })

  test('a thousand at once, with no token yet, make one token request', {
    tags: ['promise-1', 'D1'],
    timeout: 60_000,
  }, async () => {
    const { server, api, client } = await startClient(host)

    const calls = Array.from({ length: 1000 }, (_, call) => client.send({ url: `/${call}` }))
    const statuses = (await Promise.all(calls)).map(({ status }) => status)

    expect(statuses).toEqual(Array(1000).fill(200))
    expect(server.requests).toHaveLength(1)
    expect(new Set(api.seen.map(({ authorization }) => authorization)).size).toBe(1)
  })

  test("the caller's own Authorization is sent as it is, once, and its 401 renews nothing", {
    tags: ['promise-7', 'X13'],
  }, async () => {
    const { server, tokens, api, client } = await startClient(host)
    await tokens.getAccessToken()

    for (const name of ['Authorization', 'authorization', 'AUTHORIZATION']) {
      const answered = await client.send({ url: '/x', headers: { [name]: 'Basic b3duOm93bg==' } })
      expect(answered.status).toBe(401)
    }

    expect(api.seen.map(({ authorization }) => authorization)).toEqual(
      Array(3).fill('Basic b3duOm93bg=='),
    )
    expect(server.requests).toHaveLength(1)
  })

  test('an Authorization that is undefined counts as absent', {
    tags: ['promise-7', 'X21'],
  }, async () => {
    const { api, client } = await startClient(host)
    const headers = { Authorization: undefined, 'x-custom': 'kept' }

    expect((await client.send({ url: '/x', headers })).status).toBe(200)

    expect(api.seen[0]?.headers['x-custom']).toBe('kept')
    expect(api.seen[0]?.authorization).toMatch(/^Bearer \S+$/)
  })

  test('countersign: false sends the request untouched, and its 401 renews nothing', {
    tags: ['promise-8'],
  }, async () => {
    const { server, api, client } = await startClient(host)

    expect((await client.send({ url: '/x', countersign: false })).status).toBe(401)

    expect(api.seen).toMatchObject([{ authorization: undefined }])
    expect(server.requests).toHaveLength(0)
  })

  test('a scope and a resource of its own give a request a token of its own', {
    tags: ['promise-8'],
  }, async () => {
    const { server, tokens, api, client } = await startClient(host)

    for (let round = 0; round < 2; round++) {
      await client.send({ url: '/plain' })
      await client.send({ url: '/scope', countersign: { scope: ['b', 'a'] } })
      await client.send({ url: '/resource', countersign: { resource: 'https://r.example/' } })
    }

    const plain = await tokens.getAccessToken()
    const scoped = await tokens.getAccessToken({ scope: 'a b' })
    const other = await tokens.getAccessToken({ resource: ['https://r.example/'] })
    expect(new Set([plain, scoped, other]).size).toBe(3)
    expect(api.seen.map(({ authorization }) => authorization)).toEqual([
      ...[plain, scoped, other].map(({ authorization }) => authorization),
      ...[plain, scoped, other].map(({ authorization }) => authorization),
    ])
    expect(server.requests).toHaveLength(3)
  })

  test('an unknown member of countersign is rejected by its name, and nothing is sent', {
    tags: ['promise-8'],
  }, async () => {
    const { server, api, client } = await startClient(host)
    const countersign = { scopes: 'a' } as { scope?: string }

    const error = await rejection(client.send({ url: '/x', countersign }))

    expect(host.tokenFailure(error)).toMatchObject({
      name: 'ConfigurationError',
      code: 'ERR_INVALID_OPTION',
      message: "Unknown option 'countersign.scopes'. Did you mean 'countersign.scope'?",
    })
    expect([api.seen.length, server.requests.length]).toEqual([0, 0])
  })

  test('attached twice is one attachment: one token request, one header, one replay', {
    tags: ['promise-11', 'X16'],
  }, async () => {
    const { server, api, requestEvents, client } = await startClient(host)
    client.attachAgain()
    await client.send({ url: '/warm' })
    server.revokeAll()

    expect((await client.send({ url: '/x' })).status).toBe(200)

    expect(api.seen.map(({ status }) => status)).toEqual([200, 401, 200])
    expect(api.seen[2]?.authorization).toMatch(/^Bearer [^\s,]+$/)
    expect(server.requests).toHaveLength(2)
    expect(requestEvents).toEqual([{ type: 'request-replayed', origin: api.origin, method: 'GET' }])
  })

  test('two providers on one instance serve each its own origin, its own 401s too', {
    tags: ['promise-11', 'X16'],
  }, async () => {
    const { client, ...one } = await startClient(host)
    const two = await startWorld()
    const third = await startApi(two.server)
    client.attachAgain({ tokens: two.tokens, origins: [two.api.origin, third.origin] })
    const targets = [one.api, two.api, third]

    for (const { origin } of targets) await client.send({ url: `${origin}/first` })
    one.server.revokeAll()
    two.server.revokeAll()
    for (const { origin } of targets) {
      expect((await client.send({ url: `${origin}/second` })).status).toBe(200)
    }

    const statuses = targets.map(({ seen }) => seen.map(({ status }) => status))
    expect(statuses).toEqual([
      [200, 401, 200],
      [200, 401, 200],
      [200, 200],
    ])
    expect([one.server.requests.length, two.server.requests.length]).toEqual([2, 2])
  })
}
