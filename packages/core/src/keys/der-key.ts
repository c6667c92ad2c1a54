import type { CryptoKey } from 'jose'
import type { KeyError } from '../errors.js'
import { keyFormat, otherKind, rsaPssOid } from './key-error.js'
import type { Jwk } from './key-input.js'

/** Reads a clean PEM of PKCS#8 or SPKI by Web Crypto, wherever that is; it needs time. */
export async function readDerKey(format: 'pkcs8' | 'spki', pem: string): Promise<Jwk> {
  const der = derBytes(pem)
  const algorithm = keyAlgorithm(der)
  const usage = format === 'pkcs8' ? 'sign' : 'verify'
  try {
    const key: CryptoKey = await crypto.subtle.importKey(format, der, algorithm, true, [usage])
    const { alg: _, key_ops: __, ext: ___, ...jwk } = await crypto.subtle.exportKey('jwk', key)
    return jwk as Jwk
  } catch {
    throw damagedPem()
  }
}

/** The frame of the PEM is right, and its content is not. */
export function damagedPem(): KeyError {
  return keyFormat(
    'The PEM text is damaged or truncated: its content is no key. Check the file it came from: openssl pkey -in key.pem -noout',
  )
}

/** Why a PEM was not read: runtimes differ in the kinds of keys that they know. */
export function unreadPem(pem: string): KeyError {
  try {
    keyAlgorithm(derBytes(pem))
    return damagedPem()
  } catch (reason) {
    return reason as KeyError
  }
}

function derBytes(pem: string): Uint8Array<ArrayBuffer> {
  try {
    const text = atob(pem.replace(/-----[^-]+-----|\s/g, ''))
    return Uint8Array.from(text, (character) => character.charCodeAt(0))
  } catch {
    throw damagedPem()
  }
}

/** By the object identifiers that DER begins with (RFC 5208 section 5, RFC 5280 section 4.1). */
function keyAlgorithm(der: Uint8Array) {
  const hex = Array.from(der.subarray(0, 48), (byte) => byte.toString(16).padStart(2, '0')).join('')
  if (hex.includes('06092a864886f70d01010a')) throw rsaPssOid()
  if (hex.includes('06092a864886f70d010101')) return { name: 'RSA-PSS', hash: 'SHA-256' }
  if (hex.includes('06082a8648ce3d030107')) return { name: 'ECDSA', namedCurve: 'P-256' }
  throw /06052b8104|06032b65/.test(hex) ? otherKind() : damagedPem()
}
