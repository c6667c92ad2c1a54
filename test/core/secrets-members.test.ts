import { createRequire } from 'node:module'
import { addAuthorization } from '@countersign/axios-interceptor'
import type { AxiosStatic } from 'axios'
import { describe, expect, test } from 'vitest'
import { startScene } from '../support/leak-scene.ts'
import { type Answer, answer, refused } from '../support/recording-api.ts'
import { findMembers } from './member-walk.ts'

const require = createRequire(import.meta.url)
const names = ['axios-1.12.0', 'axios-1.17.0', 'axios']

const modules: [string, () => Promise<AxiosStatic>][] = names.flatMap((name) => [
  [`${name}, ES module`, async () => (await import(name)).default],
  [`${name}, CommonJS`, async () => require(name)],
])

/** docs/guides/axios.md and SECURITY.md: the request that was sent, wherever it is reached from. */
const isDocumented = (path: string) => /(^|\.)request$/.test(path)

const breaks: Answer = (response) => void response.socket?.destroy()

/** How a request ends, by what the API answers; redirects lead to the other origin. */
const endings: Record<string, (elsewhere: string) => readonly Answer[]> = {
  'a 200': () => [answer(200, {}, 'ok')],
  'a 200 after a replay': () => [refused, answer(200, {}, 'ok')],
  'a 403': () => [answer(403)],
  'a 500': () => [answer(500, {}, 'no')],
  'two 401s': () => [refused, refused],
  'a broken connection': () => [breaks],
  'a redirect to another origin': (elsewhere) => [answer(302, { location: elsewhere })],
}

describe.each(modules)('%s', (_, load) => {
  describe.each(['http', 'fetch'])('%s adapter', (adapter) => {
    async function scene() {
      const axios = await load()
      const { api, evil, tokens, search } = await startScene()
      const instance = axios.create({ baseURL: api.origin, adapter })
      const configs: unknown[] = []
      instance.interceptors.request.use((config) => {
        configs.push(config)
        return config
      })
      addAuthorization(instance, tokens)
      await tokens.getAccessToken()
      const isHidden = (value: unknown) => findMembers(value, search.isIn, isDocumented)
      return { api, evil, instance, configs, isHidden, search }
    }

    test.each(Object.entries(endings))('no member shows the token after %s', async (_, script) => {
      const { api, evil, instance, configs, isHidden, search } = await scene()
      api.next(...script(evil.origin))
      const outcome = await instance.post('/x', { a: 1 }).catch((error: unknown) => error)
      expect(search.isIn(api.seen[0]?.authorization ?? '')).toBe(true)
      expect(isHidden(outcome)).toEqual([])
      expect(isHidden(configs)).toEqual([])
    })

    test('the request that was sent shows the token, where the adapter exposes it', async () => {
      const { api, instance, search } = await scene()
      const { request } = await instance.get('/x')
      expect(search.isIn(api.seen[0]?.authorization ?? '')).toBe(true)
      if (adapter === 'http') expect(findMembers(request, search.isIn)).not.toEqual([])
    })

    test('no member shows the token after a transformResponse of the caller throws', async () => {
      const { api, instance, configs, isHidden } = await scene()
      api.next(answer(200, {}, 'ok'))
      const transformResponse = () => {
        throw new Error('of the caller')
      }
      const outcome = await instance.get('/x', { transformResponse }).catch((error) => error)
      expect(outcome).toBeInstanceOf(Error)
      expect(isHidden(outcome)).toEqual([])
      expect(isHidden(configs)).toEqual([])
    })

    test.each([
      ['an abort', {}],
      ['a timeout', { timeout: 50 }],
      ['a response that is too large', { maxContentLength: 1 }],
      ['a status that is not valid', { validateStatus: () => false }],
    ])('no member shows the token after %s', async (name, options) => {
      const { api, instance, configs, isHidden } = await scene()
      const caller = new AbortController()
      if (name === 'an abort') api.next(() => caller.abort())
      else if (name === 'a timeout') api.next(() => {})
      else api.next(answer(200, {}, 'longer'))
      const settings = name === 'an abort' ? { signal: caller.signal } : options
      const outcome = await instance.get('/x', settings as never).catch((error) => error)
      expect(isHidden(outcome)).toEqual([])
      expect(isHidden(configs)).toEqual([])
    })
  })
})
