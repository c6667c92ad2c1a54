/**
 * Releases the socket of a body that is not read: cancels a web stream and destroys a Node stream.
 * Ignores anything else. Never throws.
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
