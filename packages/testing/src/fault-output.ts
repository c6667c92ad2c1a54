import type { Socket } from 'node:net'
import { gzipSync } from 'node:zlib'
import type { Fault, FaultEnd, WholeAnswer } from './fault.js'
import { chunkBytes, headBytes } from './http-bytes.js'
import { bodyBytes } from './played-answer.js'
import { completeAnswer } from './scripted-answer.js'

/** What a fault sends, and what becomes of the connection afterwards. */
export interface FaultOutput {
  readonly bytes: Buffer
  /** Follows the others a byte at a time, one each `interval` milliseconds. */
  readonly slowBytes?: Buffer
  readonly interval?: number
  readonly end: FaultEnd
}

type Outputs = {
  readonly [Type in Fault['type']]: (fault: Extract<Fault, { type: Type }>) => FaultOutput
}

const nothing = Buffer.alloc(0)
const ownAnswer: WholeAnswer = {
  status: 200,
  body: { access_token: 'token-of-the-fault-server', token_type: 'Bearer', expires_in: 600 },
}

const outputs: Outputs = {
  answer: (fault) => ({ bytes: Buffer.concat(whole(fault)), end: 'silence' }),
  raw: ({ bytes, end = 'close' }) => ({ bytes: bodyBytes(bytes), end }),
  reset: () => ({ bytes: nothing, end: 'reset' }),
  close: () => ({ bytes: nothing, end: 'close' }),
  'close-on-accept': () => ({ bytes: nothing, end: 'close' }),
  silence: () => ({ bytes: nothing, end: 'silence' }),
  'slow-headers': ({ interval = 50, ...answer }) => {
    const slowBytes = Buffer.concat(whole(answer))
    return { bytes: nothing, slowBytes, interval, end: 'silence' }
  },
  'slow-body': ({ interval = 50, ...answer }) => {
    const [bytes, slowBytes] = whole(answer)
    return { bytes, slowBytes, interval, end: 'silence' }
  },
  'cut-body': ({ framing = 'content-length', ...answer }) => {
    const [head, body] = whole(answer, framing)
    const half = body.subarray(0, Math.floor(body.length / 2))
    const cut = framing === 'chunked' ? chunkBytes(half) : half
    return { bytes: Buffer.concat([head, cut]), end: 'close' }
  },
  'duplicate-content-length': () => answerAfter('content-length: 1'),
  'oversized-header': ({ size = 70_000 }) => answerAfter(`x-filler: ${'x'.repeat(size)}`),
  'not-http': () => ({ bytes: Buffer.from('220 mail.example.com ESMTP\r\n'), end: 'close' }),
  'bad-gzip': () => answerAfter('content-encoding: gzip'),
  'gzip-bomb': ({ size = 200_000_000 }) => {
    const headers = { 'content-type': 'application/json', 'content-encoding': 'gzip' }
    const [head] = whole({ status: 200, headers }, 'chunked')
    const body = [chunkBytes(gzippedBlanks(size)), chunkBytes(nothing)]
    return { bytes: Buffer.concat([head, ...body]), end: 'silence' }
  },
  'endless-body': ({ length = 10_000_000_000 }) => {
    const [head, body] = whole({ headers: { 'content-length': String(length) } })
    return { bytes: Buffer.concat([head, body.subarray(0, 1)]), end: 'silence' }
  },
  'repeated-content-encoding': ({ count = 1000 }) =>
    answerAfter(`content-encoding: ${Array(count).fill('gzip').join(', ')}`),
}

/** @throws TypeError for a fault of a type that there is not. */
export function requireKnownFault({ type }: Fault): void {
  if (Object.hasOwn(outputs, type)) return
  const known = Object.keys(outputs).join(', ')
  throw new TypeError(`a fault server has no fault of type ${type}; it has ${known}`)
}

export function faultOutput(fault: Fault): FaultOutput {
  return (outputs[fault.type] as (fault: Fault) => FaultOutput)(fault)
}

/** Head and body of a whole answer. */
function whole(
  answer: WholeAnswer,
  framing: 'content-length' | 'chunked' = 'content-length',
): readonly [head: Buffer, body: Buffer] {
  const complete = completeAnswer(answer, ownAnswer)
  return [headBytes(complete, framing), bodyBytes(complete.body)]
}

/** The server's own answer with one more header line in front, which no `Headers` may hold. */
function answerAfter(line: string): FaultOutput {
  const [head, body] = whole({})
  const statusEnd = head.indexOf('\r\n') + 2
  const parts = [head.subarray(0, statusEnd), Buffer.from(`${line}\r\n`), head.subarray(statusEnd)]
  return { bytes: Buffer.concat([...parts, body]), end: 'silence' }
}

/** Many gzip members in a row (RFC 1952 section 2.2), so that no more than one is ever in memory. */
function gzippedBlanks(size: number): Buffer {
  const most = 1_048_576
  const member = gzipSync(Buffer.alloc(most, ' '))
  const rest = gzipSync(Buffer.alloc(size % most, ' '))
  return Buffer.concat([...Array<Buffer>(Math.floor(size / most)).fill(member), rest])
}

/** Sends what the fault sends, and then ends the connection or leaves it. */
export function playFault(socket: Socket, { bytes, slowBytes, interval, end }: FaultOutput): void {
  if (slowBytes) {
    socket.write(bytes)
    drip(socket, slowBytes, interval)
  } else if (end === 'close') socket.end(bytes)
  else if (end === 'reset') socket.write(bytes, () => socket.resetAndDestroy())
  else socket.write(bytes)
}

function drip(socket: Socket, bytes: Buffer, interval: number | undefined): void {
  let sent = 0
  const timer = setInterval(() => {
    socket.write(bytes.subarray(sent, sent + 1))
    sent += 1
    if (sent >= bytes.length) clearInterval(timer)
  }, interval)
  socket.once('close', () => clearInterval(timer))
}
