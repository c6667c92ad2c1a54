import * as base64url from 'jose/base64url'

/**
 * Returns the text of a key without what environment variables, secret stores and editors put
 * around it: byte order mark, UTF-16, whitespace, quotes, escaped line breaks, base64 of the whole.
 */
export function normalizeKeyText(text: string): string {
  const plain = unescapeText(text)
  return /^[{-]/.test(plain) ? plain : (decodeText(plain) ?? plain)
}

/** Returns the content of a key file as text: DER as base64url, and anything else as UTF-8. */
export function decodeKeyBytes(bytes: Uint8Array): string {
  // DER begins with a SEQUENCE, whose tag is the digit 0 in text; neither PEM nor JSON begins with one.
  return bytes[0] === 0x30 ? base64url.encode(bytes) : new TextDecoder().decode(bytes)
}

/** Decodes base64 or base64url, with whitespace anywhere; throws for anything else. */
export function decodeBase64(text: string): Uint8Array {
  return base64url.decode(text.replace(/\s/g, '').replaceAll('+', '-').replaceAll('/', '_'))
}

/** Valid JSON keeps its own escapes, except those of a PEM inside it. */
function unescapeText(text: string): string {
  const plain = trimQuotes(text.replace(encodingMarks, ''))
  if (isJson(plain) && !plain.includes('-----BEGIN')) return plain
  // A PEM has no backslash of its own; they come from JSON, YAML and shells, once or twice over.
  return trimQuotes(plain.replace(/\\+([rn]?)/g, (_, letter) => (letter === '' ? '' : '\n')))
}

function isJson(text: string): boolean {
  if (!text.startsWith('{')) return false
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}

/** Every second character of UTF-16 that was read as UTF-8 is NUL, as PowerShell's `>` writes it. */
const encodingMarks = /^[\uFEFF\uFFFD]+|\0/g

/** A regular expression for the end would need quadratic time for many quotes. */
function trimQuotes(text: string): string {
  let end = text.length
  while (/["'`\s]/.test(text.charAt(end - 1))) end -= 1
  return text.slice(0, end).replace(/^["'`\s]+/, '')
}

/** Returns the PEM or JSON text that was encoded in base64. */
function decodeText(text: string): string | undefined {
  if (!/^[\w+/\s-]{24,}={0,2}$/.test(text)) return undefined
  try {
    const inner = unescapeText(new TextDecoder().decode(decodeBase64(text)))
    return /^\{|-----BEGIN/.test(inner) ? inner : undefined
  } catch {
    return undefined
  }
}
