import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { ignoredProxyVariable } from '#core/diagnosis/proxy-variable.js'
import { timeoutError, transportError } from '#core/token-endpoint/transport-failure.js'

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
  'E6 E12: the variable %s is told by its name',
  (name) => {
    vi.stubEnv(name, proxy)
    expect(ignoredProxyVariable('https://as.example/token')).toBe(name)
  },
)

test('E6 E12: the variable for the scheme of the endpoint comes first', () => {
  for (const name of ['HTTP_PROXY', 'HTTPS_PROXY', 'ALL_PROXY']) vi.stubEnv(name, proxy)
  expect(ignoredProxyVariable('https://as.example/token')).toBe('HTTPS_PROXY')
  expect(ignoredProxyVariable('http://as.example/token')).toBe('HTTP_PROXY')
})

test('E6 E12: none is told where none is set, or where it is empty', () => {
  expect(ignoredProxyVariable('https://as.example/token')).toBeUndefined()
  vi.stubEnv('HTTPS_PROXY', '')
  expect(ignoredProxyVariable('https://as.example/token')).toBeUndefined()
})

describe('E6 E12: none is told', () => {
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
    const told = ignoredProxyVariable('https://as.example/token')
    vi.stubGlobal('process', { env, versions })
    expect(told).toBeUndefined()
  })

  test('where there is no process', () => {
    vi.stubGlobal('process', undefined)
    const told = ignoredProxyVariable('https://as.example/token')
    vi.unstubAllGlobals()
    expect(told).toBeUndefined()
  })
})

const heedless =
  "HTTPS_PROXY is set, and Node's fetch does not heed it: start Node with NODE_USE_ENV_PROXY=1, or give a `fetch` with a ProxyAgent."
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
])('E6 E12: after %s the proxy that was passed by is the first cause', (code) => {
  const error = transportError(rejected(code), 1, 'HTTPS_PROXY')
  expect(error.hints).toEqual([heedless, 'Check host, port and proxy.'])
  expect(error.message).toBe(
    `The token endpoint could not be reached, or the connection broke (${code}). ${heedless} Check host, port and proxy.`,
  )
  expect(transportError(rejected(code), 1).hints).toEqual(['Check host, port and proxy.'])
})

test.each(['ECONNRESET', 'UND_ERR_SOCKET', 'CERT_HAS_EXPIRED', 'XECONNREFUSED'])(
  'E7 E8 E10: %s is not about the proxy',
  (code) => {
    expect(transportError(rejected(code), 1, 'HTTPS_PROXY').hints).toHaveLength(1)
    expect(transportError(rejected(code), 1, 'HTTPS_PROXY').message).not.toContain('PROXY')
  },
)

test.each(['ALL_PROXY', 'all_proxy'])('E6 E12: %s is one that Node never heeds', (name) => {
  const [first] = transportError(rejected('ECONNREFUSED'), 1, name).hints
  expect(first).toBe(
    `${name} is set, and Node's fetch does not heed it: set HTTPS_PROXY to the same and start Node with NODE_USE_ENV_PROXY=1, or give a \`fetch\` with a ProxyAgent.`,
  )
})

test('E13: a server that is not heard of may be behind the proxy', () => {
  const { hints, message } = timeoutError('Late.', 1, 'HTTPS_PROXY')
  expect(hints[0]).toBe(heedless)
  expect(message).toMatch(/^Late\. HTTPS_PROXY is set, .* ProxyAgent\. Check that the token /)
  expect(timeoutError('Late.', 1).hints).toHaveLength(1)
})
