import { execFile } from 'node:child_process'
import { generateKeyPairSync } from 'node:crypto'
import process from 'node:process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { type AuthorizationServer, createAuthorizationServer } from '@countersign/testing'
import { onTestFinished } from 'vitest'
import { type RecordingApi, startRecordingApi } from '../conformance/recording-api.ts'

const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })

/** An authorization server that knows the programs' client, and an API that accepts its tokens. */
export async function startServers(): Promise<{ server: AuthorizationServer; api: RecordingApi }> {
  const server = await createAuthorizationServer()
  const jwk = publicKey.export({ format: 'jwk' }) as { kty: string }
  server.register({ clientId: 'client-1', jwks: { keys: [jwk] } })
  const api = await startRecordingApi((response, { authorization = '' }) => {
    const isLive = server.isLive(authorization.replace('Bearer ', ''))
    response.writeHead(isLive ? 200 : 401, { 'www-authenticate': 'Bearer' }).end('ok')
  })
  onTestFinished(async () => {
    await Promise.all([server.close(), api.close()])
  })
  return { server, api }
}

/**
 * Runs `programs/<name>.ts` in a process of its own, and gives what it printed as JSON. Rejects
 * unless it ends by itself, within a minute, with code 0 and without a word on stderr.
 */
export async function runProgram<T>(
  name: string,
  { server, api }: { server: AuthorizationServer; api: RecordingApi },
  flags: readonly string[] = [],
): Promise<T> {
  const path = fileURLToPath(new URL(`programs/${name}.ts`, import.meta.url))
  const { stdout, stderr } = await promisify(execFile)(process.execPath, [...flags, path], {
    timeout: 60_000,
    env: {
      ...process.env,
      API_ORIGIN: api.origin,
      TOKEN_ENDPOINT: server.tokenEndpoint,
      PRIVATE_KEY: String(privateKey.export({ type: 'pkcs8', format: 'pem' })),
    },
  })
  if (stderr !== '') throw new Error(`${name} wrote to stderr: ${stderr}`)
  return JSON.parse(stdout)
}
