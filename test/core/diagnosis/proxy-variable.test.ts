import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { findIgnoredProxy } from '#core/diagnosis/proxy-variable.js'
import { createTimeoutError, createTransportError } from '#core/token-endpoint/transport-failure.js'

const names = ['HTTPS_PROXY', 'HTTP_PROXY', 'ALL_PROXY', 'NODE_USE_ENV_PROXY']

beforeEach(() => {
  for (const name of names.flatMap((one) => [one, one.toLowerCase()])) vi.stubEnv(name, undefined)
})
afterEach(() => {
  vi.unstubAllEnvs()
  vi.unstubAllGlobals()
})

const proxy = 'http://user:secret@proxy.example:3128'

test.each(['https_proxy', 'HTTPS_PROXY', 'all_proxy', 'ALL_PROXY', 'http_proxy', 'HTTP_PROXY'])(
  'the variable %s is told by its name',
  { tags: ['E6', 'E12'] },
  (name) => {
    vi.stubEnv(name, proxy)
    expect(findIgnoredProxy('https://as.example/token')).toBe(name)
  },
)

test('the variable for the scheme of the endpoint comes first', { tags: ['E6', 'E12'] }, () => {
  for (const name of ['HTTP_PROXY', 'HTTPS_PROXY', 'ALL_PROXY']) vi.stubEnv(name, proxy)
  expect(findIgnoredProxy('https://as.example/token')).toBe('HTTPS_PROXY')
  expect(findIgnoredProxy('http://as.example/token')).toBe('HTTP_PROXY')
})

test('names none if none is set, or if it is empty', { tags: ['E6', 'E12'] }, () => {
  expect(findIgnoredProxy('https://as.example/token')).toBeUndefined()
  vi.stubEnv('HTTPS_PROXY', '')
  expect(findIgnoredProxy('https://as.example/token')).toBeUndefined()
})

describe('names none', { tags: ['E6', 'E12'] }, () => {
  const { env, versions } = process
  test.each([
    ['where Node heeds it', { env: { NODE_USE_ENV_PROXY: '1' }, versions }],
    ['where Node was told to', { env: {}, versions, execArgv: ['--use-env-proxy'] }],
    [
      'where NODE_OPTIONS told it to',
      { env: { NODE_OPTIONS: '--trace-warnings --use-env-proxy' }, versions },
    ],
    ['by Bun, which heeds it', { env: {}, versions: { ...versions, bun: '1.3.0' } }],
    ['by Deno, which heeds it', { env: {}, versions: { ...versions, deno: '2.5.0' } }],
    ['where there is no Node', { env: {}, versions: {} }],
    ['where the environment may not be read', { versions }],
  ])('%s', (_, process) => {
    const stubbed =
      'env' in process ? { ...process, env: { ...process.env, ALL_PROXY: 'x' } } : process
    vi.stubGlobal('process', stubbed)
    const told = findIgnoredProxy('https://as.example/token')
    vi.stubGlobal('process', { env, versions })
    expect(told).toBeUndefined()
  })

  test('where there is no process', () => {
    vi.stubGlobal('process', undefined)
    const told = findIgnoredProxy('https://as.example/token')
    vi.unstubAllGlobals()
    expect(told).toBeUndefined()
  })
})

const heedless =
  "HTTPS_PROXY is set, but Node's fetch ignores it: start Node with NODE_USE_ENV_PROXY=1, or pass a `fetch` with a ProxyAgent."
const request = (proxyVariable?: string) => ({
  ...{ tokenEndpoint: 'https://as.example/token', attempts: 1, proxyVariable },
})
const rejected = (code: string) =>
  new TypeError('fetch failed', { cause: Object.assign(new Error('x'), { code }) })

test.each([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'ETIMEDOUT',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'EACCES',
  'UND_ERR_CONNECT_TIMEOUT',
])('after %s the proxy that was passed by is the first cause', { tags: ['E6', 'E12'] }, (code) => {
  const error = createTransportError(rejected(code), request('HTTPS_PROXY'))
  expect(error.hints).toEqual([heedless, 'Check host, port and proxy.'])
  expect(error.message).toMatch(/^The token request to as\.example failed: [A-Z_]+: /)
  expect(error.message).toContain(`. ${heedless}`)
  expect(error.message.length).toBeLessThanOrEqual(350)
  expect(createTransportError(rejected(code), request()).hints).toEqual([
    'Check host, port and proxy.',
  ])
})

test.each(['ECONNRESET', 'UND_ERR_SOCKET', 'CERT_HAS_EXPIRED', 'XECONNREFUSED'])(
  '%s is not about the proxy',
  { tags: ['E7', 'E8', 'E10'] },
  (code) => {
    expect(createTransportError(rejected(code), request('HTTPS_PROXY')).hints).toHaveLength(1)
    expect(createTransportError(rejected(code), request('HTTPS_PROXY')).message).not.toContain(
      'PROXY',
    )
  },
)

test.each(['ALL_PROXY', 'all_proxy'])(
  '%s is one that Node never heeds',
  { tags: ['E6', 'E12'] },
  (name) => {
    const [first] = createTransportError(rejected('ECONNREFUSED'), request(name)).hints
    expect(first).toBe(
      `${name} is set, but Node's fetch ignores it: set HTTPS_PROXY to the same value and start Node with NODE_USE_ENV_PROXY=1, or pass a \`fetch\` with a ProxyAgent.`,
    )
  },
)

test('a server that is not heard of may be behind the proxy', { tags: ['E13'] }, () => {
  const { hints, message } = createTimeoutError(7, request('HTTPS_PROXY'))
  expect(hints[0]).toBe(heedless)
  expect(message).toBe(`No token from as.example within 7 ms. ${heedless}`)
  expect(createTimeoutError(7, request()).hints).toHaveLength(1)
})
