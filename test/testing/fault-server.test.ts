import { connect } from 'node:net'
import process from 'node:process'
import { setImmediate } from 'node:timers/promises'
import { gunzipSync } from 'node:zlib'
import { createFaultServer, type Fault, type FaultServer } from '@countersign/testing'
import { afterEach, beforeEach, describe, expect, onTestFinished, test } from 'vitest'
import { until } from '../support/waiting.ts'

const request = 'POST /token HTTP/1.1\r\nhost: x\r\ncontent-length: 3\r\n\r\na=b'
const tokenResponse =
  '{"access_token":"token-of-the-fault-server","token_type":"Bearer","expires_in":600}'
const ownAnswer = `HTTP/1.1 200 OK\r\ncontent-length: 83\r\ncontent-type: application/json\r\n\r\n${tokenResponse}`

let server: FaultServer

beforeEach(async () => {
  server = await createFaultServer()
})

afterEach(() => server.close())

/** A bare connection that has sent these bytes, with what came over it and how it ended. */
function send(bytes: string) {
  const { port, hostname } = new URL(server.origin)
  const socket = connect(Number(port), hostname)
  onTestFinished(() => void socket.destroy())
  const seen = { text: '', end: '' }
  socket.setEncoding('latin1').on('data', (text) => {
    seen.text += text
  })
  socket.once('end', () => {
    seen.end ||= 'FIN'
  })
  socket.once('error', ({ code }: NodeJS.ErrnoException) => {
    seen.end = String(code)
  })
  const text = async (length: number) => {
    await until(() => seen.text.length >= length)
    return seen.text
  }
  const closed = new Promise<void>((resolve) => socket.once('close', () => resolve()))
  socket.write(bytes)
  return { socket, seen, closed, text }
}

/** All that comes after one request, where the server ends the connection. */
async function ended(fault: Fault) {
  server.next(fault)
  const { seen, closed } = send(request)
  await closed
  return seen
}

/** What comes after one request, where the server leaves the connection open. */
function open(fault: Fault, length: number): Promise<string> {
  server.next(fault)
  return send(request).text(length)
}

describe('the fault server', () => {
  test('plays its script first in, first out, and then answers with a token response', async () => {
    server.next({ type: 'answer', status: 503 }, { type: 'raw', bytes: 'HTTP/1.1 204 No\r\n\r\n' })
    server.next({ type: 'answer', headers: { 'x-own': '1' } })
    const answers = []
    for (let call = 0; call < 4; call++) {
      const response = await fetch(server.tokenEndpoint, { method: 'POST', body: 'a=b' })
      const own = response.headers.get('x-own')
      answers.push([response.status, own, await response.text()])
    }
    expect(answers).toEqual([
      [503, null, ''],
      [204, null, ''],
      [200, '1', tokenResponse],
      [200, null, tokenResponse],
    ])
    expect(server.requests).toHaveLength(4)
  })

  test('answers requests that are not scripted with the default answer', async () => {
    await using other = await createFaultServer({ otherwise: { type: 'answer', status: 418 } })
    other.next({ type: 'answer', status: 200 })
    const statuses = []
    for (let call = 0; call < 3; call++) statuses.push((await fetch(other.origin)).status)
    expect(statuses).toEqual([200, 418, 418])
  })

  test('records the raw bytes of each request, and the connection it came on', async () => {
    const chunked = 'PUT /a?b HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n'
    const bare = 'GET / HTTP/1.1\r\n\r\n'
    const hello = '\x16\x03\x01'
    const one = send(chunked.slice(0, 1))
    for (const piece of chunked.slice(1)) one.socket.write(piece)
    await one.text(ownAnswer.length)
    one.socket.write(bare + request)
    await one.text(3 * ownAnswer.length)
    await send(hello).text(ownAnswer.length)

    const shown = server.requests.map(({ connection, bytes }) => [
      connection,
      Buffer.from(bytes).toString('latin1'),
    ])
    expect(shown).toEqual([
      [0, chunked],
      [0, bare],
      [0, request],
      [1, hello],
    ])
    expect(server.connections).toHaveLength(2)
  })

  test('resolves a promise when a connection is closed', async () => {
    server.next({ type: 'silence' })
    const { socket } = send(request)
    await until(() => server.requests.length > 0)
    let over = false
    const closed = server.connections[0]?.closed.then(() => {
      over = true
    })
    await setImmediate()
    expect(over).toBe(false)
    socket.destroy()
    await closed
    expect(over).toBe(true)
  })

  test('close ends every connection, and nothing is accepted afterwards', async () => {
    server.next({ type: 'silence' })
    const answer = fetch(server.origin).catch((error: unknown) => error)
    await until(() => server.requests.length > 0)
    await server.close()
    await server.close()
    expect(await answer).toMatchObject({ message: 'fetch failed' })
    await expect(fetch(server.origin)).rejects.toMatchObject({ cause: { code: 'ECONNREFUSED' } })
  })

  test('refuses an option or a fault that it does not have', async () => {
    await expect(createFaultServer({ other: 1 } as object)).rejects.toThrow(
      new TypeError('a fault server has no member other; it has otherwise'),
    )
    const fault = { type: 'bad-luck' } as unknown as Fault
    await expect(createFaultServer({ otherwise: fault })).rejects.toThrow(TypeError)
    expect(() => server.next({ type: 'reset' }, fault)).toThrow(
      'a fault server has no fault of type bad-luck; it has answer, raw, reset, close, ',
    )
    expect(await open({ type: 'answer' }, ownAnswer.length)).toBe(ownAnswer)
  })
})

