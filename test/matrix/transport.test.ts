import type { Socket } from 'node:net'
import { setImmediate } from 'node:timers/promises'
import { gzipSync } from 'node:zlib'
import { authorizedFetch } from '@countersign/core/fetch'
import { afterEach, expect, test } from 'vitest'
import {
  answering,
  claimsOf,
  closeServers,
  deferred,
  goodToken,
  providerFor,
  rawServer,
  rejection,
  standingClock,
} from './raw-server.ts'

afterEach(closeServers)

const httpOk = 'HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n'

test.each([301, 302, 303, 307, 308])(
  'E1: a %i to another origin is not followed, and only the origin is told',
  async (status) => {
    const other = await rawServer((socket) => socket.destroy())
    const location = `${other.origin}/elsewhere?session=secret-text`
    const server = await answering({ status, headers: { location } })
    const { tokens } = providerFor(server.tokenEndpoint, { clock: standingClock() })
    expect(await rejection(tokens.getAccessToken())).toMatchObject({
      code: 'ERR_TOKEN_REDIRECT',
      message: `The token endpoint answered with a redirect to ${other.origin}. It was not followed: the assertion would go with it. Configure the final URL.`,
      attempts: 1,
      retryable: false,
    })
    expect(server.requests).toHaveLength(1)
    expect(other.connections()).toBe(0)
  },
)

test('E6: a refused connection is a network error after three attempts', async () => {
  const { tokenEndpoint } = await rawServer(() => {})
  await closeServers()
  const clock = standingClock()
  const { tokens } = providerFor(tokenEndpoint, { clock })
  expect(await rejection(tokens.getAccessToken())).toMatchObject({
    code: 'ERR_TOKEN_NETWORK',
    message:
      'The token endpoint could not be reached, or the connection broke (ECONNREFUSED). Check host, port and proxy.',
    cause: { code: 'ECONNREFUSED', syscall: 'connect' },
    attempts: 3,
    retryable: true,
  })
  expect(clock.pauses).toHaveLength(2)
})

const late = (ms: number) =>
  `The token endpoint did not answer within ${ms} ms. Check that the token endpoint can be reached from here; if the token request goes through an authorized instance, check that it does not wait for its own token.`

test('E9: a server that accepts and closes is a failure worth a retry, never a hang', async () => {
  const server = await rawServer((socket) => socket.end())
  const { tokens, events } = providerFor(server.tokenEndpoint, { timeout: 100, retries: 0 })
  const error = await rejection(tokens.getAccessToken())
  expect(error).toMatchObject({ attempts: 1, retryable: true })
  // Which of the two depends on the Node: some connect again until the time limit ends it.
  const { code, message } = error as Error & { code: string }
  expect([
    `ERR_TOKEN_TIMEOUT ${late(50)}`,
    'ERR_TOKEN_NETWORK The token endpoint could not be reached, or the connection broke (UND_ERR_SOCKET). Check host, port and proxy.',
    'ERR_TOKEN_NETWORK The token endpoint could not be reached, or the connection broke (ECONNRESET). Check host, port and proxy.',
  ]).toContain(`${code} ${message}`)
  expect(events.map(({ type }) => type)).toEqual(['token-request-failed', 'renewal-failed'])
})

function drip(socket: Socket, text: string): void {
  let sent = 0
  const timer = setInterval(() => socket.write(text[sent++ % text.length] ?? ''), 10)
  socket.once('close', () => clearInterval(timer))
}

test.each([
  ['never answers', () => {}],
  [
    'drips its headers',
    (socket: Socket) => drip(socket, 'HTTP/1.1 200 OK\r\nx: '.padEnd(900, 'x')),
  ],
  [
    'drips its body',
    (socket: Socket) => {
      socket.write(`${httpOk}content-length: 900\r\n\r\n`)
      drip(socket, ' ')
    },
  ],
])('E13: a server that %s is left at the time limit, its socket closed', async (_, answer) => {
  const closed = deferred<void>()
  const server = await rawServer((socket) => {
    socket.once('close', () => closed.resolve())
    socket.once('data', () => answer(socket))
  })
  const { tokens } = providerFor(server.tokenEndpoint, { timeout: 200, retries: 0 })
  expect(await rejection(tokens.getAccessToken())).toMatchObject({
    code: 'ERR_TOKEN_TIMEOUT',
    message: late(100),
    attempts: 1,
    retryable: true,
  })
  await closed.promise
})

