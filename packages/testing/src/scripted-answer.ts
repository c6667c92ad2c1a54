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
  status?: number | undefined
  /** Beside those of the body. */
  headers?: Record<string, string> | undefined
  /** A string or bytes go out as they are, anything else as JSON; none is an empty body. */
  body?: unknown
  /** Milliseconds of real time before the first byte. */
  delay?: number | undefined
  /** Ends the connection before the status line, or after half of the body that was announced. */
  drop?: 'before-headers' | 'inside-body' | undefined
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
