/**
 * Lets go of a body that nobody will read, so that its socket is free: a web stream is cancelled,
 * a Node stream destroyed. Anything else is left alone. Never throws.
 *
 * @example
 * ```ts
 * if (response.status === 401) discardBody(response.body)
 * ```
 */
export function discardBody(body: unknown): void {
  const stream = body as
    | {
        cancel?: () => unknown
        destroy?: () => unknown
        on?: (event: string, f: () => void) => void
      }
    | null
    | undefined
  try {
    if (typeof stream?.cancel === 'function') Promise.resolve(stream.cancel()).catch(() => {})
    else if (typeof stream?.destroy === 'function') {
      stream.on?.('error', () => {})
      stream.destroy()
    }
  } catch {}
}
