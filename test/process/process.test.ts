import { generateKeyPairSync } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import type { AddressInfo } from 'node:net'
import process from 'node:process'
import { createServer } from 'node:tls'
import { fileURLToPath } from 'node:url'
import { createTokenProvider } from '@countersign/core'
import { authorizedFetch } from '@countersign/core/fetch'
import { expect, test, vi } from 'vitest'
import { selfSigned } from '../matrix/certificates.ts'
import { runProgram, startServers } from './own-process.ts'

const mebibyte = 1024 * 1024

test('P1: a program that used axios, ky and fetch ends by itself, and no timer is left', async () => {
  const servers = await startServers()

  expect(await runProgram('ends', servers)).toEqual({ statuses: [200, 200, 200], timers: 0 })
  expect(servers.server.requests).toHaveLength(1)
})

test('P2: all tests run in processes that an unhandled rejection would end', () => {
  expect(process.execArgv).toContain('--unhandled-rejections=strict')
})

test('P3: with fake timers a request gets its token and ends', async () => {
  const { server, api } = await startServers()
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const jwk = publicKey.export({ format: 'jwk' }) as { kty: string }
  server.register({ clientId: 'faked', jwks: { keys: [jwk] } })
  const { tokenEndpoint } = server
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'Date', 'performance'] })
  try {
    const tokens = createTokenProvider({ clientId: 'faked', tokenEndpoint, key: privateKey })
    const send = authorizedFetch(tokens, { origins: [api.origin] })

    const before = await tokens.getAccessToken()
    expect((await send(`${api.origin}/x`)).status).toBe(200)
    vi.setSystemTime(Date.now() + 601_000)
    const after = await tokens.getAccessToken()

    expect(after).not.toBe(before)
  } finally {
    vi.useRealTimers()
  }
})

test('P4: two copies of core in one process serve each other, and errors are told by their brand', async () => {
  expect(await runProgram('two-copies', await startServers())).toEqual({
    areCopies: true,
    statuses: [200, 200, 200],
    isTold: true,
    isInstance: [false, true],
    code: 'ERR_OAUTH',
    own: 'Bearer',
  })
})

test('P4: each worker thread has a token of its own', async () => {
  expect(await runProgram('workers', await startServers())).toEqual({
    statuses: Array(3).fill([200, 200, 200]),
    tokens: 3,
  })
})

test('P5 P6: a hundred thousand scopes are bounded, and a million calls leave nothing behind', {
  timeout: 90_000,
}, async () => {
  const result = await runProgram<Record<string, number | boolean>>(
    'many-keys',
    await startServers(),
    ['--expose-gc'],
  )

  console.log(`calls with a token at hand in a second: ${result.callsPerSecond}`)
  expect(result.isOldestForgotten).toBe(true)
  // A thousand keys are kept; all of them would be a hundred times as much.
  expect(result.scopeGrowth).toBeLessThan(5 * mebibyte)
  expect(result.callGrowth).toBeLessThan(mebibyte)
})

test('P7: ten thousand failed flights leave no listener, no warning and no memory', {
  timeout: 90_000,
}, async () => {
  const result = await runProgram<Record<string, unknown>>('failures', await startServers(), [
    '--expose-gc',
  ])

  expect(result).toMatchObject({ requests: 10_000, warnings: [], listeners: 0 })
  expect(result.growth).toBeLessThan(mebibyte)
})

test('P8: a certificate that is not trusted is asked for again less than once a second', async () => {
  let handshakes = 0
  const server = createServer(await selfSigned(), () => {})
  server.on('connection', () => {
    handshakes += 1
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  try {
    const { port } = server.address() as AddressInfo
    const tokens = createTokenProvider({
      clientId: 'client-1',
      tokenEndpoint: `https://127.0.0.1:${port}/token`,
      key: generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey,
    })
    const errors = []
    for (let call = 0; call < 1000; call++) {
      errors.push(await tokens.getAccessToken().catch((error: unknown) => error))
    }

    expect(new Set(errors).size).toBe(1)
    expect(errors[0]).toMatchObject({ code: 'ERR_TOKEN_TLS', nextAttemptAt: expect.any(Number) })
    expect(handshakes).toBe(1)
  } finally {
    server.close()
  }
})

test.each(['core', 'axios-interceptor', 'ky-hook'])('P9: %s imports no module of Node', (name) => {
  const dist = fileURLToPath(new URL(`../../packages/${name}/dist/`, import.meta.url))
  const files = readdirSync(dist, { recursive: true, encoding: 'utf8' }).filter((file) =>
    file.endsWith('.js'),
  )

  const statement = /\bfrom '([^']+)';$|^import '([^']+)';$|\bimport\('([^']+)'\)/gm
  const imports = files
    .flatMap((file) => [...readFileSync(dist + file, 'utf8').matchAll(statement)])
    .map(([, from, bare, called]) => from ?? bare ?? called ?? '')
    .filter((specifier) => !specifier.startsWith('.'))
  const known = /^(@countersign\/core(\/adapter)?|axios|ky|jose(\/.+)?|p-memoize)$/

  expect(imports.length).toBeGreaterThan(2)
  expect(imports.filter((specifier) => !known.test(specifier))).toEqual([])
})

test('P10: ten thousand requests of each host with one signal leave less than 1 MB and no socket', {
  timeout: 120_000,
}, async () => {
  const servers = await startServers()

  const { growth, listeners } = await runProgram<{
    growth: Record<string, number>
    listeners: number
  }>('memory', servers, ['--expose-gc'])

  expect(Object.keys(growth)).toEqual(['axios', 'ky', 'fetch'])
  expect(Object.entries(growth).filter(([, bytes]) => bytes >= mebibyte)).toEqual([])
  expect(listeners).toBe(0)
  expect(servers.api.mostSockets).toBeLessThan(10)
})
