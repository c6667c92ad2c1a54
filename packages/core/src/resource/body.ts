import { runWithin, systemClock } from '../clock.js'

const replayable = [
  'URLSearchParams',
  'FormData',
  'Blob',
  'File',
  'ArrayBuffer',
  'SharedArrayBuffer',
]

/**
 * Whether a body can be sent a second time: no body, a string or another primitive,
 * `URLSearchParams`, `FormData`, `Blob`, `ArrayBuffer` and its views. Everything else, such as a
 * stream, can be read once.
 *
 * @example
 * ```ts
 * isReplayableBody('text') // true
 * isReplayableBody(new ReadableStream()) // false
 * ```
 */
export function isReplayableBody(body: unknown): boolean {
  if (typeof body === 'function' || typeof body === 'symbol') return false
  if (typeof body !== 'object' || body === null) return true
  const { pipe, [Symbol.toStringTag]: tag } = body as {
    pipe?: unknown
    [Symbol.toStringTag]?: string
  }
  // The form-data package says that it is a FormData, and is a stream.
  if (typeof pipe === 'function') return false
  if (ArrayBuffer.isView(body)) return true
  if (tag !== undefined) return replayable.includes(tag)
  // On Cloudflare Workers dated before 2024-09-26 the platform's classes have no tag.
  return replayable.some((name) => {
    const type: unknown = Reflect.get(globalThis, name)
    return typeof type === 'function' && body instanceof type
  })
}

const copyLimit = 1024 * 1024
const patience = 1000

/** A copy of a body that can be read once. */
export interface BodyCopy {
  /** The bytes, null for no body; undefined past 1 MiB, or if they do not arrive within a second. */
  read(): Promise<Uint8Array<ArrayBuffer> | null | undefined>
  cancel(): void
}

/** Reads a cloned request. Call it after the send: reading before changes the framing on Deno. */
export function copyBody(clone: Request): BodyCopy {
  const reader = clone.body?.getReader()
  if (reader === undefined) return { read: async () => null, cancel() {} }
  const cancel = () => void reader.cancel().catch(() => {})
  const bytes = readBounded(reader).catch(() => undefined)
  bytes.then((copied) => copied ?? cancel())
  const late = () => new Error('late')
  const read = () =>
    runWithin({ clock: systemClock, ms: patience, late }, () => bytes).catch(() => undefined)
  return { read, cancel }
}

async function readBounded(reader: ReadableStreamDefaultReader<Uint8Array<ArrayBuffer>>) {
  const chunks: Uint8Array<ArrayBuffer>[] = []
  let size = 0
  for (;;) {
    const { done, value } = await reader.read()
    if (done) return new Uint8Array(await new Blob(chunks).arrayBuffer())
    size += value.byteLength
    if (size > copyLimit) return undefined
    chunks.push(value)
  }
}

/** The members of a Node.js stream that matter here; the runtime may have no `node:stream`. */
interface NodeStream {
  on(event: string, listener: (error?: unknown) => void): unknown
  removeListener(event: string, listener: (error?: unknown) => void): unknown
  readonly pending?: boolean
  readonly destroyed?: boolean
  readonly readableEnded?: boolean
}

/**
 * Listens to a body that is a Node.js stream until it is sent. Without a listener its `error` event
 * would end the process. Streams of the form-data package hold their events back until they are
 * piped, so they cannot fail here.
 *
 * @param onFailure - Called when the stream fails, or closes before its end (without an error).
 * @returns a function that stops listening; undefined if the body is not a Node.js stream.
 * @example
 * ```ts
 * const stop = watchBodyStream(config.data, (error) => reject(error))
 * ```
 */
export function watchBodyStream(
  body: unknown,
  onFailure: (error: unknown) => void,
): (() => void) | undefined {
  const { pipe, on } = Object(body) as { pipe?: unknown; on?: unknown }
  if (typeof pipe !== 'function' || typeof on !== 'function') return undefined
  const stream = body as NodeStream
  let isWatching = true
  const fail = (error: unknown) => {
    if (isWatching) onFailure(error)
  }
  const close = () => {
    if (stream.readableEnded !== true) fail(undefined)
    ignore()
  }
  const listeners = Object.entries({ error: fail, close, ready: () => isWatching || ignore() })
  const ignore = () => {
    for (const [event, listener] of listeners) stream.removeListener(event, listener)
  }
  for (const [event, listener] of listeners) stream.on(event, listener)
  return () => {
    isWatching = false
    // A file that is still being opened, or a destroyed stream, may have an error to come.
    if (!stream.pending && !stream.destroyed) ignore()
  }
}
