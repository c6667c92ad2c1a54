import { addAuthorization } from '@countersign/axios-interceptor'
import axios, { type AxiosRequestConfig } from 'axios'
import { describe, expect, test } from 'vitest'
import { startWorld } from '../support/world.ts'

const adapters = ['http', 'fetch']

/** A request of an instance whose base URL is the API's, and what either server saw of it. */
async function sent(adapter: string, config: (at: { api: string; evil: string }) => object) {
  const { tokens, api, evil, server } = await startWorld()
  const instance = axios.create({ baseURL: api.origin, adapter, validateStatus: () => true })
  addAuthorization(instance, tokens)
  const at = { api: api.origin.slice('http://'.length), evil: `localhost:${evil.port}` }
  const request: AxiosRequestConfig = config(at)
  const outcome = await instance.request(request).then(
    ({ status }) => status,
    (error: Error) => error,
  )
  const hide = (url: string) => url.replaceAll(at.api, 'API').replaceAll(at.evil, 'EVIL')
  const shown = ({ seen }: typeof api) =>
    seen.map(({ url, authorization = '-' }) => `${hide(url)} ${authorization.slice(0, 6)}`)
  return { outcome, api: shown(api), evil: shown(evil), tokenRequests: server.requests.length }
}

describe.each(adapters)('axios through %s', (adapter) => {
  test.each([
    ['//EVIL/x', {}],
    ['///EVIL/x', {}],
    ['x', { baseURL: '//EVIL' }],
    ['//API/x', {}],
  ])('%j with %j is no URL, and no token is got for it', { tags: ['X2'] }, async (url, own) => {
    const { outcome, ...seen } = await sent(adapter, ({ api, evil }) => ({
      url: url.replace('EVIL', evil).replace('API', api),
      ...Object.fromEntries(
        Object.entries(own).map(([name, value]) => [name, value.replace('EVIL', evil)]),
      ),
    }))
    expect(outcome).toBeInstanceOf(Error)
    expect(String((outcome as Error & { code?: string }).code)).not.toMatch(/^ERR_(TOKEN|FOREIGN)/)
    expect(seen).toEqual({ api: [], evil: [], tokenRequests: 0 })
  })

  test.each([
    ['@EVIL', '/@EVIL'],
    ['/@EVIL/x', '/@EVIL/x'],
    ['x@EVIL', '/x@EVIL'],
    ['.EVIL', '/.EVIL'],
    [':80@EVIL', '/:80@EVIL'],
    ['\\\\EVIL', '///EVIL'],
    ['/\\EVIL', '//EVIL'],
    [' http://EVIL/x', '/%20http://EVIL/x'],
    ['\thttp://EVIL/x', '/http://EVIL/x'],
    ['h\nttp://EVIL/x', '/http://EVIL/x'],
    ['../../x', '/x'],
    ['%2e%2e/%2E./x', '/x'],
    ['?x=//EVIL', '/?x=//EVIL'],
    ['#@EVIL', '/'],
  ])('%j arrives at the API, as %j, with the token', { tags: ['X3'] }, async (url, arrived) => {
    const seen = await sent(adapter, ({ evil }) => ({ url: url.replace('EVIL', evil) }))
    expect(seen).toEqual({ outcome: 200, api: [`${arrived} Bearer`], evil: [], tokenRequests: 1 })
  })

  test.each(['http:EVIL/x', 'http:/EVIL/x'])(
    '%j, which versions read differently, has no token wherever it arrives',
    { tags: ['X3'] },
    async (url) => {
      const seen = await sent(adapter, ({ evil }) => ({ url: url.replace('EVIL', evil) }))
      // 1.12 sends it to the API, later versions refuse it.
      expect(seen.api).toEqual(typeof seen.outcome === 'number' ? [`/${url} -`] : [])
      expect(seen).toMatchObject({ evil: [], tokenRequests: 0 })
    },
  )

  test.each([
    ['/x', 'http://EVIL'],
    ['x', 'http://EVIL/'],
    ['http://EVIL/x', 'http://EVIL'],
    ['http://EVIL/x', 'http://API'],
  ])(
    '%j with the base URL %j of its own goes without the token',
    { tags: ['X4'] },
    async (url, baseURL) => {
      const seen = await sent(adapter, ({ api, evil }) => ({
        url: url.replace('EVIL', evil),
        baseURL: baseURL.replace('EVIL', evil).replace('API', api),
      }))
      expect(seen).toEqual({ outcome: 200, api: [], evil: ['/x -'], tokenRequests: 0 })
    },
  )

  test('sends the token to an absolute URL of the API, with any base URL', {
    tags: ['X4'],
  }, async () => {
    const seen = await sent(adapter, ({ api, evil }) => ({
      ...{ url: `http://${api}/x`, baseURL: `http://${evil}` },
    }))
    expect(seen).toEqual({ outcome: 200, api: ['/x Bearer'], evil: [], tokenRequests: 1 })
  })

  test.each([
    ['http://EVIL/x', '/http://EVIL/x'],
    ['//EVIL/x', '/EVIL/x'],
    ['http://API/x', '/http://API/x'],
  ])(
    '%j without absolute URLs is joined, and sent where it was judged',
    { tags: ['X5'] },
    async (url, path) => {
      const seen = await sent(adapter, ({ api, evil }) => ({
        url: url.replace('EVIL', evil).replace('API', api),
        allowAbsoluteUrls: false,
      }))
      expect(seen).toEqual({ outcome: 200, api: [`${path} Bearer`], evil: [], tokenRequests: 1 })
    },
  )

  test.each([
    ['/x', '/x'],
    ['http://API/x', '/http://API/x'],
  ])(
    '%j on a foreign base URL goes there without the token',
    { tags: ['X5'] },
    async (url, path) => {
      const seen = await sent(adapter, ({ api, evil }) => ({
        ...{ url: url.replace('API', api), baseURL: `http://${evil}`, allowAbsoluteUrls: false },
      }))
      expect(seen).toEqual({ outcome: 200, api: [], evil: [`${path} -`], tokenRequests: 0 })
    },
  )
})
