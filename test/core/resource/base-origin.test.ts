import { readBaseOrigin } from '@countersign/core/adapter'
import { expect, test } from 'vitest'

test.each([
  ['https://api.example/v1/', 'https://api.example'],
  ['HTTPS://API.example:443?x#y', 'https://api.example'],
  ['https://api.example:8443', 'https://api.example:8443'],
  ['http://localhost:3000/v1', 'http://localhost:3000'],
  ['http://127.0.0.1/', 'http://127.0.0.1'],
  ['http://[::1]:3000/', 'http://[::1]:3000'],
])('the origin of %s is %s', { tags: ['X17'] }, (baseUrl, origin) => {
  expect(readBaseOrigin(baseUrl)).toBe(origin)
})

const refused = (message: string) =>
  expect.objectContaining({
    name: 'ConfigurationError',
    code: 'ERR_INVALID_ORIGIN',
    option: 'origins',
    message,
  })

test.each([[undefined], [null], [''], ['/v1'], ['//api.example'], ['ftp://api.example'], [7]])(
  '%j says nothing of an origin',
  { tags: ['X17'] },
  (baseUrl) => {
    expect(() => readBaseOrigin(baseUrl)).toThrow(
      refused(
        "No allowed origin. Pass option 'origins', or set an absolute base URL on the instance before this call.",
      ),
    )
  },
)

test('a URL object is not a base URL that axios would take', { tags: ['X17'] }, () => {
  expect(() => readBaseOrigin(new URL('https://api.example'))).toThrow(/^No allowed origin/)
})

test.each(['https://user@api.example', 'https://:password@api.example'])(
  'of %s the requests authenticate themselves',
  { tags: ['X14'] },
  (baseUrl) => {
    expect(() => readBaseOrigin(baseUrl)).toThrow(
      refused(
        "The base URL contains a user name or password, so its requests authenticate themselves. Pass option 'origins'.",
      ),
    )
  },
)

test.each(['http://api.example/v1', 'http://10.0.0.1', 'http://localhost.example'])(
  '%s is plain http, and only its owner can allow that',
  { tags: ['X17'] },
  (baseUrl) => {
    expect(() => readBaseOrigin(baseUrl)).toThrow(
      refused(
        `The base URL is plain http, so anyone on the network can read the token. Use https, or list '${new URL(baseUrl).origin}' in option 'origins'.`,
      ),
    )
  },
)
