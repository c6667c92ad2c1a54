const plainTags = new Set([
  'URLSearchParams',
  'FormData',
  'Blob',
  'File',
  'ArrayBuffer',
  'SharedArrayBuffer',
])

/**
 * Whether a body can be sent a second time: string, `URLSearchParams`, `FormData`, `Blob`,
 * `ArrayBuffer` and its views, and no body at all. All else, streams above all, is read once.
 *
 * @example
 * ```ts
 * isReplayableBody('text') // true
 * isReplayableBody(new ReadableStream()) // false
 * ```
 */
export function isReplayableBody(body: unknown): boolean {
  if (body === undefined || body === null || typeof body === 'string') return true
  if (typeof body !== 'object') return false
  // The form-data package says that it is a FormData, and is a stream.
  if (typeof (body as { pipe?: unknown }).pipe === 'function') return false
  if (ArrayBuffer.isView(body)) return true
  return plainTags.has((body as { [Symbol.toStringTag]?: string })[Symbol.toStringTag] ?? '')
}
