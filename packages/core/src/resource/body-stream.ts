/** The members of a Node stream that matter here; the runtime may have no `node:stream`. */
interface NodeStream {
  on(event: string, listener: (error?: unknown) => void): unknown
  removeListener(event: string, listener: (error?: unknown) => void): unknown
  pipe: unknown
  readonly pending?: boolean
  readonly destroyed?: boolean
  readonly readableEnded?: boolean
}

/**
 * Listens to a body that is a Node stream until it is sent. Without a listener its `error` event
 * would end the process. Streams of the form-data package hold their events back until they are
 * piped, so they cannot fail here.
 *
 * @param onFailure - Called when the stream fails, or closes before its end (without an error).
 * @returns stops listening; undefined if the body is not a Node stream.
 * @example
 * ```ts
 * const stop = watchBodyStream(config.data, (error) => reject(error))
 * ```
 */
export function watchBodyStream(
  body: unknown,
  onFailure: (error: unknown) => void,
): (() => void) | undefined {
  if (!isNodeStream(body)) return undefined
  let isWatching = true
  const fail = (error: unknown) => {
    if (isWatching) onFailure(error)
  }
  const close = () => {
    if (body.readableEnded !== true) fail(undefined)
    ignore()
  }
  const listeners = { error: fail, close, ready: () => isWatching || ignore() }
  const ignore = () => {
    for (const [event, listener] of Object.entries(listeners)) body.removeListener(event, listener)
  }
  for (const [event, listener] of Object.entries(listeners)) body.on(event, listener)
  return () => {
    isWatching = false
    // A file that is still being opened, or a destroyed stream, may have an error to come.
    if (!body.pending && !body.destroyed) ignore()
  }
}

function isNodeStream(body: unknown): body is NodeStream {
  const { pipe, on } = Object(body) as Partial<NodeStream>
  return typeof pipe === 'function' && typeof on === 'function'
}
