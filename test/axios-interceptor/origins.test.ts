import dns from 'node:dns'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { addAuthorization } from '@countersign/axios-interceptor'
import { staticTokenProvider } from '@countersign/testing'
import axios, { type AxiosAdapter, type AxiosRequestConfig } from 'axios'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'

/** Long enough to shrink a failure: a run that is stopped never shows its seed. */
vi.setConfig({ testTimeout: 120_000 })

/** The requests that a server received, and its name. */
interface Seen {
  readonly to: string
  readonly line: string
  readonly authorization: string | undefined
}

const stamp = 'Bearer test-token'
let seen: Seen[] = []
let close: () => Promise<void>
let api: string
let evil: string

/** Every name leads to this machine, so that a request to any host is seen and none leaves. */
function lookup(_: string, options: dns.LookupOptions, done: (...found: unknown[]) => void): void {
  if (options.all) done(null, [{ address: '127.0.0.1', family: 4 }])
  else done(null, '127.0.0.1', 4)
}

beforeAll(async () => {
  vi.spyOn(dns, 'lookup').mockImplementation(lookup as never)
  const [own, other] = await Promise.all([serve(), serve()])
  api = `api.test:${own.port}`
  evil = `evil.test:${other.port}`
  close = async () => void (await Promise.all([own.close(), other.close()]))
})

afterAll(async () => {
  vi.restoreAllMocks()
  await close()
})

