import type { TokenFetch } from '@countersign/core'
import type { Fault } from '@countersign/testing'
import { describe, expect, test } from 'vitest'
import {
  failureAt,
  faultServer,
  providerFor,
  rejection,
  secretText,
  standingClock,
} from '../../support/provider-under-test.ts'

const notFollowed = (target: string) => ({
  name: 'TokenTransportError',
  code: 'ERR_TOKEN_REDIRECT',
  message: `The token endpoint redirects${target}. The redirect was not followed, because the assertion is a credential. Set the option 'tokenEndpoint' to the final URL.`,
  attempts: 1,
  retryable: false,
})

const redirects = [301, 302, 303, 307, 308]

test.each(redirects)(
  'a %i to another origin is not followed, and only the origin is told',
  { tags: ['E1'] },
  async (status) => {
    const other = await faultServer()
    const location = `${other.origin.replace('//', `//user:${secretText}@`)}/${secretText}?session=${secretText}`
    const { error, server } = await failureAt({
      type: 'answer',
      status,
      headers: { location },
      body: secretText,
    })
    expect(error).toMatchObject(notFollowed(` to ${other.origin}`))
    expect(server.requests).toHaveLength(1)
    expect(other.connections).toHaveLength(0)
  },
)

describe.each(redirects)('a %i on the same origin is not followed', { tags: ['E2'] }, (status) => {
  test.each([
    ['to another path', (endpoint: string) => `${endpoint}/v2`],
    ['that is relative', () => '/oauth/token'],
    ['to itself', (endpoint: string) => endpoint],
  ])('%s', async (_, locate) => {
    const server = await faultServer()
    const location = locate(server.tokenEndpoint)
    server.next({ type: 'answer', status, headers: { location } })
    const { tokens } = providerFor(server.tokenEndpoint, { clock: standingClock() })
    expect(await rejection(tokens.getAccessToken())).toMatchObject(
      notFollowed(` to ${server.origin}`),
    )
    expect(server.requests).toHaveLength(1)
  })

  test.each([
    ['without a Location', {}],
    ['with a Location that is no URL', { location: `http://[${secretText}` }],
  ])('%s', async (_, headers) => {
    const { error, server } = await failureAt({ type: 'answer', status, headers })
    expect(error).toMatchObject(notFollowed(''))
    expect(server.requests).toHaveLength(1)
  })
})

// Node shows the real status of a redirect that is not followed; what browsers and workers show
// instead is put together by hand.
test.each([
  ['type', { type: 'opaqueredirect' }],
  ['status', { status: 0, ok: false }],
])('an opaque redirect is known by its %s alone', { tags: ['E3'] }, async (_, members) => {
  const server = await faultServer()
  const opaque: TokenFetch = async (url, init) => {
    const response = await fetch(url, init)
    for (const [name, value] of Object.entries(members))
      Object.defineProperty(response, name, { value })
    return response
  }
  const { tokens } = providerFor(server.tokenEndpoint, { clock: standingClock(), fetch: opaque })
  expect(await rejection(tokens.getAccessToken())).toMatchObject(notFollowed(''))
  expect(server.requests).toHaveLength(1)
})

test.each(redirects)(
  'a %i that a fetch of the user followed anyway gives no token, and its body is let go',
  { tags: ['E4'] },
  async (status) => {
    const other = await faultServer({ type: 'endless-body' })
    const server = await faultServer()
    server.next({ type: 'answer', status, headers: { location: `${other.origin}/${secretText}` } })
    const following: TokenFetch = (url, init) => fetch(url, { ...init, redirect: 'follow' })
    const { tokens } = providerFor(server.tokenEndpoint, {
      clock: standingClock(),
      fetch: following,
    })
    expect(await rejection(tokens.getAccessToken())).toMatchObject(
      notFollowed(` to ${other.origin}`),
    )
    expect(tokens.currentAccessToken()).toBeUndefined()
    expect(server.requests).toHaveLength(1)
    await other.connections[0]?.closed
  },
)

test.each([204, 205])('a %i is no token response, and final', { tags: ['E5'] }, async (status) => {
  const { error, server } = await failureAt({ type: 'answer', status })
  expect(error).toMatchObject({
    name: 'TokenResponseError',
    code: 'ERR_TOKEN_RESPONSE_MALFORMED',
    message: `The token endpoint answered ${status}, but not with a JSON object (no content type, 0 characters). Check that the URL is that of a token endpoint.`,
    retryable: false,
  })
  expect(server.requests).toHaveLength(1)
})

test('a 304 is an HTTP error, and final', { tags: ['E5'] }, async () => {
  const { error, server } = await failureAt({ type: 'answer', status: 304 })
  expect(error).toMatchObject({
    name: 'TokenEndpointError',
    code: 'ERR_TOKEN_HTTP',
    status: 304,
    attempts: 1,
    message: expect.stringContaining('The token endpoint answered 304 without an OAuth error.'),
    retryable: false,
  })
  expect(server.requests).toHaveLength(1)
})

// Node's fetch has the same error for these as for a connection that broke: UND_ERR_SOCKET.
test.each<[string, Fault]>([
  ['100 Continue', { type: 'raw', bytes: 'HTTP/1.1 100 Continue\r\n\r\n' }],
  [
    '101 Switching Protocols',
    {
      type: 'raw',
      bytes: 'HTTP/1.1 101 Switching Protocols\r\nupgrade: x\r\nconnection: upgrade\r\n\r\n',
    },
  ],
  [
    '103 Early Hints',
    { type: 'raw', bytes: `HTTP/1.1 103 Early Hints\r\nlink: ${secretText}\r\n\r\n` },
  ],
])(
  'a %s and no more is a broken connection, and tried again',
  { tags: ['E5'] },
  async (_, fault) => {
    const { error, server, jtis } = await failureAt(fault)
    expect(error).toMatchObject({
      name: 'TokenTransportError',
      code: 'ERR_TOKEN_NETWORK',
      cause: { code: 'UND_ERR_SOCKET' },
      attempts: 3,
      retryable: true,
    })
    expect(server.connections).toHaveLength(3)
    expect(new Set(jtis).size).toBe(3)
  },
)
