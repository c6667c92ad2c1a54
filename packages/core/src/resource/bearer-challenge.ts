/** What a `WWW-Authenticate` header says about bearer tokens (RFC 6750 section 3). */
export interface BearerChallenge {
  /** `'Bearer'` when there is such a challenge. */
  scheme: 'Bearer' | undefined
  error: string | undefined
  scope: string | undefined
}

/** Schemes that servers name when they mean Bearer. */
const bearerSchemes = ['bearer', 'oauth2', 'oauth', 'token', 'jwt']

/**
 * The first Bearer challenge of a header that may hold several, or an `error="invalid_token"`
 * without any scheme. One pass, no backtracking.
 */
export function parseBearerChallenge(header: string | null | undefined): Readonly<BearerChallenge> {
  const found: BearerChallenge = { scheme: undefined, error: undefined, scope: undefined }
  if (!header) return found
  let at = 0
  let schemeEnd = -1
  while (at < header.length) {
    const begin = at
    const end = skip(header, begin, isTokenCharacter)
    if (end === begin) {
      at = header[begin] === '"' ? findQuotedEnd(header, begin) : begin + 1
      continue
    }
    const word = header.slice(begin, end)
    const sign = skip(header, end, isSpace)
    at = end
    if (header[sign] !== '=') {
      if (found.scheme !== undefined) return found
      const isToken68 = skip(header, schemeEnd, isSpace) === begin
      if (isToken68) continue
      schemeEnd = end
      if (bearerSchemes.includes(word.toLowerCase())) found.scheme = 'Bearer'
      continue
    }
    const start = skip(header, sign + 1, isSpace)
    const quoted = header[start] === '"'
    at = quoted ? findQuotedEnd(header, start) : skip(header, start, isValueCharacter)
    const name = word.toLowerCase()
    if (name !== 'error' && name !== 'scope') continue
    const value = quoted ? unquote(header.slice(start, at)) : header.slice(start, at)
    const isBare = schemeEnd === -1 && name === 'error' && value === 'invalid_token'
    if (isBare) found.scheme = 'Bearer'
    if (found.scheme !== undefined) found[name] ??= value
  }
  return found
}

/** Whether a 401 with this header is about the access token that was sent. */
export function isAboutToken(header: string | null | undefined): boolean {
  if (header === undefined || header === null || header.trim() === '') return true
  const { scheme, error } = parseBearerChallenge(header)
  if (scheme === undefined) return false
  return error !== 'insufficient_scope' && error !== 'invalid_request'
}

/** A scope as RFC 6749 section 3.3 has it, which is not the token that the API was sent. */
export function readLoggableScope(
  scope: string | undefined,
  tokenValue: string,
): string | undefined {
  if (scope === undefined || scope.includes(tokenValue)) return undefined
  return /^[\x20\x21\x23-\x5b\x5d-\x7e]+$/.test(scope) ? scope : undefined
}

function skip(text: string, from: number, fits: (code: number) => boolean): number {
  let at = from
  while (at < text.length && fits(text.charCodeAt(at))) at++
  return at
}

function isSpace(code: number): boolean {
  return code === 0x20 || code === 0x09
}

/** Visible, and none of `"`, `,` and `=`: tokens, and the words of a token68. */
function isTokenCharacter(code: number): boolean {
  return isValueCharacter(code) && code !== 0x22 && code !== 0x3d
}

function isValueCharacter(code: number): boolean {
  return code > 0x20 && code !== 0x7f && code !== 0x2c
}

/** Behind the closing quote, or the end of the text. */
function findQuotedEnd(text: string, open: number): number {
  let at = open + 1
  while (at < text.length && text[at] !== '"') at += text[at] === '\\' ? 2 : 1
  return Math.min(at + 1, text.length)
}

function unquote(quoted: string): string {
  let text = ''
  for (let at = 1; at < quoted.length; at++) {
    if (quoted[at] === '"') break
    if (quoted[at] === '\\') at++
    text += quoted[at] ?? ''
  }
  return text
}
