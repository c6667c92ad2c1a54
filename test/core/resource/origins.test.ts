import { authorizedFetch } from '@countersign/core/fetch'
import { staticTokenProvider } from '@countersign/testing'
import { describe, expect, test } from 'vitest'

const stamp = 'Bearer test-token'

/** What would have been sent to hosts that no loopback server can stand for. */
function recorder() {
  const sent: (string | null)[] = []
  const fetch = async (input: string | URL | Request, init?: RequestInit) => {
    sent.push(new Request(input, init).headers.get('authorization'))
    return new Response('ok')
  }
  return { sent, fetch }
}

describe('exact origins', () => {
  test.each([
    'http://a.test/',
    'https://a.test:8443/',
    'https://a.test.evil.test/',
    'https://evila.test/',
    'https://a.test./',
    'https://sub.a.test/',
    'https://a.test@evil.test/',
    'https://a.test:443@evil.test/',
    'https://xn--a-0fa.test/',
  ])('%s is not https://a.test', { tags: ['X8'] }, async (url) => {
    const { sent, fetch } = recorder()
    const options = { origins: ['https://a.test'], fetch }
    const bare = url.replace(/\/\/.*@/, '//')

    await authorizedFetch(staticTokenProvider(), options)(bare)
    expect(sent).toEqual([null])
    await expect(
      authorizedFetch(staticTokenProvider(), { ...options, onForeignOrigin: 'throw' })(url),
    ).rejects.toMatchObject({ code: 'ERR_FOREIGN_ORIGIN', origin: new URL(url).origin })
    expect(sent).toHaveLength(1)
  })

  test.each([
    ['https://a.test', 'HTTPS://A.TEST/x'],
    ['https://a.test', 'https://a.test:443/x'],
    ['https://a.test:443', 'https://a.test/x'],
    ['https://A.test', 'https://a.test?x'],
    ['https://ä.test', 'https://xn--4ca.test/x'],
    ['https://xn--4ca.test', 'https://Ä.test/x'],
    ['http://[::1]:8080', 'http://[0:0:0:0:0:0:0:1]:8080/x'],
    ['http://api.internal', 'http://api.internal:80/x'],
  ])('%s written as %s is the same origin', { tags: ['X8'] }, async (origin, url) => {
    const { sent, fetch } = recorder()

    await authorizedFetch(staticTokenProvider(), { origins: [origin], fetch })(url)

    expect(sent).toEqual([stamp])
  })

  test.each([
    'https://a.test/',
    'https://a.test/v1',
    'https://*.a.test',
    'https://a.test?x',
    'https://a.test#x',
    'https://user@a.test',
    'ftp://a.test',
    'a.test',
    '*',
    '',
  ])('%j is refused as an origin', { tags: ['X8'] }, (origin) => {
    expect(() => authorizedFetch(staticTokenProvider(), { origins: [origin] })).toThrow(
      expect.objectContaining({
        name: 'ConfigurationError',
        code: 'ERR_INVALID_ORIGIN',
        option: 'origins',
        message:
          "Option 'origins' must contain origins such as 'https://api.example.com': " +
          'http or https, without a path, a trailing slash, a wildcard or userinfo.',
      }),
    )
  })

  test.each(['https://a.test', 'https://a.test:443/', 'HTTPS://A.TEST'])(
    'a URL object of %s is accepted as an origin',
    async (origin) => {
      const { sent, fetch } = recorder()
      const send = authorizedFetch(staticTokenProvider(), { origins: [new URL(origin)], fetch })
      await send('https://a.test/x')
      await send('https://b.test/x')
      expect(sent).toEqual([stamp, null])
    },
  )

  test.each(['https://a.test/v1', 'https://a.test/?x', 'https://user@a.test', 'ftp://a.test'])(
    'a URL object of %s is not an origin',
    (origin) => {
      const options = { origins: [new URL(origin)] }
      expect(() => authorizedFetch(staticTokenProvider(), options)).toThrow(
        expect.objectContaining({ code: 'ERR_INVALID_ORIGIN', option: 'origins' }),
      )
    },
  )

  test.each([
    ['missing', {}],
    ['empty', { origins: [] }],
    ['a string', { origins: 'https://a.test' }],
  ])('origins that are %s throw and never mean every origin', { tags: ['X17'] }, (_, options) => {
    expect(() => authorizedFetch(staticTokenProvider(), options as never)).toThrow(
      expect.objectContaining({
        name: 'ConfigurationError',
        code: 'ERR_INVALID_ORIGIN',
        option: 'origins',
        message: "Option 'origins' must be an array with at least one origin.",
      }),
    )
  })
})