describe('a fault of type', () => {
  const ok = 'HTTP/1.1 200 OK\r\n'
  const withHeader = (line: string) => ownAnswer.replace('OK\r\n', `OK\r\n${line}\r\n`)

  test.each<[Fault, string]>([
    [{ type: 'answer', body: 'é' }, `${ok}content-length: 2\r\n\r\n\xc3\xa9`],
    [{ type: 'answer', body: Uint8Array.of(1, 2) }, `${ok}content-length: 2\r\n\r\n\x01\x02`],
    [
      { type: 'answer', body: [], headers: { 'Content-Type': 'text/x' } },
      `${ok}content-length: 2\r\ncontent-type: text/x\r\n\r\n[]`,
    ],
    [{ type: 'answer', status: 304 }, 'HTTP/1.1 304 Not Modified\r\n\r\n'],
    [{ type: 'raw', bytes: Uint8Array.of(120), end: 'silence' }, 'x'],
    [{ type: 'duplicate-content-length' }, withHeader('content-length: 1')],
    [{ type: 'oversized-header' }, withHeader(`x-filler: ${'x'.repeat(70_000)}`)],
    [{ type: 'bad-gzip' }, withHeader('content-encoding: gzip')],
    [
      { type: 'repeated-content-encoding' },
      withHeader(`content-encoding: ${'gzip, '.repeat(1000).slice(0, -2)}`),
    ],
    [{ type: 'repeated-content-encoding', count: 2 }, withHeader('content-encoding: gzip, gzip')],
  ])('$type sends an answer and leaves the connection open, case %#', async (fault, expected) => {
    expect(await open(fault, expected.length)).toBe(expected)
  })

  test.each<[Fault, string, string]>([
    [{ type: 'raw', bytes: 'x' }, 'x', 'FIN'],
    [{ type: 'reset' }, '', 'ECONNRESET'],
    [{ type: 'close' }, '', 'FIN'],
    [{ type: 'not-http' }, '220 mail.example.com ESMTP\r\n', 'FIN'],
    [{ type: 'cut-body', body: 'abcdef' }, `${ok}content-length: 6\r\n\r\nabc`, 'FIN'],
    [
      { type: 'cut-body', framing: 'chunked', body: 'abcdef' },
      `${ok}transfer-encoding: chunked\r\n\r\n3\r\nabc\r\n`,
      'FIN',
    ],
  ])('$type ends the connection after one request, case %#', async (fault, text, end) => {
    expect(await ended(fault)).toEqual({ text, end })
    expect(server.requests).toHaveLength(1)
  })

  test('raw resets the connection if it should', async () => {
    // In the same process Node 22 shows a FIN first, once something was written.
    const end = process.version.startsWith('v22.') ? 'FIN' : 'ECONNRESET'
    expect(await ended({ type: 'raw', bytes: 'x', end: 'reset' })).toMatchObject({ end })
  })

  test('close-on-accept closes before a request, or after one on an open connection', async () => {
    expect(await ended({ type: 'close-on-accept' })).toEqual({ text: '', end: 'FIN' })
    expect([server.connections.length, server.requests.length]).toEqual([1, 0])

    const { socket, seen, closed, text } = send(request)
    await text(ownAnswer.length)
    server.next({ type: 'close-on-accept' })
    socket.write(request)
    await closed
    expect(seen).toEqual({ text: ownAnswer, end: 'FIN' })
    expect([server.connections.length, server.requests.length]).toEqual([2, 2])
  })

  test('close-on-accept as the answer to everything closes every connection', async () => {
    await server.close()
    server = await createFaultServer({ otherwise: { type: 'close-on-accept' } })
    for (let call = 0; call < 2; call++) {
      const { seen, closed } = send(request)
      await closed
      expect(seen).toEqual({ text: '', end: 'FIN' })
    }
    expect([server.connections.length, server.requests.length]).toEqual([2, 0])
  })

  test.each<[Fault, number, string]>([
    [{ type: 'slow-headers', interval: 1, status: 204 }, 27, 'HTTP/1.1 204 No Content\r\n\r\n'],
    [{ type: 'slow-body', interval: 1, body: 'slow' }, 5, `${ok}content-length: 4\r\n\r\nslow`],
  ])('$type sends a whole answer, a byte at a time', async (fault, most, expected) => {
    server.next(fault)
    const { socket, text } = send(request)
    let pieces = 0
    socket.on('data', () => pieces++)
    expect(await text(expected.length)).toBe(expected)
    expect(pieces).toBeLessThanOrEqual(most)
    expect(pieces).toBeGreaterThan(most / 2)
  })

  test('gzip-bomb is small on the wire and large when inflated', async () => {
    server.next({ type: 'gzip-bomb' })
    const { text } = send(request)
    const head =
      'HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n'
    const start = await text(head.length + 10)
    const size = Number.parseInt(start.slice(head.length), 16)
    expect(start.startsWith(head)).toBe(true)
    expect(size).toBeLessThan(250_000)
    const framing = `${size.toString(16)}\r\n`
    const whole = await text(head.length + framing.length + size + '\r\n0\r\n\r\n'.length)
    expect(whole.endsWith('\r\n0\r\n\r\n')).toBe(true)
    const body = Buffer.from(whole.slice(head.length + framing.length), 'latin1')
    expect(gunzipSync(body.subarray(0, size)).length).toBe(200_000_000)
  })

  test('endless-body announces ten billion bytes and sends one', async () => {
    const expected = ownAnswer
      .replace('length: 83', 'length: 10000000000')
      .slice(0, 1 - tokenResponse.length)
    server.next({ type: 'endless-body' })
    const { seen, text } = send(request)
    expect(await text(expected.length)).toBe(`${expected.slice(0, -1)}{`)
    await setImmediate()
    expect(seen).toEqual({ text: expected, end: '' })
  })

  test('silence takes the request and never answers', async () => {
    server.next({ type: 'silence' })
    const { seen } = send(request)
    await until(() => server.requests.length > 0)
    for (let turn = 0; turn < 10; turn++) await setImmediate()
    expect(seen).toEqual({ text: '', end: '' })
  })
})
