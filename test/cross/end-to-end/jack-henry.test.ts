import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Algorithm } from '@countersign/core'
import type { AuthorizationServer } from '@countersign/testing'
import { decodeJwt } from 'jose'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { clientId, expectRefused, keyPair, type Pair, run, serverFor } from './example-program.ts'

const program = new URL('../../../examples/jack-henry.ts', import.meta.url)
const scope = 'openid full'
const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-[1-8][0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/

let server: AuthorizationServer
let api: Server
let calls: IncomingMessage[]

/** Unlike the resource server of the test kit it keeps all headers. */
beforeEach(async () => {
  calls = []
  api = createServer((request, response) => {
    calls.push(request)
    response.writeHead(server.isLive(bearer(request)) ? 200 : 401).end()
  }).listen(0, '127.0.0.1')
  await once(api, 'listening')
})

afterEach(async () => {
  await server.close()
  api.closeAllConnections()
  api.close()
  await once(api, 'close')
})

for (const alg of ['ES256', 'PS256', 'RS256'] as const) {
  test(`A1 A2: the Jack Henry program calls the API with a token got with ${alg}`, async () => {
    const pair = keyPair(alg)
    server = await serverFor(pair, { algorithms: [alg], scope })

    expect(await call(pair, alg)).toEqual({ code: 0, stdout: '200\n', stderr: '' })

    expect(server.requests).toHaveLength(1)
    const [request] = server.requests
    expect(request).toMatchObject({ clientId, status: 200 })
    expect(request?.header).toEqual({ alg, typ: 'JWT' })
    const claims = request?.claims as { iat: number; exp: number }
    expect(claims).toEqual({
      iss: clientId,
      sub: clientId,
      aud: server.tokenEndpoint,
      jti: expect.stringMatching(/./),
      iat: expect.any(Number),
      exp: claims.iat + 60,
    })

    expect(calls).toHaveLength(1)
    const [received] = calls as [IncomingMessage]
    expect(received.headers['x-request-id']).toMatch(uuid)
    const token = decodeJwt(bearer(received))
    expect(token).toMatchObject({ iss: server.issuer, sub: clientId, scope })
    expect(token.exp).toBe(Number(token.iat) + 600)
  })
}

test('L9: an unregistered key ends the Jack Henry program without a secret on its output', async () => {
  server = await serverFor(keyPair(), { algorithms: ['ES256'], scope })
  const pair = keyPair()
  expectRefused(await call(pair, 'ES256'), pair, server)
  expect(calls).toHaveLength(0)
})

function bearer({ headers }: IncomingMessage): string {
  return headers.authorization?.replace(/^Bearer /, '') ?? ''
}

/** An EC key says its algorithm itself; an RSA key is run with ALG. */
function call(pair: Pair, alg: Algorithm) {
  const { port } = api.address() as AddressInfo
  return run(program, pair, server, {
    API_ORIGIN: `http://127.0.0.1:${port}`,
    ...(alg === 'ES256' ? {} : { ALG: alg }),
  })
}
