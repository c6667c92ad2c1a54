import { isCountersignError } from '@countersign/core'
import { authorizedFetch } from '@countersign/core/fetch'
import { authorizationHooks } from '@countersign/ky-hook'
import { staticTokenProvider } from '@countersign/testing'
import * as ky1 from 'ky-1.14.3'
import { expect, test, vi } from 'vitest'
import { startWorld } from '../../support/world.ts'
import { adapterSuite } from './adapter.ts'
import { readBefore } from './fetch-host.ts'
import type { HostUnderTest } from './host.ts'

const ky = ky1.default
type Fetch = typeof globalThis.fetch

/** The set-up that the error for ky 1 recommends. */
const throughFetch: HostUnderTest = {
  name: 'ky 1.14.3, authorizedFetch as its fetch',
  redirects: true,
  nests: true,
  client({ tokens, baseUrl, isTokenRejected, ...rest }) {
    const options = { ...rest, ...readBefore(isTokenRejected) }
    let fetch = authorizedFetch(tokens, options) as Fetch
    return {
      async send({ url, body, headers, ...rest }) {
        const isAbsolute = /^https?:/i.test(url)
        const response = await ky(isAbsolute ? url : url.replace(/^\//, ''), {
          ...{
            retry: 0,
            throwHttpErrors: false,
            fetch,
            ...(!isAbsolute && { prefixUrl: baseUrl }),
          },
          ...rest,
          ...(headers && { headers: headers as Record<string, string> }),
          ...(body !== undefined && { body: body as string }),
        })
        return { status: response.status, text: await response.text() }
      },
      attachAgain({ tokens: others = tokens, origins = options.origins } = {}) {
        fetch = authorizedFetch(others, { ...options, origins, fetch }) as Fetch
      },
    }
  },
  oneShotBodies: {},
  isAbort: (error, reason) => error === reason,
  isTimeout: (error) => error instanceof Error && error.name === 'TimeoutError',
  tokenFailure: (error) => (isCountersignError(error) ? error : undefined),
}

const wayOut = /ky 1 .* Update ky to version 2, or .* ky\.create\(\{ fetch: authorizedFetch\(/

test('hooks on an instance of ky 1 are rejected before any request, with a recommendation', async () => {
  const { tokens, api, server } = await startWorld()
  const hooks = authorizationHooks(tokens, { origins: [api.origin] })
  const old = ky.create({ prefixUrl: api.origin, hooks: hooks as object, retry: 0 })

  for (const method of ['get', 'post']) {
    await expect(old('x', { method })).rejects.toMatchObject({
      name: 'ConfigurationError',
      code: 'ERR_UNSUPPORTED_CLIENT',
      message: expect.stringMatching(wayOut),
    })
  }

  expect([api.seen.length, server.requests.length]).toEqual([0, 0])
})

test('if ky 1 is installed, creating the hooks throws', async () => {
  vi.resetModules()
  vi.doMock('ky', () => ky1)
  const hook = await import('@countersign/ky-hook')
  vi.doUnmock('ky')

  const make = () => hook.authorizationHooks(staticTokenProvider(), { origins: ['https://a.test'] })

  expect(make).toThrow(
    expect.objectContaining({
      name: 'ConfigurationError',
      code: 'ERR_UNSUPPORTED_CLIENT',
      message: expect.stringMatching(wayOut),
    }),
  )
})

adapterSuite(throughFetch)
