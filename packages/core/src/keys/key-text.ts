import * as base64url from 'jose/base64url'
import { decodeBase64 } from './jwk.js'
import { createFormatError } from './key-error.js'
import { addPemLabel } from './pem.js'

/**
 * Returns the PEM or the parsed JSON in text or bytes, and any other key as it is. Removes what
 * environment variables, secret stores and editors add: a byte order mark, UTF-16, whitespace,
 * quotes, escaped line breaks, base64 of the whole.
 */
export function decodeKey(input: unknown): unknown {
  const text = ArrayBuffer.isView(input) ? decodeBytes(input as Uint8Array) : input
  if (typeof text !== 'string') return input
  const key = parseText(text) ?? parseBase64(text)
  if (key !== undefined) return key
  const [, problem] = problems.find(([pattern]) => pattern.test(text.trim())) ?? []
  throw createFormatError(`The key is ${problem}`)
}

/** Descriptions of text that contains no key. The first pattern that matches counts. */
const problems: readonly (readonly [pattern: RegExp, problem: string])[] = [
  [/^["'`\s]*$/, 'an empty string. Check that the environment variable is set.'],
  [/^["'`]*\{/, 'damaged or truncated JSON. Pass a complete JWK.'],
  [
    /^((file:|~?\/|\.{1,2}[\\/]|[A-Z]:\\).{0,255}|.{1,255}\.(pem|key|p8|json|der))$/i,
    "a file path. Pass the content of the file: readFileSync(path, 'utf8').",
  ],
  [/^/, 'text without a BEGIN line. Pass PEM or a JWK.'],
]

/** Returns DER as base64url, and any other content of a file as text. */
function decodeBytes(bytes: Uint8Array): string {
  // DER starts with the tag of a SEQUENCE, which is the digit 0; PEM and JSON never do.
  return bytes[0] === 0x30 ? base64url.encode(bytes) : new TextDecoder().decode(bytes)
}

function parseText(text: string): unknown {
  const plain = trimQuotes(text.replace(encodingMarks, ''))
  // A PEM has no backslash of its own: JSON, YAML and shells add them, sometimes twice.
  const unescaped = trimQuotes(plain.replace(/\\+([rn]?)/g, (_, letter) => letter && '\n'))
  if (unescaped.includes('-----BEGIN')) return unescaped
  return parseJson(plain) ?? parseJson(unescaped) ?? addPemLabel(unescaped)
}

function parseJson(text: string): unknown {
  try {
    return text.startsWith('{') ? JSON.parse(text) : undefined
  } catch {
    return undefined
  }
}

/** Returns the key in text that was encoded in base64 as a whole. */
function parseBase64(text: string): unknown {
  const base64 = trimQuotes(text)
  if (!/^[\w+/\s-]{24,}={0,2}$/.test(base64)) return undefined
  try {
    return parseText(new TextDecoder().decode(decodeBase64(base64)))
  } catch {
    return undefined
  }
}

/** UTF-16 that was read as UTF-8, as PowerShell's `>` writes it, has NUL as every second character. */
const encodingMarks = /^[\uFEFF\uFFFD]+|\0/g

/** A regular expression for the end would need quadratic time for many quotes. */
function trimQuotes(text: string): string {
  let end = text.length
  while (/["'`\s]/.test(text.charAt(end - 1))) end -= 1
  return text.slice(0, end).replace(/^["'`\s]+/, '')
}
