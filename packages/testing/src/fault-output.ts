import { STATUS_CODES } from 'node:http'
import type { Socket } from 'node:net'
import { gzipSync } from 'node:zlib'
import type { BodyFraming, Fault, FaultEnd, WholeAnswer } from './fault.js'
import { completeAnswer, encodeBody } from './scripted-answer.js'

/** The settings of all types of faults. */
interface Settings extends WholeAnswer {
  readonly type?: Fault['type']
  readonly bytes?: string | Uint8Array
  readonly end?: FaultEnd
  readonly framing?: BodyFraming
  readonly interval?: number
  readonly count?: number
}

/** What a fault sends: `bytes`, then `slowBytes` one at a time. The end is 'silence' by default. */
type FaultOutput = { bytes?: Buffer; slowBytes?: Buffer; end?: FaultEnd }

const outputs: Readonly<Record<Fault['type'], (settings: Settings) => FaultOutput>> = {
  answer: (answer) => ({ bytes: Buffer.concat(encodeAnswer(answer)) }),
  raw: ({ bytes, end = 'close' }) => ({ bytes: Buffer.from(bytes ?? ''), end }),
  reset: () => ({ end: 'reset' }),
  close: () => ({ end: 'close' }),
  'close-on-accept': () => ({ end: 'close' }),
  silence: () => ({}),
  'slow-headers': (answer) => ({ slowBytes: Buffer.concat(encodeAnswer(answer)) }),
  'slow-body': (answer) => {
    const [bytes, slowBytes] = encodeAnswer(answer)
    return { bytes, slowBytes }
  },
  'cut-body': (answer) => {
    const [head, body] = encodeAnswer(answer)
    const half = body.subarray(0, Math.floor(body.length / 2))
    const cut = answer.framing === 'chunked' ? encodeChunk(half) : half
    return { bytes: Buffer.concat([head, cut]), end: 'close' }
  },
  'duplicate-content-length': () => answerWith('content-length: 1'),
  'oversized-header': () => answerWith(`x-filler: ${'x'.repeat(70_000)}`),
  'not-http': () => ({ bytes: Buffer.from('220 mail.example.com ESMTP\r\n'), end: 'close' }),
  'bad-gzip': () => answerWith('content-encoding: gzip'),
  'gzip-bomb': () => {
    const headers = { 'content-type': 'application/json', 'content-encoding': 'gzip' }
    const [head] = encodeAnswer({ status: 200, headers, framing: 'chunked' })
    // Many gzip members (RFC 1952 section 2.2), so that only one is ever in memory.
    const member = gzipSync(Buffer.alloc(1_000_000, ' '))
    const body = encodeChunk(Buffer.concat(Array(200).fill(member)))
    return { bytes: Buffer.concat([head, body, encodeChunk(nothing)]) }
  },
  'endless-body': () => {
    const [head, body] = encodeAnswer({ headers: { 'content-length': '10000000000' } })
    return { bytes: Buffer.concat([head, body.subarray(0, 1)]) }
  },
  'repeated-content-encoding': ({ count = 1000 }) =>
    answerWith(`content-encoding: ${Array(count).fill('gzip').join(', ')}`),
}

const nothing = Buffer.alloc(0)
const ownAnswer: WholeAnswer = {
  status: 200,
  body: { access_token: 'token-of-the-fault-server', token_type: 'Bearer', expires_in: 600 },
}

/** @throws TypeError for an unknown type of fault. */
export function requireKnownFault({ type }: Fault): void {
  if (Object.hasOwn(outputs, type)) return
  const known = Object.keys(outputs).join(', ')
  throw new TypeError(`a fault server has no fault of type ${type}; it has ${known}`)
}

/** Sends the bytes of a fault, and then ends the connection or leaves it open. */
export function playFault(socket: Socket, fault: Fault): void {
  const { interval = 50 }: Settings = fault
  const { bytes = nothing, slowBytes = nothing, end } = outputs[fault.type](fault)
  if (end === 'close') socket.end(bytes)
  else socket.write(bytes, () => end === 'reset' && socket.resetAndDestroy())
  let sent = 0
  const timer = setInterval(() => {
    if (sent >= slowBytes.length) return clearInterval(timer)
    socket.write(slowBytes.subarray(sent, ++sent))
  }, interval)
  socket.once('close', () => clearInterval(timer))
}

/** Returns the status line with the headers, and the body, which is not chunked yet. */
function encodeAnswer({ framing, ...script }: Settings): readonly [head: Buffer, body: Buffer] {
  const answer = completeAnswer(script, ownAnswer)
  const { status = 200 } = answer
  const [headers, body] = encodeBody(answer)
  // RFC 9110 sections 15.2, 15.3.5 and 15.4.5: these have no body.
  const mayHaveBody = status >= 200 && status !== 204 && status !== 304
  if (framing === 'chunked') headers.set('transfer-encoding', 'chunked')
  else if (mayHaveBody && !headers.has('content-length'))
    headers.set('content-length', String(body.length))
  const lines = [...headers].map(([name, value]) => `${name}: ${value}\r\n`).join('')
  const head = `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}\r\n${lines}\r\n`
  return [Buffer.from(head), body]
}

/** Returns one chunk of a chunked body (RFC 9112 section 7.1). An empty chunk is the last one. */
function encodeChunk(bytes: Buffer): Buffer {
  const size = Buffer.from(`${bytes.length.toString(16)}\r\n`)
  return Buffer.concat([size, bytes, Buffer.from('\r\n')])
}

/** Returns the server's own answer with one more header line, which no `Headers` could hold. */
function answerWith(line: string): FaultOutput {
  const answer = Buffer.concat(encodeAnswer({})).toString()
  return { bytes: Buffer.from(answer.replace('\r\n', `\r\n${line}\r\n`)) }
}
