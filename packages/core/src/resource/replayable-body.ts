const limit = 1024 * 1024
const patience = 1000

/** A body's bytes, kept beside its send. */
export interface BodyCopy {
  /** The bytes, null for no body; undefined past 1 MiB, or when they do not come within a second. */
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
  return { read: () => soon(bytes), cancel }
}

async function readBounded(reader: {
  read(): Promise<{ done: boolean; value?: Uint8Array | undefined }>
}): Promise<Uint8Array<ArrayBuffer> | undefined> {
  const chunks: Uint8Array[] = []
  let size = 0
  for (;;) {
    const { done, value } = await reader.read()
    if (done) break
    if (value === undefined) continue
    size += value.byteLength
    if (size > limit) return undefined
    chunks.push(value)
  }
  const bytes = new Uint8Array(size)
  let at = 0
  for (const chunk of chunks) {
    bytes.set(chunk, at)
    at += chunk.byteLength
  }
  return bytes
}

async function soon<T>(value: Promise<T>): Promise<T | undefined> {
  let timer: ReturnType<typeof setTimeout> | undefined
  const late = new Promise<undefined>((resolve) => {
    timer = setTimeout(resolve, patience, undefined)
  })
  try {
    return await Promise.race([value, late])
  } finally {
    clearTimeout(timer)
  }
}

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
