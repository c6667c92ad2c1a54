import { KeyError } from '../errors.js'
import type { Algorithm } from '../keys/algorithms.js'

const leastRsaBytes = 256

/**
 * A signature as JWS wants it (RFC 7518 sections 3.3 to 3.5). Of ECDSA that is r and s of 32
 * bytes each; DER, which most KMS give, is converted.
 */
export function joseSignature(signature: unknown, alg: Algorithm): Uint8Array {
  if (!ArrayBuffer.isView(signature))
    throw wrong(`The signer gave no bytes but ${kindOf(signature)}. Give a Uint8Array.`)
  const bytes = bytesOf(signature)
  if (alg !== 'ES256') {
    if (bytes.length >= leastRsaBytes) return bytes
    throw wrong(
      `The signer gave ${bytes.length} bytes; ${alg} has as many as its RSA key, ${leastRsaBytes} or more. Is it a signature of that key?`,
    )
  }
  const raw = bytes.length === 64 ? bytes : fromDer(bytes)
  if (raw !== undefined) return raw
  throw wrong(
    `The signer gave ${bytes.length} bytes that are no ES256 signature: 64 bytes (r and s) or DER. Is its key EC P-256?`,
  )
}

/** None of a view whose buffer has gone elsewhere. */
function bytesOf({ buffer, byteOffset, byteLength }: ArrayBufferView): Uint8Array {
  return byteLength === 0 ? new Uint8Array(0) : new Uint8Array(buffer, byteOffset, byteLength)
}

/** SEQUENCE of two INTEGERs (RFC 3279 section 2.2.3), both of at most 32 bytes. */
function fromDer(der: Uint8Array): Uint8Array | undefined {
  const { length } = der
  if (der[0] !== 0x30 || der[1] !== length - 2) return undefined
  const r = integerAt(der, 2)
  const s = r && integerAt(der, r.end)
  if (r === undefined || s === undefined || s.end !== length) return undefined
  const raw = new Uint8Array(64)
  raw.set(r.bytes, 32 - r.bytes.length)
  raw.set(s.bytes, 64 - s.bytes.length)
  return raw
}

function integerAt(der: Uint8Array, at: number): { bytes: Uint8Array; end: number } | undefined {
  const start = at + 2
  const end = start + (der[at + 1] ?? 0)
  if (der[at] !== 0x02 || end === start || end > der.length) return undefined
  const isPadded = der[start] === 0 && end - start > 1
  const bytes = der.subarray(isPadded ? start + 1 : start, end)
  return bytes.length > 32 ? undefined : { bytes, end }
}

function kindOf(value: unknown): string {
  return value === null ? 'null' : typeof value
}

function wrong(message: string): KeyError {
  return new KeyError('ERR_KEY_PROVIDER', message)
}
