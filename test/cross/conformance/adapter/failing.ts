import { expect, test } from 'vitest'
import { rejection } from '../../../support/waiting.ts'
import { type HostUnderTest, startClient } from '../host.ts'

/** Promise 14: without a token nothing is sent, and the caller can recognize the error. */
export function failing(host: HostUnderTest): void {
  test('no token is available: nothing is sent, and the error is found as the README describes', {
    tags: ['promise-14', 'X15'],
  }, async () => {
    const { server, api, client } = await startClient(host)
    server.next({ status: 400, body: { error: 'invalid_scope' } })

    const calls = Array.from({ length: 5 }, (_, call) =>
      client.send({ url: `/${call}` }).catch((thrown: unknown) => thrown),
    )
    const errors = await Promise.all(calls)

    for (const error of errors) {
      expect(host.tokenFailure(error)).toMatchObject({
        name: 'TokenEndpointError',
        code: 'ERR_OAUTH',
        error: 'invalid_scope',
      })
      expect(error).toMatchObject({ code: 'ERR_OAUTH' })
    }
    expect(api.seen).toEqual([])
    expect(server.requests).toHaveLength(1)
  })

  test('a renewal that fails after a 401 rejects with why the call cannot succeed', {
    tags: ['promise-14', 'U19'],
  }, async () => {
    const { server, api, client } = await startClient(host)
    await client.send({ url: '/warm' })
    server.revokeAll()
    server.next({ status: 400, body: { error: 'invalid_client' } })

    const error = await rejection(client.send({ url: '/x' }))

    expect(host.tokenFailure(error)).toMatchObject({
      name: 'TokenEndpointError',
      code: 'ERR_OAUTH',
      error: 'invalid_client',
    })
    expect(api.seen.map(({ status }) => status)).toEqual([200, 401])
  })
}
