import type { Fault } from '@countersign/testing'
import { expect, test } from 'vitest'
import {
  expectNoSecret,
  failureAt,
  faultServer,
  goodToken,
  jtiOf,
  providerFor,
  rejection,
  requestFailed,
  secretText,
  standingClock,
} from '../../support/provider-under-test.ts'

/** Half of it is a token response already. */
const paddedToken = JSON.stringify({ ...goodToken, note: secretText }).padEnd(400)

const cuts: Fault[] = [
  { type: 'cut-body', framing: 'content-length', status: 200, body: paddedToken },
  { type: 'cut-body', framing: 'chunked', status: 200, body: paddedToken },
]

test.each(cuts)(
  'a body that is cut ($framing) gives no token, and three network errors',
  { tags: ['E14'] },
  async (fault) => {
    const { error, server, tokens, jtis } = await failureAt(fault)
    expect(error).toMatchObject({
      name: 'TokenTransportError',
      code: 'ERR_TOKEN_NETWORK',
      message: requestFailed(
        'UND_ERR_SOCKET: the host could not be reached, or the connection broke. Check host, port and proxy.',
      ),
      cause: { code: 'UND_ERR_SOCKET' },
      attempts: 3,
      retryable: true,
    })
    expect(tokens.currentAccessToken()).toBeUndefined()
    expect(server.connections).toHaveLength(3)
    expect(new Set(jtis).size).toBe(3)
  },
)

test.each(cuts)(
  'after a body that was cut ($framing) the token is that of the next answer',
  { tags: ['E14'] },
  async (fault) => {
    const server = await faultServer(fault, { type: 'answer' })
    const { tokens } = providerFor(server.tokenEndpoint, { clock: standingClock() })
    expect((await tokens.getAccessToken()).value).toBe('token-of-the-fault-server')
    expect(server.requests).toHaveLength(2)
    expect(new Set(server.requests.map(jtiOf)).size).toBe(2)
  },
)

const notHttp = (why: string) => ({
  name: 'TokenTransportError',
  code: 'ERR_TOKEN_PROTOCOL',
  message: requestFailed(
    `${why}the response is not valid HTTP. Check that the URL is that of a token endpoint.`,
  ),
  attempts: 1,
  retryable: false,
})

/** Only Node 22 gives this a code. */
const unparsed = process.version.startsWith('v22.') ? 'HPE_INVALID_CONSTANT: ' : ''

test.each<[row: string, what: string, fault: Fault, why: string]>([
  ['E15', 'an answer that is not HTTP', { type: 'not-http' }, unparsed],
  [
    'E15',
    'an answer that is not HTTP and quotes things',
    { type: 'raw', bytes: `${secretText}\r\n` },
    unparsed,
  ],
  [
    'E15',
    'two lengths',
    { type: 'duplicate-content-length' },
    'UND_ERR_RES_CONTENT_LENGTH_MISMATCH: ',
  ],
  ['E15', 'a header of 70 kB', { type: 'oversized-header' }, 'UND_ERR_HEADERS_OVERFLOW: '],
  ['E18', 'gzip that is none', { type: 'bad-gzip' }, 'Z_DATA_ERROR: '],
  ['E18', 'a thousand content encodings', { type: 'repeated-content-encoding' }, ''],
  [
    'E18',
    'as many encodings as Node undoes',
    { type: 'repeated-content-encoding', count: 5 },
    'Z_DATA_ERROR: ',
  ],
])('%s: %s is a protocol error, and final', async (_, __, fault, why) => {
  const { error, server, tokens } = await failureAt(fault)
  expect(error).toMatchObject(notHttp(why))
  expect(tokens.currentAccessToken()).toBeUndefined()
  expect(server.requests).toHaveLength(1)
  expect(server.connections).toHaveLength(1)
})

const tooLarge = {
  name: 'TokenResponseError',
  code: 'ERR_TOKEN_RESPONSE_TOO_LARGE',
  message:
    'The token endpoint answered with more than 65536 bytes. Check that the URL is that of a token endpoint.',
  retryable: false,
}

test('a gzip bomb of 200 MB is left after 64 KiB, and final', { tags: ['E16'] }, async () => {
  const server = await faultServer({ type: 'gzip-bomb' })
  let inflated = 0
  const counting = new TransformStream<Uint8Array, Uint8Array>({
    transform: (chunk, controller) => {
      inflated += chunk.byteLength
      controller.enqueue(chunk)
    },
  })
  const { tokens, events } = providerFor(server.tokenEndpoint, {
    clock: standingClock(),
    fetch: async (url, init) => {
      const response = await fetch(url, init)
      return new Response(response.body?.pipeThrough(counting), response)
    },
  })
  const error = await rejection(tokens.getAccessToken())
  expect(error).toMatchObject(tooLarge)
  expectNoSecret(server, error, events)
  expect(inflated).toBeGreaterThan(65_536)
  expect(inflated).toBeLessThan(200_000)
  await server.connections[0]?.closed
  expect(server.requests).toHaveLength(1)
})

test('a body of 64 KiB is read to its end', { tags: ['E16'] }, async () => {
  const body = JSON.stringify(goodToken).padEnd(65_536)
  const server = await faultServer({ type: 'answer', body }, { type: 'answer', body: `${body} ` })
  const { tokens } = providerFor(server.tokenEndpoint, { clock: standingClock() })
  expect((await tokens.getAccessToken()).value).toBe('token-1')
  expect(await rejection(tokens.getAccessToken({ forceRenewal: true }))).toMatchObject(tooLarge)
})

test('rejects a length of 10 GB by its header, releases the body and does not retry', {
  tags: ['E17'],
}, async () => {
  const { error, server } = await failureAt({ type: 'endless-body' })
  expect(error).toMatchObject(tooLarge)
  await server.connections[0]?.closed
  expect(server.requests).toHaveLength(1)
})
