import { spawn } from 'node:child_process'
import { generateKeyPairSync, type KeyObject } from 'node:crypto'
import { once } from 'node:events'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import type { Algorithm } from '@countersign/core'
import { type AuthorizationServer, createAuthorizationServer } from '@countersign/testing'
import { expect } from 'vitest'

export const clientId = 'institution-1'

export interface Pair {
  publicKey: KeyObject
  privateKey: KeyObject
}

/** What a program said, and how it ended. */
export interface Ended {
  code: number | null
  stdout: string
  stderr: string
}

export function keyPair(alg: Algorithm = 'ES256'): Pair {
  return alg === 'ES256'
    ? generateKeyPairSync('ec', { namedCurve: 'P-256' })
    : generateKeyPairSync('rsa', { modulusLength: 2048 })
}

/** An authorization server that knows one client by one key. */
export async function serverFor(
  { publicKey }: Pair,
  client: { algorithms?: readonly Algorithm[]; scope?: string } = {},
): Promise<AuthorizationServer> {
  const server = await createAuthorizationServer({ format: 'jwt', lifetimeSeconds: 600 })
  const jwk = publicKey.export({ format: 'jwk' })
  server.register({ clientId, jwks: { keys: [jwk] }, ...client })
  return server
}

/** Runs a TypeScript program with this key, and what else a program of `examples` is told. */
export function run(
  program: URL,
  { privateKey }: Pair,
  { tokenEndpoint }: AuthorizationServer,
  env: Record<string, string>,
): Promise<Ended> {
  const PRIVATE_KEY = pem(privateKey)
  const own = { CLIENT_ID: clientId, PRIVATE_KEY, TOKEN_ENDPOINT: tokenEndpoint }
  return runWith({ ...own, ...env }, program)
}

/** Runs a TypeScript program in a process of its own, with nothing but this environment. */
export async function runWith(
  env: Record<string, string>,
  program: URL,
  ...words: readonly string[]
): Promise<Ended> {
  const child = spawn(process.execPath, [fileURLToPath(program), ...words], {
    env,
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const closed = once(child, 'close')
  const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr)])
  const [code] = (await closed) as [number | null]
  return { code, stdout, stderr }
}

/** A program that is refused by `server` ended with its error, and without a secret. */
export function expectRefused(
  ended: Ended,
  { privateKey }: Pair,
  { requests }: AuthorizationServer,
): void {
  expect(ended).toMatchObject({ code: 1, stdout: '' })
  expect(ended.stderr).toContain("code: 'ERR_OAUTH'")
  expect(ended.stderr).toContain('invalid_client')
  const { d = 'missing' } = privateKey.export({ format: 'jwk' })
  for (const secret of [...pem(privateKey).split('\n').filter(Boolean), d, 'eyJ']) {
    expect(ended.stderr).not.toContain(secret)
  }
  expect(requests.map(({ refusal }) => refusal)).toEqual(['invalid_client: the signature is wrong'])
}

function pem(privateKey: KeyObject): string {
  return privateKey.export({ format: 'pem', type: 'pkcs8' }).toString()
}
