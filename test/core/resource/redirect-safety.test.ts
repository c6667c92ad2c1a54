import { requireSafeRedirects } from '@countersign/core/adapter'
import { afterEach, describe, expect, test, vi } from 'vitest'

afterEach(() => {
  vi.unstubAllGlobals()
})

function runOn(flag: boolean | undefined): void {
  const name = 'strip_authorization_on_cross_origin_redirect'
  vi.stubGlobal('Cloudflare', { compatibilityFlags: flag === undefined ? {} : { [name]: flag } })
}

describe('where the runtime keeps Authorization on redirects to other origins', {
  tags: ['X20'],
}, () => {
  test.each([undefined, 'follow', 'error'])(
    'a request that says redirect: %s is refused',
    (redirect) => {
      runOn(false)
      expect(() => requireSafeRedirects(redirect)).toThrow(
        expect.objectContaining({
          name: 'ConfigurationError',
          code: 'ERR_UNSUPPORTED_CLIENT',
          message:
            "This runtime keeps Authorization on redirects to other origins. Set the compatibility flag strip_authorization_on_cross_origin_redirect, or send with redirect: 'manual'.",
        }),
      )
    },
  )

  test("one that says redirect: 'manual' is not", () => {
    runOn(false)
    expect(() => requireSafeRedirects('manual')).not.toThrow()
  })
})

test.each([
  ['takes it off', () => runOn(true)],
  ['says nothing of it', () => runOn(undefined)],
  ['has no flags', () => vi.stubGlobal('Cloudflare', {})],
  ['is none of Cloudflare', () => {}],
])('a runtime that %s may follow redirects', { tags: ['X20'] }, (_, run) => {
  run()
  expect(() => requireSafeRedirects('follow')).not.toThrow()
  expect(() => requireSafeRedirects(undefined)).not.toThrow()
})
