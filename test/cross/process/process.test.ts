import { getEventListeners } from 'node:events'
import process from 'node:process'
import { fileURLToPath } from 'node:url'
import {
  type AuthorizationServer,
  createManualClock,
  createResourceServer,
} from '@countersign/testing'
import { expect, test } from 'vitest'
import { clientKey } from '../../support/keys.ts'
import { resultOf, runCommand, runProgram } from '../../support/run-program.ts'
import { startAuthorization } from '../../support/world.ts'

function environment({ tokenEndpoint }: AuthorizationServer): Record<string, string> {
  return { TOKEN_ENDPOINT: tokenEndpoint, PRIVATE_KEY: clientKey.pem }
}

test.each(['the provider', 'fetch', 'ky', 'axios, http', 'axios, fetch'])(
  'with or without a token through %s, nothing keeps a program that has its answer',
  { tags: ['P1'] },
  async (host) => {
    const { server } = await startAuthorization()
    await using api = await createResourceServer(server)
    server.next({ status: 503 })
    const env = { ...environment(server), HOST: host, API_ORIGIN: api.origin }
    const program = new URL('programs/finished-program.ts', import.meta.url)
    expect(await resultOf(runProgram(program, env))).toEqual([
      ['AbortError', []],
      ['ERR_OAUTH', []],
      ['answered', []],
    ])
    expect(server.requests.map(({ status }) => status)).toEqual([503, 401, 200])
  },
)

test('tests run where an unhandled rejection ends the process', { tags: ['P2'] }, () => {
  expect(process.execArgv).toContain('--unhandled-rejections=strict')
})

test('a failing renewal that nobody awaits leaves a strict process alone', {
  tags: ['P2'],
}, async () => {
  const { server } = await startAuthorization()
  server.next({}, { status: 503 })
  const script = `
    import { createTokenProvider } from '@countersign/core'
    import { createManualClock } from '@countersign/testing'
    const clock = createManualClock(Date.now())
    let fail
    const failed = new Promise((resolve) => { fail = resolve })
    const tokens = createTokenProvider({
      clientId: 'client',
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
    console.log(JSON.stringify({ isServed, code }))`
  const cwd = fileURLToPath(new URL('../..', import.meta.url))
  const flags = ['--unhandled-rejections=strict', '--input-type=module', '--eval', script]
  const ended = runCommand(process.execPath, flags, { cwd, env: environment(server) })
  expect(await resultOf(ended)).toEqual({ isServed: true, code: 'ERR_TOKEN_UNAVAILABLE' })
})

test('a hundred thousand calls with one signal leave no listener on it', {
  tags: ['P10'],
}, async () => {
  const clock = createManualClock(Date.now())
  const { server, provider } = await startAuthorization()
  const tokens = provider({ clock })
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
