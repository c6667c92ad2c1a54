import type { Algorithm } from '@countersign/core'
import { decodeJwt } from 'jose'
import { expect, test } from 'vitest'
import { clientKey, otherKey, type Pair, sharedRsaPair } from '../../support/keys.ts'
import { startApi } from '../../support/world.ts'
import { clientId, expectRejected, run, startServers } from './example-program.ts'

const program = new URL('../../../examples/jack-henry.ts', import.meta.url)
const scope = 'openid full'
const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-[1-8][0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/

/** Runs the program. An EC key names its algorithm; an RSA key needs ALG. */
async function call(pair: Pair, registered: Pair, alg: Algorithm) {
  const { server } = await startServers(registered, { algorithms: [alg], scope })
  const api = await startApi(server)
  const env = { API_ORIGIN: api.origin, ...(alg !== 'ES256' && { ALG: alg }) }
  return { server, api, ended: await run(program, pair, server, env) }
}

test.each(['ES256', 'PS256', 'RS256'] as const)(
  'the Jack Henry program calls the API with a token for an assertion signed with %s',
  { tags: ['A1', 'A2'] },
  async (alg) => {
    const pair = alg === 'ES256' ? clientKey : sharedRsaPair()

    const { server, api, ended } = await call(pair, pair, alg)

    expect(ended).toEqual({ code: 0, stdout: '200\n', stderr: '' })
    expect(server.requests).toMatchObject([{ clientId, status: 200, header: { alg, typ: 'JWT' } }])
    const [request] = server.requests
    expect(Object.keys(request?.header ?? {})).toHaveLength(2)
    const claims = request?.claims as { iat: number }
    expect(claims).toEqual({
      ...{ iss: clientId, sub: clientId, aud: server.tokenEndpoint },
      jti: expect.stringMatching(/./),
      ...{ iat: expect.any(Number), exp: claims.iat + 60 },
    })
    const [received] = api.seen
    expect(api.seen).toHaveLength(1)
    expect(received?.headers['x-request-id']).toMatch(uuid)
    const token = decodeJwt(received?.authorization?.replace(/^Bearer /, '') ?? '')
    expect(token).toMatchObject({ iss: server.issuer, sub: clientId, scope })
    expect(token.exp).toBe(Number(token.iat) + 600)
  },
)

test('an unregistered key ends the Jack Henry program without a secret in its output', {
  tags: ['L9'],
}, async () => {
  const { server, api, ended } = await call(otherKey, clientKey, 'ES256')
  expectRejected(ended, otherKey, server)
  expect(api.seen).toEqual([])
})
