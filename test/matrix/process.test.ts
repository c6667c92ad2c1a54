import { execFile } from 'node:child_process'
import { generateKeyPairSync } from 'node:crypto'
import { getEventListeners } from 'node:events'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { createTokenProvider } from '@countersign/core'
import {
  type AuthorizationServer,
  createAuthorizationServer,
  createManualClock,
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
  const key = privateKey.export({ type: 'pkcs8', format: 'pem' })
  return promisify(execFile)(
    process.execPath,
    [...flags, '--input-type=module', '--eval', script],
    {
      cwd: fileURLToPath(new URL('..', import.meta.url)),
      env: { ...process.env, TOKEN_ENDPOINT: server.tokenEndpoint, PRIVATE_KEY: String(key) },
    },
  )
}

test('P1: a program that got a token ends by itself, and no timer of it is left', async () => {
  const { stdout, stderr } = await run(`
    import { createTokenProvider } from '@countersign/core'
    const tokens = createTokenProvider({
      clientId: '${clientId}',
      tokenEndpoint: process.env.TOKEN_ENDPOINT,
      key: process.env.PRIVATE_KEY,
    })
    const { tokenType } = await tokens.getAccessToken()
    const timers = process.getActiveResourcesInfo().filter((name) => name === 'Timeout')
    console.log(JSON.stringify({ tokenType, timers }))`)
  expect(JSON.parse(stdout)).toEqual({ tokenType: 'Bearer', timers: [] })
  expect(stderr).toBe('')
  expect(server.issued).toBe(1)
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
