import { spawn } from 'node:child_process'
import { generateKeyPairSync, type KeyObject } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import type { Algorithm, Jwk } from '@countersign/core'
import { type AuthorizationServer, createAuthorizationServer } from '@countersign/testing'
import { decodeJwt } from 'jose'
import { afterEach, beforeEach, expect, test } from 'vitest'

const program = fileURLToPath(new URL('../../examples/jack-henry.ts', import.meta.url))
const clientId = 'institution-1'
const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-[1-8][0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/

let server: AuthorizationServer
let api: Server
let calls: IncomingMessage[]

beforeEach(async () => {
  server = await createAuthorizationServer({ format: 'jwt', lifetimeSeconds: 600 })
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
    const { publicKey, privateKey } = keyPair(alg)
    register(publicKey, [alg])

    expect(await run(privateKey, alg)).toEqual({ code: 0, stdout: '200\n', stderr: '' })

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
    const [call] = calls as [IncomingMessage]
    expect(call.headers['x-request-id']).toMatch(uuid)
    const token = decodeJwt(bearer(call))
    expect(token).toMatchObject({ iss: server.issuer, sub: clientId, scope: 'openid full' })
    expect(token.exp).toBe(Number(token.iat) + 600)
  })
}

test('L9: an unregistered key ends the Jack Henry program without a secret on its output', async () => {
  register(keyPair('ES256').publicKey, ['ES256'])
  const { privateKey } = keyPair('ES256')

  const { code, stdout, stderr } = await run(privateKey, 'ES256')

  expect({ code, stdout }).toEqual({ code: 1, stdout: '' })
  expect(stderr).toContain("code: 'ERR_OAUTH'")
  expect(stderr).toContain('invalid_client')
  const { d = 'missing' } = privateKey.export({ format: 'jwk' })
  for (const secret of [...pem(privateKey).split('\n').filter(Boolean), d, 'eyJ']) {
    expect(stderr).not.toContain(secret)
  }
  expect(server.requests.map(({ refusal }) => refusal)).toEqual([
    'invalid_client: the signature is wrong',
  ])
  expect(calls).toHaveLength(0)
})

function keyPair(alg: Algorithm): { publicKey: KeyObject; privateKey: KeyObject } {
  return alg === 'ES256'
    ? generateKeyPairSync('ec', { namedCurve: 'P-256' })
    : generateKeyPairSync('rsa', { modulusLength: 2048 })
}

function register(publicKey: KeyObject, algorithms: readonly Algorithm[]): void {
  const jwk = publicKey.export({ format: 'jwk' }) as Jwk
  server.register({ clientId, jwks: { keys: [jwk] }, algorithms, scope: 'openid full' })
}

function pem(privateKey: KeyObject): string {
  return privateKey.export({ format: 'pem', type: 'pkcs8' }).toString()
}

function bearer({ headers }: IncomingMessage): string {
  return headers.authorization?.replace(/^Bearer /, '') ?? ''
}

/** An EC key says its algorithm itself; an RSA key is run with ALG. */
async function run(
  privateKey: KeyObject,
  alg: Algorithm,
): Promise<{ code: number | null; stdout: string; stderr: string }> {
  const { port } = api.address() as AddressInfo
  const child = spawn(process.execPath, [program], {
    env: {
      CLIENT_ID: clientId,
      PRIVATE_KEY: pem(privateKey),
      TOKEN_ENDPOINT: server.tokenEndpoint,
      API_ORIGIN: `http://127.0.0.1:${port}`,
      ...(alg === 'ES256' ? {} : { ALG: alg }),
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const closed = once(child, 'close')
  const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr)])
  const [code] = (await closed) as [number | null]
  return { code, stdout, stderr }
}
