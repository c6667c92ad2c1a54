import { setImmediate } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { refused } from '../../../support/recording-api.ts'
import { rejection } from '../../../support/waiting.ts'
import { until } from '../../../support/world.ts'
import { type HostUnderTest, startClient } from '../host.ts'

/** Promise 10: the caller's signal and timeout cover the wait for a token, in the host's words. */
export function cancelling(host: HostUnderTest): void {
  test('a caller who aborts while the token is awaited sends nothing; others are served', {
    tags: ['promise-10', 'E19', 'U22'],
  }, async () => {
    const { server, api, client } = await startClient(host)
    const release = server.hold()
    const controller = new AbortController()
    const reason = new Error('the caller left')

    const left = rejection(client.send({ url: '/left', signal: controller.signal }))
    const stayed = client.send({ url: '/stayed' })
    await until(() => server.requests.length === 1)
    controller.abort(reason)
    const error = await left
    release()

    expect(host.isAbort(error, reason)).toBe(true)
    expect(host.tokenFailure(error)).toBeUndefined()
    expect((await stayed).status).toBe(200)
    expect(api.seen.map(({ url }) => url)).toEqual(['/stayed'])
    expect(server.requests).toHaveLength(1)
  })

  test('a caller who has aborted already asks for no token', { tags: ['promise-10'] }, async () => {
    const { server, api, client } = await startClient(host)
    const reason = new Error('the caller left')

    const error = await rejection(client.send({ url: '/x', signal: AbortSignal.abort(reason) }))

    expect(host.isAbort(error, reason)).toBe(true)
    expect([server.requests.length, api.seen.length]).toEqual([0, 0])
  })

  test('a caller who aborts as the token arrives sends nothing', {
    tags: ['promise-10', 'U22'],
  }, async () => {
    const { tokens, api, setup } = await startClient(host)
    const controller = new AbortController()
    const reason = new Error('the caller left')
    const getAccessToken: typeof tokens.getAccessToken = async (options) => {
      const token = await tokens.getAccessToken(options)
      controller.abort(reason)
      return token
    }
    const client = host.client({ ...setup, tokens: { ...tokens, getAccessToken } })

    const error = await rejection(
      client.send({ method: 'POST', url: '/x', body: 'b', signal: controller.signal }),
    )
    for (let turn = 0; turn < 20; turn++) await setImmediate()

    expect(host.isAbort(error, reason)).toBe(true)
    expect(api.seen).toEqual([])
  })

  test('a caller who aborts between the 401 and the replay sends nothing more', {
    tags: ['promise-10', 'U16', 'U22'],
  }, async () => {
    const { server, api, requestEvents, client } = await startClient(host)
    await client.send({ url: '/warm' })
    server.revokeAll()
    const release = server.hold()
    const controller = new AbortController()
    const reason = new Error('the caller left')

    const left = rejection(client.send({ url: '/x', signal: controller.signal }))
    await until(() => server.requests.length === 2)
    controller.abort(reason)
    const error = await left
    release()

    expect(host.isAbort(error, reason)).toBe(true)
    expect((await client.send({ url: '/after' })).status).toBe(200)
    expect(api.seen.map(({ url }) => url)).toEqual(['/warm', '/x', '/after'])
    expect(server.requests).toHaveLength(2)
    expect(requestEvents).toMatchObject([{ type: 'replay-skipped', reason: 'aborted' }])
  })

  test('a timeout ends the wait for a token, nothing is sent, and the token serves the next', {
    tags: ['promise-10'],
  }, async () => {
    const { server, api, client } = await startClient(host)
    const release = server.hold()

    const error = await rejection(client.send({ url: '/x', timeout: 50 }))
    release()

    expect(host.isTimeout(error)).toBe(true)
    expect(host.tokenFailure(error)).toBeUndefined()
    expect((await client.send({ url: '/after' })).status).toBe(200)
    expect(api.seen.map(({ url }) => url)).toEqual(['/after'])
    expect(server.requests).toHaveLength(1)
  })

  test('a timeout covers the wait between the 401 and the replay too', {
    tags: ['promise-10', 'U18'],
  }, async () => {
    const { server, tokens, api, client } = await startClient(host)
    await tokens.getAccessToken()
    api.next(refused)
    const release = server.hold()

    const error = await rejection(client.send({ url: '/x', timeout: 500 }))
    release()

    expect(host.isTimeout(error)).toBe(true)
    expect(api.seen.map(({ status }) => status)).toEqual([401])
  })

  test('a timeout covers an API that does not answer', { tags: ['promise-10'] }, async () => {
    const { api, client } = await startClient(host)
    await client.send({ url: '/warm' })
    api.next(() => {})

    const error = await rejection(client.send({ url: '/x', timeout: 500 }))

    expect(host.isTimeout(error)).toBe(true)
    expect(api.seen.map(({ url }) => url)).toEqual(['/warm', '/x'])
  })
}
