const plain = ['URLSearchParams', 'FormData', 'Blob', 'File', 'ArrayBuffer', 'SharedArrayBuffer']

/**
 * Whether a body can be sent a second time: a string or another primitive, `URLSearchParams`, `FormData`, `Blob`,
 * `ArrayBuffer` and its views, and no body at all. All else, streams above all, is read once.
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
  // The form-data package says that it is a FormData, and is a stream.
  if (typeof (body as { pipe?: unknown }).pipe === 'function') return false
  if (ArrayBuffer.isView(body)) return true
  const tag = (body as { [Symbol.toStringTag]?: string })[Symbol.toStringTag]
  return tag === undefined ? isOfPlainClass(body) : plain.includes(tag)
}

/** On Cloudflare Workers dated before 2024-09-26 the classes of the platform have no tag. */
function isOfPlainClass(body: object): boolean {
  return plain.some((name) => {
    const type: unknown = Reflect.get(globalThis, name)
    return typeof type === 'function' && body instanceof type
  })
}