test('E16: a gzip bomb is left after 64 KiB, without a second attempt', async () => {
  const bomb = gzipSync(Buffer.alloc(16 * 1024 * 1024, ' '))
  const server = await answering({
    headers: { 'content-type': 'application/json', 'content-encoding': 'gzip' },
    body: bomb,
  })
  const { tokens } = providerFor(server.tokenEndpoint, { clock: standingClock() })
  expect(await rejection(tokens.getAccessToken())).toMatchObject({
    code: 'ERR_TOKEN_RESPONSE_TOO_LARGE',
    message:
      'The token endpoint answered with more than 65536 bytes. Check that the URL is that of a token endpoint.',
    retryable: false,
  })
  expect(bomb.length).toBeLessThan(65_536)
  expect(server.requests).toHaveLength(1)
})

async function silentUntilTold() {
  const sockets: Socket[] = []
  const asked = deferred<void>()
  const server = await rawServer((socket) => {
    sockets.push(socket)
    socket.once('data', () => asked.resolve())
  })
  const body = JSON.stringify(goodToken)
  const tell = () => sockets[0]?.write(`${httpOk}content-length: ${body.length}\r\n\r\n${body}`)
  return { server, asked: asked.promise, tell }
}

test('E19: an aborted caller gets its own reason at once, and the others their token', async () => {
  const { server, asked, tell } = await silentUntilTold()
  const { tokens } = providerFor(server.tokenEndpoint, { clock: standingClock() })
  const controller = new AbortController()
  const reason = new Error('the user left')
  let got: unknown
  tokens.getAccessToken({ signal: controller.signal }).catch((error: unknown) => {
    got = error
  })
  const other = tokens.getAccessToken()
  await asked
  controller.abort(reason)
  await setImmediate()
  expect(got).toBe(reason)
  tell()
  expect((await other).value).toBe('token-1')
  expect(server.connections()).toBe(1)
})

test('E19: an aborted fetch that waits for its token rejects with its own reason', async () => {
  const { server, asked } = await silentUntilTold()
  const api = await rawServer((socket) => socket.destroy())
  const { tokens } = providerFor(server.tokenEndpoint, { clock: standingClock() })
  const controller = new AbortController()
  const reason = new Error('the user left')
  const send = authorizedFetch(tokens, { origins: [api.origin] })
  let got: unknown
  send(api.origin, { signal: controller.signal }).catch((error: unknown) => {
    got = error
  })
  await asked
  controller.abort(reason)
  await setImmediate()
  expect(got).toBe(reason)
  expect(api.connections()).toBe(0)
})

test('E20: a token request is a bare form POST with nothing secret outside its body', async () => {
  const body = JSON.stringify(goodToken)
  const wire = deferred<string>()
  const server = await rawServer((socket) => {
    let text = ''
    socket.setEncoding('latin1').on('data', (chunk) => {
      text += chunk
      const [head = '', form = ''] = text.split('\r\n\r\n')
      const length = Number(/content-length: (\d+)/i.exec(head)?.[1])
      if (form.length !== length) return
      wire.resolve(text)
      socket.write(`${httpOk}content-length: ${body.length}\r\n\r\n${body}`)
    })
  })
  const { tokens } = providerFor(server.tokenEndpoint, {
    clock: standingClock(),
    fetch: (url, init) => {
      expect(init.redirect).toBe('manual')
      return fetch(url, init)
    },
  })
  await tokens.getAccessToken()
  const [head = '', form = ''] = (await wire.promise).split('\r\n\r\n')
  const [requestLine, ...lines] = head.split('\r\n')
  const headers = new Map(
    lines.map((line) => [
      line.slice(0, line.indexOf(':')).toLowerCase(),
      line.slice(line.indexOf(':') + 2),
    ]),
  )
  expect(requestLine).toBe('POST /token HTTP/1.1')
  expect(headers.get('content-type')).toBe('application/x-www-form-urlencoded')
  expect(headers.get('accept')).toBe('application/json')
  expect(headers.has('authorization')).toBe(false)
  expect(headers.has('cookie')).toBe(false)
  expect(head).not.toContain('eyJ')
  expect([...new URLSearchParams(form).keys()].sort()).toEqual([
    'client_assertion',
    'client_assertion_type',
    'client_id',
    'grant_type',
  ])
})

test('E22: a failing endpoint sees three token requests, no jti twice', async () => {
  const server = await answering({ status: 500 })
  const { tokens } = providerFor(server.tokenEndpoint, { clock: standingClock() })
  expect(await rejection(tokens.getAccessToken())).toMatchObject({
    code: 'ERR_TOKEN_UNAVAILABLE',
    message: expect.stringContaining('The token endpoint answered 500.'),
    attempts: 3,
  })
  expect(server.requests).toHaveLength(3)
  expect(server.connections()).toBeLessThanOrEqual(3)
  expect(new Set(server.requests.map(({ form }) => claimsOf(form).jti)).size).toBe(3)
})
