/**
 * How many of these bytes are the first request; undefined while it is not whole. What cannot be
 * HTTP (a TLS handshake, say) counts as a request as far as it has come.
 */
export function requestLength(bytes: Buffer): number | undefined {
  if (bytes.length === 0) return undefined
  if (!/[A-Z]/.test(bytes.toString('latin1', 0, 1))) return bytes.length
  const headEnd = bytes.indexOf('\r\n\r\n')
  if (headEnd === -1) return undefined
  const head = bytes.toString('latin1', 0, headEnd)
  const bodyStart = headEnd + 4
  if (/^transfer-encoding:.*chunked/im.test(head)) return chunkedEnd(bytes, bodyStart)
  const end = bodyStart + Number(/^content-length: *(\d+)/im.exec(head)?.[1] ?? 0)
  return end <= bytes.length ? end : undefined
}

/** Where a chunked body (RFC 9112 section 7.1) without trailers ends. */
function chunkedEnd(bytes: Buffer, start: number): number | undefined {
  for (let at = start; ; ) {
    const lineEnd = bytes.indexOf('\r\n', at)
    if (at > bytes.length || lineEnd === -1) return undefined
    const size = Number.parseInt(bytes.toString('latin1', at, lineEnd), 16)
    if (Number.isNaN(size)) return bytes.length
    at = lineEnd + 2 + size + 2
    if (size === 0) return at <= bytes.length ? at : undefined
  }
}
