import { type Algorithm, createTokenProvider } from '@countersign/core'
import {
  type AuthorizationServer,
  createAuthorizationServer,
  createResourceServer,
} from '@countersign/testing'
import { expect, onTestFinished } from 'vitest'
import { clientKey, type Pair } from '../../support/keys.ts'
import { type Ended, runProgram } from '../../support/run-program.ts'

export const clientId = 'institution-1'

/** Starts an authorization server that knows one client by one key, and an API. */
export async function startServers(
  { jwks }: Pair = clientKey,
  client: { algorithms?: readonly Algorithm[]; scope?: string } = {},
) {
  const server = await createAuthorizationServer({ format: 'jwt', lifetimeSeconds: 600 })
  const api = await createResourceServer(server)
  onTestFinished(() => Promise.all([api.close(), server.close()]).then(() => {}))
  server.register({ clientId, jwks, ...client })
  const { tokenEndpoint } = server
  const tokens = createTokenProvider({ clientId, tokenEndpoint, key: clientKey.privateKey })
  return { server, api, tokens }
}

/** Runs a program of `examples` with this key and these variables. */
export function run(
  program: URL,
  { pem }: Pair,
  { tokenEndpoint }: AuthorizationServer,
  env: Record<string, string> = {},
): Promise<Ended> {
  const own = { CLIENT_ID: clientId, PRIVATE_KEY: pem, TOKEN_ENDPOINT: tokenEndpoint }
  return runProgram(program, { ...own, ...env })
}

/** Expects a program that `server` rejects to exit with its error, and without a secret. */
export function expectRejected(
  { code, stdout, stderr }: Ended,
  { pem, jwk }: Pair,
  { requests }: AuthorizationServer,
): void {
  expect([code, stdout]).toEqual([1, ''])
  expect(stderr).toContain("code: 'ERR_OAUTH'")
  expect(stderr).toContain('invalid_client')
  for (const secret of [...pem.split('\n').filter(Boolean), jwk.d, 'eyJ']) {
    expect(stderr).not.toContain(secret)
  }
  expect(requests.map(({ refusal }) => refusal)).toEqual(['invalid_client: the signature is wrong'])
}
