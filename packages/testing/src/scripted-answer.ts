import type { ServerResponse } from 'node:http'

/**
 * One answer that a server of this kit gives instead of its own, or the changes to its own: with
 * neither `status` nor `body` the server's own answer is sent, with these headers, this delay or
 * this cut.
 *
 * @example
 * ```ts
 * server.next({ status: 503, headers: { 'retry-after': '1' } }, { drop: 'inside-body' })
 * ```
 */
export interface ScriptedAnswer {
  /** 200 when there is a body and no status. */
  status?: number
  headers?: Record<string, string>
  /** A string or bytes go out as they are, anything else as JSON; none is an empty body. */
  body?: unknown
  /** Milliseconds of real time before the first byte. */
  delay?: number
  /** Ends the connection before the status line, or after half of the body that was announced. */
  drop?: 'before-headers' | 'inside-body'
}

/** The scripted answer itself, or the server's own with the script's changes. */
export function completeAnswer(
  script: ScriptedAnswer | undefined,
  own: ScriptedAnswer,
): ScriptedAnswer {
  if (!script) return own
  if (!isPartial(script)) return script
  return { ...own, ...script, headers: { ...own.headers, ...script.headers } }
}

/** Whether the script only changes the server's own answer. */
function isPartial(script: ScriptedAnswer): boolean {
  return script.status === undefined && script.body === undefined
}

/** The status that the client sees; 0 when the connection ends before there is one. */
export function visibleStatus(answer: ScriptedAnswer): number {
  return answer.drop === 'before-headers' ? 0 : (answer.status ?? 200)
}

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
