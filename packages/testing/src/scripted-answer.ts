import type { ServerResponse } from 'node:http'

/**
 * An answer that a server of this kit sends instead of its own. With neither `status` nor `body` it
 * changes the server's own answer: its headers, its delay or where it is cut.
 *
 * @example
 * ```ts
 * server.next({ status: 503, headers: { 'retry-after': '1' } }, { drop: 'inside-body' })
 * ```
 */
export interface ScriptedAnswer {
  /** The HTTP status. @default 200 */
  status?: number | undefined
  /** Headers in addition to those of the body. */
  headers?: Record<string, string> | undefined
  /** A string or bytes, sent as they are, or a value that is sent as JSON. @default No body. */
  body?: unknown
  /** How long the server waits before the first byte, in milliseconds of real time. @default 0 */
  delay?: number | undefined
  /** Closes the connection before the status line, or after half of the body. @default Neither. */
  drop?: 'before-headers' | 'inside-body' | undefined
}

/** Returns the scripted answer, or the server's own with the changes of the script. */
export function completeAnswer(
  script: ScriptedAnswer | undefined,
  own: ScriptedAnswer,
): ScriptedAnswer {
  if (script && !isPartial(script)) return script
  return { ...own, ...script, headers: { ...own.headers, ...script?.headers } }
}

/** Checks whether a script leaves the server's own answer, or only changes it. */
export function isPartial(script: ScriptedAnswer | undefined): boolean {
  return script?.status === undefined && script?.body === undefined
}

/** Returns the status that the client receives; 0 when the connection is closed before it. */
export function getVisibleStatus({ drop, status = 200 }: ScriptedAnswer): number {
  return drop === 'before-headers' ? 0 : status
}

/**
 * Sends an answer, after its delay. Does nothing if the connection is closed by then.
 *
 * @internal
 */
export function playAnswer(response: ServerResponse, answer: ScriptedAnswer): void {
  const timer = answer.delay && setTimeout(() => send(response, answer), answer.delay)
  if (timer) response.once('close', () => clearTimeout(timer))
  else send(response, answer)
}

function send(response: ServerResponse, { status = 200, drop, ...answer }: ScriptedAnswer): void {
  const { socket } = response
  if (!socket || socket.destroyed || drop === 'before-headers') {
    socket?.destroy()
    return
  }
  const [headers, body] = encodeBody(answer)
  if (drop) headers.set('content-length', String(Math.max(body.length, 1)))
  response.writeHead(status, Object.fromEntries(headers))
  if (drop) {
    response.flushHeaders()
    response.write(body.subarray(0, Math.floor(body.length / 2)))
    socket.destroySoon()
  } else response.end(body)
}

/**
 * Returns the bytes of the body and the headers, with the type of a JSON body.
 *
 * @internal
 */
export function encodeBody({ headers: own, body }: ScriptedAnswer): [Headers, Buffer] {
  const headers = new Headers(own)
  if (body === undefined || typeof body === 'string' || body instanceof Uint8Array)
    return [headers, Buffer.from(body ?? '')]
  if (!headers.has('content-type')) headers.set('content-type', 'application/json')
  return [headers, Buffer.from(JSON.stringify(body))]
}
