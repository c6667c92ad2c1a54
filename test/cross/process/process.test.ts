import { execFile } from 'node:child_process'
import { generateKeyPairSync } from 'node:crypto'
import { getEventListeners } from 'node:events'
import process from 'node:process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { createTokenProvider } from '@countersign/core'
import {
  type AuthorizationServer,
  createAuthorizationServer,
  createManualClock,
  createResourceServer,
} from '@countersign/testing'
import { afterEach, beforeEach, expect, test } from 'vitest'

const clientId = 'institution-1'
const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
const jwks = { keys: [{ kty: 'EC', ...publicKey.export({ format: 'jwk' }) }] }

let server: AuthorizationServer

beforeEach(async () => {
  server = await createAuthorizationServer()
  server.register({ clientId, jwks })
})

afterEach(() => server.close())

/** Runs a module in a process of its own; rejects unless that ends by itself with code 0. */
async function run(
  script: string,
  ...flags: string[]
): Promise<{ stdout: string; stderr: string }> {
  const cwd = fileURLToPath(new URL('../..', import.meta.url))
  const code = [...flags, '--input-type=module', '--eval', script]
  return promisify(execFile)(process.execPath, code, { cwd, env: environment() })
}

function environment(): Record<string, string> {
  const key = privateKey.export({ type: 'pkcs8', format: 'pem' })
  return { TOKEN_ENDPOINT: server.tokenEndpoint, PRIVATE_KEY: String(key) }
}

test.each(['the provider', 'fetch', 'ky', 'axios, http', 'axios, fetch'])(
  'P1: with or without a token through %s, nothing keeps a program that has its answer',
  async (host) => {
    await using api = await createResourceServer(server)
    const program = fileURLToPath(new URL('programs/finished-program.ts', import.meta.url))
    server.next({ status: 503 })
    const { stdout, stderr } = await promisify(execFile)(process.execPath, [program], {
      env: { ...environment(), HOST: host, API_ORIGIN: api.origin },
    })
    expect(stderr).toBe('')
    expect(JSON.parse(stdout)).toEqual([
      ['AbortError', []],
      ['ERR_OAUTH', []],
      ['answered', []],
    ])
    expect(server.requests.map(({ status }) => status)).toEqual([503, 401, 200])
  },
)

test('P2: tests run where an unhandled rejection ends the process', () => {
  expect(process.execArgv).toContain('--unhandled-rejections=strict')
})

test('P2: a failing renewal that nobody awaits leaves a strict process alone', async () => {
  server.next({}, { status: 503 })
  const { stdout, stderr } = await run(
    `
    import { createTokenProvider } from '@countersign/core'
    import { createManualClock } from '@countersign/testing'
    const clock = createManualClock(Date.now())
    let fail
    const failed = new Promise((resolve) => { fail = resolve })
    const tokens = createTokenProvider({
      clientId: '${clientId}',
      tokenEndpoint: process.env.TOKEN_ENDPOINT,
      key: process.env.PRIVATE_KEY,
      retries: 0,
      clock,
      onEvent: (event) => { if (event.type === 'renewal-failed') fail(event.error.code) },
    })
    const first = await tokens.getAccessToken()
    await clock.advance(599_000)
    const isServed = tokens.currentAccessToken() === first
    const code = await failed
    for (let turn = 0; turn < 10; turn++) await new Promise(setImmediate)
    console.log(JSON.stringify({ isServed, code }))`,
    '--unhandled-rejections=strict',
  )
  expect(JSON.parse(stdout)).toEqual({ isServed: true, code: 'ERR_TOKEN_UNAVAILABLE' })
  expect(stderr).toBe('')
})

test('P10: a hundred thousand calls with one signal leave no listener on it', async () => {
  const clock = createManualClock(Date.now())
  const { tokenEndpoint } = server
  const tokens = createTokenProvider({ clientId, tokenEndpoint, key: privateKey, clock })
  const { signal } = new AbortController()
  const cold = Array.from({ length: 10_000 }, () => tokens.getAccessToken({ signal }))
  expect(getEventListeners(signal, 'abort')).toHaveLength(10_000)
  const [token] = await Promise.all(cold)
  expect(getEventListeners(signal, 'abort')).toHaveLength(0)
  for (let call = 0; call < 90_000; call++) {
    if ((await tokens.getAccessToken({ signal })) !== token) expect.unreachable('another token')
  }
  expect(getEventListeners(signal, 'abort')).toHaveLength(0)
  expect(server.requests).toHaveLength(1)
})
