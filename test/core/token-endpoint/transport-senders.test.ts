import { spawn } from 'node:child_process'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { runInNewContext } from 'node:vm'
import type { TokenProviderOptions, TokenTransportError } from '@countersign/core'
import { describe, expect, onTestFinished, test } from 'vitest'
import {
  goodToken,
  providerFor,
  rejection,
  standingClock,
} from '../../support/provider-under-test.ts'

const endpoint = 'https://login.example.invalid/token'

async function failureOf(fetch: TokenProviderOptions['fetch'], tokenEndpoint = endpoint) {
  const { tokens, events } = providerFor(tokenEndpoint, { clock: standingClock(), fetch })
  const error = (await rejection(tokens.getAccessToken())) as TokenTransportError
  return { error, attempts: events.filter(({ type }) => type === 'token-request-failed').length }
}

describe('an error of another realm', () => {
  const thrown = runInNewContext(
    '(code) => Object.assign(new TypeError("fetch failed"), { cause: Object.assign(new Error("x"), { code, syscall: "connect" }) })',
  ) as (code: string) => Error

  test.each([
    ['SELF_SIGNED_CERT_IN_CHAIN', 'ERR_TOKEN_TLS', 1],
    ['HPE_INVALID_CONSTANT', 'ERR_TOKEN_PROTOCOL', 1],
    ['ENOTFOUND', 'ERR_TOKEN_NETWORK', 2],
    ['ECONNRESET', 'ERR_TOKEN_NETWORK', 3],
  ])('with %s is classified as one of this realm', async (cause, code, attempts) => {
    const found = await failureOf(async () => {
      throw thrown(cause)
    })
    expect(found).toMatchObject({ error: { code, cause: { code: cause } }, attempts })
  })
})

describe('a request that fetch rejects before it is sent', () => {
  test.each([10080, 6000, 6666])('because of port %i has one attempt', async (port) => {
    const { error, attempts } = await failureOf(undefined, `http://127.0.0.1:${port}/token`)
    expect(attempts).toBe(1)
    expect(error).toMatchObject({ code: 'ERR_TOKEN_NETWORK', retryable: false, attempts: 1 })
    expect(error.message).toMatch(/: fetch blocks this port \(bad port\)\. /)
  })

  test.each<[string, RequestInit]>([
    ['an AbortSignal of another realm', { signal: { aborted: false } as AbortSignal }],
    ['a header with a line break', { headers: { x: 'a\nb' } }],
    ['a header that is not Latin-1', { headers: { x: '\u2603' } }],
  ])('because of %s has one attempt', async (_, init) => {
    const { error, attempts } = await failureOf((url, given) => fetch(url, { ...given, ...init }))
    expect(attempts).toBe(1)
    expect(error.message).toMatch(/: fetch rejected the request before it was sent\. /)
    expect(error.retryable).toBe(false)
  })
})

const program = `
import { generateKeyPairSync } from 'node:crypto'
import { createTokenProvider } from '@countersign/core'
const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
const tokens = createTokenProvider({
  ...{ clientId: 'c', tokenEndpoint: ${JSON.stringify('https://login.example.invalid/token')} },
  key: privateKey.export({ type: 'pkcs8', format: 'pem' }),
})
await tokens.getAccessToken().catch((error) => console.log(JSON.stringify(error)))
`

/** The error of a process that reaches the network through that proxy. */
async function failureBehind(proxy: string): Promise<TokenTransportError> {
  const env = { ...process.env, NODE_USE_ENV_PROXY: '1', HTTPS_PROXY: proxy }
  const child = spawn(process.execPath, ['--input-type=module', '-e', program], {
    cwd: import.meta.dirname,
    env: { ...env, https_proxy: proxy, NO_PROXY: '', no_proxy: '' },
  })
  let output = ''
  child.stdout.on('data', (data) => {
    output += data
  })
  await new Promise((resolve) => child.on('close', resolve))
  return JSON.parse(output)
}

describe('a proxy that rejects CONNECT', () => {
  test.each([
    [407, 1],
    [403, 3],
    [502, 3],
    [503, 3],
  ])('with %i is named with its status', async (status, times) => {
    let asked = 0
    const proxy = createServer().on('connect', (_, socket) => {
      asked += 1
      socket.on('error', () => {})
      socket.end(`HTTP/1.1 ${status} No\r\nContent-Length: 0\r\n\r\n`)
    })
    await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve))
    onTestFinished(() => void proxy.close())
    const { port } = proxy.address() as AddressInfo
    const error = await failureBehind(`http://u:wrong@127.0.0.1:${port}`)
    expect(asked).toBe(times)
    expect(error).toMatchObject({ code: 'ERR_TOKEN_NETWORK', retryable: status !== 407 })
    expect(error.message).toContain(`: the proxy answered CONNECT with status ${status}.`)
    expect(error.message).not.toContain('wrong')
  })
})

describe('a response without a stream', () => {
  const response = (text: string, more: object = {}) =>
    ({
      ...{ ok: true, status: 200, type: 'default', url: '', headers: new Headers() },
      text: async () => text,
      ...more,
    }) as unknown as Response

  test('is read as text', async () => {
    const { tokens } = providerFor(endpoint, {
      fetch: async () => response(JSON.stringify(goodToken)),
    })
    expect((await tokens.getAccessToken()).value).toBe('token-1')
  })

  test('is an OAuth error like any other', async () => {
    const more = { ok: false, status: 400 }
    const { error } = await failureOf(async () => response('{"error":"invalid_scope"}', more))
    expect(error).toMatchObject({ code: 'ERR_OAUTH', error: 'invalid_scope' })
  })

  test('of more than 64 KiB is too large', async () => {
    const { error } = await failureOf(async () => response('\u20ac'.repeat(30_000)))
    expect(error).toMatchObject({ code: 'ERR_TOKEN_RESPONSE_TOO_LARGE' })
  })
})

describe('the cache of fetch', () => {
  test('receives cache: no-store if Request has that option at the call', async () => {
    const sent: (string | undefined)[] = []
    const { tokens } = providerFor(endpoint, {
      fetch: async (_, { cache }) => {
        sent.push(cache)
        return Response.json(goodToken)
      },
    })
    await tokens.getAccessToken()
    const { Request } = globalThis
    onTestFinished(() => void Object.assign(globalThis, { Request }))
    Object.assign(globalThis, { Request: class {} })
    await tokens.getAccessToken({ forceRenewal: true })
    Object.assign(globalThis, { Request: undefined })
    await tokens.getAccessToken({ forceRenewal: true })
    expect(sent).toEqual(['no-store', undefined, undefined])
  })
})

test('the query of the token endpoint is in no message and no event', async () => {
  const told: string[] = []
  const { tokens } = providerFor(`${endpoint}?subscription-key=CANARY`, {
    clock: standingClock(),
    onEvent: (event) => void told.push(JSON.stringify(event)),
    fetch: async () =>
      Response.json(
        { error: 'invalid_client', error_description: `not ${endpoint}?subscription-key=CANARY` },
        { status: 401 },
      ),
  })
  const error = (await rejection(tokens.getAccessToken())) as Error
  expect([error.message, error.stack, JSON.stringify(error), ...told].join()).not.toContain(
    'CANARY',
  )
  expect(error).toMatchObject({ sent: { audience: `${endpoint}?...` } })
  expect(told.length).toBeGreaterThan(1)
})
