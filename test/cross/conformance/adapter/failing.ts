import { expect, test } from 'vitest'
import { startWorld } from '../../../support/world.ts'
import type { HostUnderTest } from '../host.ts'

/** Promise 14: without a token nothing is sent, and the caller is told in a way it can tell. */
export function failing(host: HostUnderTest): void {
  test('14 X15: no token to be had: nothing is sent, and the error is found as the README says', async () => {
    const { server, tokens, api } = await startWorld()
    const client = host.client({ tokens, baseUrl: api.origin, origins: [api.origin] })
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

  test('14 U19: a renewal that fails after a 401 rejects with why the call cannot succeed', async () => {
    const { server, tokens, api } = await startWorld()
    const client = host.client({ tokens, baseUrl: api.origin, origins: [api.origin] })
    await client.send({ url: '/warm' })
    server.revokeAll()
    server.next({ status: 400, body: { error: 'invalid_client' } })

    const error = await client.send({ url: '/x' }).catch((thrown: unknown) => thrown)

    expect(host.tokenFailure(error)).toMatchObject({
      name: 'TokenEndpointError',
      code: 'ERR_OAUTH',
      error: 'invalid_client',
    })
    expect(api.seen.map(({ status }) => status)).toEqual([200, 401])
  })
}