async function serve() {
  const server = createServer((request, response) => {
    const { host: to = '', authorization } = request.headers
    seen.push({ to, line: `${request.method} ${request.url}`, authorization })
    request.resume().once('end', () => response.end('ok'))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    port: (server.address() as AddressInfo).port,
    close: async () => {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

const join = (parts: readonly string[]) => parts.join('')
const noise = fc.constantFrom('', '', '', '', '', ' ', '\t', '\n', '\u0000', '\u00a0')
const scheme = fc.constantFrom(
  ...['http:', 'http:', 'http:', 'HTTP:', 'Http:', 'h\nttp:', 'ht\ttp:', 'http\r:', 'https:', ''],
  ...['ftp:', 'ws:', 'blob:http:', 'items:'],
)
const slashes = fc.constantFrom('//', '//', '//', '', '/', '\\\\', '/\\', '///', '/\t/', '//\n')
const authority = fc.constantFrom(
  ...['API', 'API', 'EVIL', 'EVIL', 'API.', 'sub.API', 'API\\', 'API@EVIL', 'EVIL@API'],
  ...[
    'user@API',
    ':password@API',
    'EVIL\\@API',
    'API\\@EVIL',
    'EVIL#@API',
    'API?@EVIL',
    'API%40EVIL',
  ],
  ...['api.test', 'api.test:1', 'API.evil.test', 'api.test.EVIL', 'API\t', 'UPPER'],
)
const path = fc.constantFrom(
  ...['', '', '/', '/v1', '/v1/', '/v1//', '?q', '/?q=1#f', '#f', '/../..', '/./%2e%2e/x'],
  ...['//EVIL/x', '/@EVIL', '/\\EVIL', '\\x', '/a b', '/\u00e9', '/:80', '/items:batch'],
)
const plain = fc
  .tuple(fc.constantFrom('http://API', 'http://API', 'http://EVIL', 'HTTP://API'), path)
  .map(join)
const odd = fc.tuple(noise, scheme, slashes, authority, noise, path).map(join)
const absolute = fc.oneof(plain, odd)
const relative = fc.oneof(
  path,
  fc.tuple(noise, authority, path).map(join),
  fc.constantFrom('items', 'items:batch', '../x', './x', '@EVIL', '.EVIL', ':80@EVIL', '//', '/'),
  fc.constantFrom('\\\\EVIL', '/\\EVIL', '//EVIL', ' //EVIL', '/\t/EVIL', 'http:', 'http://'),
)
const url = fc.oneof(absolute, relative)
const baseUrl = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.constantFrom('http://API', 'http://API/', 'http://API/v1', 'http://API//'),
  },
  { weight: 2, arbitrary: fc.constant('http://EVIL') },
  { weight: 3, arbitrary: absolute },
  { weight: 1, arbitrary: fc.constantFrom('', '/', '/v1', 'v1') },
)
const maybe = <T>(value: fc.Arbitrary<T>, freq = 2) => fc.option(value, { nil: undefined, freq })
/** Programs without types say it in other ways too. */
const flag = fc.constantFrom(
  undefined,
  undefined,
  true,
  false,
  null,
  0,
  '',
) as fc.Arbitrary<boolean>
const params = fc.constantFrom<unknown>(
  ...[undefined, undefined, { q: '@EVIL' }, { 'a b': [1, 2] }, new URLSearchParams('a=//EVIL')],
)

const request = fc.record({
  created: fc.record({ baseURL: maybe(baseUrl), allowAbsoluteUrls: maybe(flag) }),
  given: fc.record({
    url: maybe(url, 12),
    baseURL: maybe(baseUrl),
    allowAbsoluteUrls: maybe(flag),
    params,
    method: fc.constantFrom('get', 'post'),
  }),
  rewrite: maybe(fc.record({ url }), 1),
})
type Generated = typeof request extends fc.Arbitrary<infer T> ? T : never

const adapters: Record<string, AxiosRequestConfig['adapter']> = {
  http: 'http',
  fetch: 'fetch',
  custom: ((config) => axios.getAdapter('http')(config)) as AxiosAdapter,
}

/** What comes of a request, on an instance of its own. */
async function outcome(
  { created, given, rewrite }: Generated,
  adapter: AxiosRequestConfig['adapter'],
  isAuthorized: boolean,
) {
  const instance = axios.create(real({ ...created, adapter, proxy: false }))
  if (isAuthorized)
    addAuthorization(instance, staticTokenProvider(), { origins: [`http://${api}`] })
  if (rewrite) instance.interceptors.request.use((config) => Object.assign(config, real(rewrite)))
  seen = []
  const result = await instance.request(real(given)).then(
    ({ status, config }) => ({ status, url: config.url }),
    ({ code }) => ({ code }),
  )
  return { result, seen }
}

/** The same with the hosts of this run. */
function real<T extends object>(config: T): AxiosRequestConfig {
  const replaced = Object.entries(config).map(([name, value]) => [
    name,
    typeof value === 'string'
      ? value.replaceAll('API', api).replaceAll('EVIL', evil).replaceAll('UPPER', api.toUpperCase())
      : value,
  ])
  return Object.fromEntries(replaced.filter(([, value]) => value !== undefined))
}

/** Written so that all versions of axios agree on it, and without userinfo. */
function isClear({ created, given, rewrite }: Generated): boolean {
  const url = (rewrite ?? given).url ?? ''
  const text = url + (given.baseURL ?? created.baseURL ?? '')
  const flags = [created.allowAbsoluteUrls, given.allowAbsoluteUrls] as unknown[]
  const isOdd = /[\0-\x20@]/.test(text) || /^https?:(?!\/\/)/i.test(url)
  return !isOdd && !flags.includes(0) && !flags.includes('')
}

describe.each(Object.keys(adapters))('axios, %s adapter', (name) => {
  const adapter = adapters[name]
  const sent = async (given: object) => {
    const request = { created: {}, given, rewrite: undefined } as unknown as Generated
    return (await outcome(request, adapter, true)).seen
  }

  test('the named origin sees the token, no other does, and nothing else changes', {
    tags: ['X1', 'X2', 'X3', 'X4', 'X5', 'X8'],
  }, async () => {
    await fc.assert(
      fc.asyncProperty(request, async (request) => {
        const plain = await outcome(request, adapter, false)
        const ours = await outcome(request, adapter, true)

        const where = ({ to, line }: Seen) => `${to} ${line}`
        expect(ours.seen.map(where)).toEqual(plain.seen.map(where))
        expect(ours.result).toEqual(plain.result)
        ours.seen.forEach(({ to, authorization }, at) => {
          const own = plain.seen[at]?.authorization
          if (to !== api || own !== undefined) expect(authorization).toBe(own)
          else if (isClear(request)) expect(authorization).toBe(stamp)
        })
      }),
      { numRuns: 800 },
    )
  })

  test.each([0, ''])(
    'allowAbsoluteUrls %j, which versions read differently, takes the token nowhere',
    { tags: ['X5'] },
    async (allowAbsoluteUrls) => {
      const seen = await sent({ url: 'http://API/x', baseURL: 'http://EVIL', allowAbsoluteUrls })
      expect(seen.map(({ authorization }) => authorization)).toEqual([undefined])
    },
  )

  test.each([
    ['a loose allowAbsoluteUrls', { baseURL: 'http://API', allowAbsoluteUrls: 0 }],
    ['a blank before the base URL', { baseURL: ' http://API' }],
    ['a line break in the base URL', { baseURL: 'h\nttp://API' }],
  ])('with %s the URL that was judged is not joined again', { tags: ['X5'] }, async (_, given) => {
    expect(await sent({ ...given, url: 'x' })).toEqual([
      { to: api, line: 'GET /x', authorization: stamp },
    ])
  })

  test('a relative URL with a colon in it has the token', { tags: ['X3'] }, async () => {
    expect(await sent({ baseURL: 'http://API', url: 'items:batch' })).toEqual([
      { to: api, line: 'GET /items:batch', authorization: stamp },
    ])
  })
})
