import { STATUS_CODES } from 'node:http'
import type { BodyFraming, WholeAnswer } from './fault.js'
import { answerHeaders, bodyBytes } from './played-answer.js'

/** Status line and headers, with the framing of the body unless the headers have one. */
export function headBytes(answer: WholeAnswer, framing: BodyFraming): Buffer {
  const { status = 200, body } = answer
  const headers = answerHeaders(answer)
  if (framing === 'chunked') headers.set('transfer-encoding', 'chunked')
  else if (mayHaveBody(status) && !headers.has('content-length'))
    headers.set('content-length', String(bodyBytes(body).length))
  const lines = [...headers].map(([name, value]) => `${name}: ${value}\r\n`)
  return Buffer.from(`HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}\r\n${lines.join('')}\r\n`)
}

/** One chunk of a chunked body (RFC 9112 section 7.1); an empty one is the last. */
export function chunkBytes(bytes: Buffer): Buffer {
  return Buffer.concat([
    Buffer.from(`${bytes.length.toString(16)}\r\n`),
    bytes,
    Buffer.from('\r\n'),
  ])
}

/** RFC 9110 sections 15.2, 15.3.5 and 15.4.5. */
function mayHaveBody(status: number): boolean {
  return status >= 200 && status !== 204 && status !== 304
}
