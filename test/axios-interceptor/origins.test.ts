import { addAuthorization } from '@countersign/axios-interceptor'
import { staticTokenProvider } from '@countersign/testing'
import axios, { type AxiosAdapter, type AxiosRequestConfig } from 'axios'
import fc from 'fast-check'
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest'
import { everyNameIsHere } from '../support/every-name-here.ts'
import { type Answer, type RecordingApi, startRecordingApi } from '../support/recording-api.ts'

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
let servers: readonly RecordingApi[]
let api: string
let evil: string

beforeAll(async () => {
  const note: Answer = (response, { method, url, headers, authorization }) => {
    seen.push({ to: headers.host ?? '', line: `${method} ${url}`, authorization })
    response.end('ok')
  }
  servers = await Promise.all([startRecordingApi(note), startRecordingApi(note)])
  const [own, other] = servers
  api = `api.test:${own?.port}`
  evil = `evil.test:${other?.port}`
})

afterAll(() => Promise.all(servers.map((server) => server.close())))

// A request to any host is seen, and none leaves.
beforeEach(everyNameIsHere)

const join = (parts: readonly string[]) => parts.join('')
const noise = fc.constantFrom('', '', '', '', '', ' ', '\t', '\n', '\u0000', '\u00a0')
const scheme = fc.constantFrom(
  ...['http:', 'http:', 'http:', 'HTTP:', 'Http:', 'h\nttp:', 'ht\ttp:', 'http\r:', 'https:', ''],
  ...['ftp:', 'ws:', 'blob:http:', 'items:'],
)
const slashes = fc.constantFrom('//', '//', '//', '', '/', '\\\\', '/\\', '///', '/\t/', '//\n')
const authority = fc.constantFrom(
  ...['API', 'API', 'EVIL', 'EVIL', 'API.', 'sub.API', 'API\\', 'API@EVIL', 'EVIL@API'],
  ...['user@API', ':password@API', 'EVIL\\@API', 'API\\@EVIL', 'EVIL#@API', 'API?@EVIL'],
  ...['api.test', 'api.test:1', 'API.evil.test', 'api.test.EVIL', 'API\t', 'UPPER', 'API%40EVIL'],
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
  fc.constantFrom('http://API', 'http://API/', 'http://API/v1', 'http://API//', 'http://EVIL'),
  fc.oneof(absolute, fc.constantFrom('', '/', '/v1', 'v1')),
)
const maybe = <T>(value: fc.Arbitrary<T>, freq = 2) => fc.option(value, { nil: undefined, freq })
/** Programs without types say it in other ways too. */
const flags = [undefined, undefined, true, false, null, 0, ''] as (boolean | undefined)[]
const flag = fc.constantFrom(...flags)
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

  const joining = { allowAbsoluteUrls: false }

  test.each<[string, object, string]>([
    ['x', { baseURL: 'http://EVIL' }, 'EVIL/x'],
    ['http://EVIL/x', {}, 'EVIL/x'],
    ['http://API/x', { baseURL: 'http://EVIL' }, 'API/x'],
    ['x', { baseURL: ' http://API' }, 'API/x'],
    ['x', { baseURL: 'h\nttp://API' }, 'API/x'],
    ['x', { allowAbsoluteUrls: 0 }, 'API/x'],
    ['http://EVIL/x', joining, 'API/http://EVIL/x'],
    ['//EVIL/x', joining, 'API/EVIL/x'],
    ['http://API/x', { ...joining, baseURL: 'http://EVIL' }, 'EVIL/http://API/x'],
    ['@EVIL', {}, 'API/@EVIL'],
    ['x@EVIL', {}, 'API/x@EVIL'],
    ['.EVIL', {}, 'API/.EVIL'],
    [':80@EVIL', {}, 'API/:80@EVIL'],
    ['items:batch', {}, 'API/items:batch'],
    ['\\\\EVIL', {}, 'API///EVIL'],
    ['/\\EVIL', {}, 'API//EVIL'],
    [' http://EVIL/x', {}, 'API/%20http://EVIL/x'],
    ['h\nttp://EVIL/x', {}, 'API/http://EVIL/x'],
    ['%2e%2e/%2E./x', {}, 'API/x'],
    ['?x=//EVIL', {}, 'API/?x=//EVIL'],
    ['#@EVIL', {}, 'API/'],
  ])(
    '%j with %j is sent to %s, with the token if that is the API',
    {
      tags: ['X3', 'X4', 'X5'],
    },
    async (url, given, arrived) => {
      const seen = await sent({ url, baseURL: 'http://API', ...given })
      const shown = seen.map(({ to, line, authorization }) => [
        line.replace('GET ', to).replaceAll(api, 'API').replaceAll(evil, 'EVIL'),
        authorization,
      ])
      expect(shown).toEqual([[arrived, arrived.startsWith('API') ? stamp : undefined]])
    },
  )

  test.each(['//EVIL/x', '///EVIL/x', '//API/x'])(
    '%j is not a URL and is not sent',
    { tags: ['X2'] },
    async (url) => {
      expect(await sent({ baseURL: 'http://API', url })).toEqual([])
    },
  )
})
