import type { ServerResponse } from 'node:http'
import type { ScriptedAnswer } from './scripted-answer.js'

/** Plays one answer. Does nothing on a response whose connection is gone. */
export function playAnswer(response: ServerResponse, answer: ScriptedAnswer): void {
  if (!answer.delay) {
    send(response, answer)
    return
  }
  const timer = setTimeout(() => send(response, answer), answer.delay)
  response.once('close', () => clearTimeout(timer))
}

function send(response: ServerResponse, answer: ScriptedAnswer): void {
  const { socket } = response
  if (!socket || socket.destroyed) return
  if (answer.drop === 'before-headers') {
    socket.destroy()
    return
  }
  const body = bodyBytes(answer.body)
  const status = answer.status ?? 200
  const headers = answerHeaders(answer)
  if (answer.drop !== 'inside-body') {
    response.writeHead(status, Object.fromEntries(headers)).end(body)
    return
  }
  headers.set('content-length', String(Math.max(body.length, 1)))
  response.writeHead(status, Object.fromEntries(headers))
  response.flushHeaders()
  const half = body.subarray(0, Math.floor(body.length / 2))
  if (half.length > 0) response.write(half, () => socket.destroy())
  else setImmediate(() => socket.destroy())
}

/** The bytes of a scripted body. */
export function bodyBytes(body: unknown): Buffer {
  if (body === undefined) return Buffer.alloc(0)
  if (typeof body === 'string') return Buffer.from(body)
  if (body instanceof Uint8Array) return Buffer.from(body)
  return Buffer.from(JSON.stringify(body))
}

/** The script's headers, and the type of a JSON body unless they have one. */
export function answerHeaders({ headers: own, body }: ScriptedAnswer): Headers {
  const headers = new Headers(own)
  const isJson = body !== undefined && typeof body !== 'string' && !(body instanceof Uint8Array)
  if (isJson && !headers.has('content-type')) headers.set('content-type', 'application/json')
  return headers
}
