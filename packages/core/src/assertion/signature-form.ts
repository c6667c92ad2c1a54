import { KeyError } from '../errors.js'
import { type Algorithm, algorithms } from '../keys/algorithms.js'

/**
 * Returns a signature in the form of JWS (RFC 7518 sections 3.3 to 3.5). An ECDSA signature is r
 * and s, as long as a coordinate each; DER, which most KMSs return, is converted.
 *
 * @throws {KeyError} if the value cannot be a signature.
 */
export function formatSignature(signature: unknown, alg: Algorithm): Uint8Array {
  const { curve } = algorithms[alg]
  // The tag, since the bytes may come from another realm.
  const isBytes = Object.prototype.toString.call(signature) === '[object Uint8Array]'
  const bytes = isBytes ? (signature as Uint8Array) : new Uint8Array()
  if (curve === undefined && bytes.length >= 256) return bytes
  const raw = curve && formatEcdsa(bytes, curve.octets)
  if (raw !== undefined) return raw
  const got = isBytes ? `${bytes.length} bytes` : typeof signature
  const expected = curve ? `${2 * curve.octets} bytes, or DER` : '256 bytes or more'
  throw new KeyError(
    'ERR_KEY_PROVIDER',
    `signer.sign() returned ${got} instead of an ${alg} signature: a Uint8Array of ${expected}.`,
  )
}

/** Converts DER, a SEQUENCE of two INTEGERs (RFC 3279 section 2.2.3). */
function formatEcdsa(bytes: Uint8Array, octets: number): Uint8Array | undefined {
  const { length } = bytes
  if (length === 2 * octets) return bytes
  if (bytes[0] !== 0x30 || bytes[1] !== length - 2) return undefined
  const r = readInteger(bytes, 2)
  const s = r && readInteger(bytes, r.end)
  if (r === undefined || s?.end !== length) return undefined
  if (Math.max(r.bytes.length, s.bytes.length) > octets) return undefined
  const raw = new Uint8Array(2 * octets)
  raw.set(r.bytes, octets - r.bytes.length)
  raw.set(s.bytes, 2 * octets - s.bytes.length)
  return raw
}

function readInteger(der: Uint8Array, at: number): { bytes: Uint8Array; end: number } | undefined {
  const start = at + 2
  const end = start + (der[at + 1] ?? 0)
  if (der[at] !== 0x02 || end === start || end > der.length) return undefined
  const isPadded = der[start] === 0 && end - start > 1
  return { bytes: der.subarray(isPadded ? start + 1 : start, end), end }
}
