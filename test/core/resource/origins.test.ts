import { readBaseOrigin } from '@countersign/core/adapter'
import { authorizedFetch } from '@countersign/core/fetch'
import { staticTokenProvider } from '@countersign/testing'
import { describe, expect, test } from 'vitest'

/** Returns what would have been sent to hosts that no loopback server can stand for. */
async function sendTo(url: string, origin: string | URL, more: object = {}) {
  const sent: (string | null)[] = []
  const fetch = async (input: string | URL | Request, init?: RequestInit) => {
    sent.push(new Request(input, init).headers.get('authorization'))
    return new Response('ok')
  }
  await authorizedFetch(staticTokenProvider(), { origins: [origin], fetch, ...more })(url)
  return sent
}

const rejected = (message: string) =>
  expect.objectContaining({
    ...{ name: 'ConfigurationError', code: 'ERR_INVALID_ORIGIN', option: 'origins' },
    message,
  })

describe('option origins', () => {
  test.each([
    'http://a.test/',
    'https://a.test:8443/',
    'https://a.test.evil.test/',
    'https://evila.test/',
    'https://sub.a.test/',
    'https://a.test:443@evil.test/',
  ])('%s is not https://a.test', { tags: ['X8'] }, async (url) => {
    const bare = url.replace(/\/\/.*@/, '//')
    expect(await sendTo(bare, 'https://a.test')).toEqual([null])
    const strict = { onForeignOrigin: 'throw' }
    const { origin } = new URL(url)
    const error = { code: 'ERR_FOREIGN_ORIGIN', origin }
    await expect(sendTo(url, 'https://a.test', strict)).rejects.toMatchObject(error)
  })

  test.each([
    ['https://a.test', 'HTTPS://A.TEST/x'],
    ['https://a.test', 'https://a.test:443/x'],
    ['https://a.test:443', 'https://a.test/x'],
    ['https://ä.test', 'https://xn--4ca.test/x'],
    ['http://[::1]:8080', 'http://[0:0:0:0:0:0:0:1]:8080/x'],
    [new URL('https://a.test:443/'), 'https://a.test/x'],
  ])('%s written as %s is the same origin', { tags: ['X8'] }, async (origin, url) => {
    expect(await sendTo(url, origin)).toEqual(['Bearer test-token'])
  })

  test.each([
    ...['https://a.test/', 'https://a.test/v1', 'https://*.a.test', 'https://a.test?x', '*', ''],
    ...['https://a.test#x', 'https://user@a.test', 'ftp://a.test', 'a.test', 7, null],
    ...[new URL('https://a.test/v1'), new URL('https://user@a.test')],
  ])('rejects %s as an origin', { tags: ['X8'] }, (origin) => {
    const options = { origins: ['https://b.test', origin as string] }
    expect(() => authorizedFetch(staticTokenProvider(), options)).toThrow(
      rejected(
        "Option 'origins' must contain origins such as 'https://api.example.com': " +
          'http or https, without a path, a trailing slash, a wildcard or userinfo.',
      ),
    )
  })

  test.each([{}, { origins: [] }, { origins: 'https://a.test' }])(
    'rejects %j, which never means every origin',
    { tags: ['X17'] },
    (options) => {
      expect(() => authorizedFetch(staticTokenProvider(), options as never)).toThrow(
        rejected("Option 'origins' must be an array with at least one origin."),
      )
    },
  )
})

describe('the origin of a base URL', () => {
  test.each([
    ['https://api.example/v1/', 'https://api.example'],
    ['HTTPS://API.example:443?x#y', 'https://api.example'],
    ['http://localhost:3000/v1', 'http://localhost:3000'],
    ['http://127.0.0.1/', 'http://127.0.0.1'],
    ['http://[::1]:3000/', 'http://[::1]:3000'],
  ])('of %s is %s', { tags: ['X17'] }, (baseUrl, origin) => {
    expect(readBaseOrigin(baseUrl)).toBe(origin)
  })

  test.each([
    undefined,
    '',
    '/v1',
    '//api.example',
    'ftp://api.example',
    new URL('https://a.test'),
  ])('is unknown for %s', { tags: ['X17'] }, (baseUrl) => {
    expect(() => readBaseOrigin(baseUrl)).toThrow(
      rejected(
        "No allowed origin. Pass option 'origins', or set an absolute base URL on the instance before this call.",
      ),
    )
  })

  test.each(['https://user@api.example', 'https://:password@api.example'])(
    'is rejected if its requests authenticate themselves: %s',
    { tags: ['X14'] },
    (baseUrl) => {
      expect(() => readBaseOrigin(baseUrl)).toThrow(
        rejected(
          "The base URL contains a user name or password, so its requests authenticate themselves. Pass option 'origins'.",
        ),
      )
    },
  )

  test.each(['http://api.example', 'http://10.0.0.1', 'http://localhost.example'])(
    'is rejected if it is plain http: %s',
    { tags: ['X17'] },
    (origin) => {
      expect(() => readBaseOrigin(`${origin}/v1`)).toThrow(
        rejected(
          `The base URL is plain http, so anyone on the network can read the token. Use https, or list '${origin}' in option 'origins'.`,
        ),
      )
    },
  )
})
