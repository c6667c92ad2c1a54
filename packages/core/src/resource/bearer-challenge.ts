/** What a `WWW-Authenticate` header says about bearer tokens (RFC 6750 section 3). */
export interface BearerChallenge {
  /** `'Bearer'` when there is such a challenge. */
  scheme: 'Bearer' | undefined
  error: string | undefined
  scope: string | undefined
}

/** Schemes that servers name when they mean Bearer. */
const bearerSchemes = ['bearer', 'oauth2', 'oauth', 'token', 'jwt']

/** A word, with the quoted or plain value of a parameter; or a quoted text that belongs to none. */
const part =
  /([^\0-\x20",=\x7f]+)(?:[\t ]*=[\t ]*(?:"((?:\\.?|[^"\\])*)"?|([^\0-\x20,\x7f]*)))?|"(?:\\.?|[^"\\])*"?/gs

/**
 * The first Bearer challenge of a header that may hold several, or an `error="invalid_token"`
 * without any scheme. One pass, no backtracking.
 */
export function parseBearerChallenge(header: string | null | undefined): Readonly<BearerChallenge> {
  const found: BearerChallenge = { scheme: undefined, error: undefined, scope: undefined }
  const text = header ?? ''
  let schemeEnd: number | undefined
  for (const { 1: word, 2: quoted, 3: plain, index } of text.matchAll(part)) {
    if (word === undefined) continue
    const name = word.toLowerCase()
    const value = quoted?.replace(/\\(.?)/gs, '$1') ?? plain
    if (value === undefined) {
      if (found.scheme !== undefined) return found
      const isToken68 = schemeEnd !== undefined && text.slice(schemeEnd, index).trim() === ''
      if (isToken68) continue
      schemeEnd = index + word.length
      if (bearerSchemes.includes(name)) found.scheme = 'Bearer'
    } else if (name === 'error' || name === 'scope') {
      const isBare = schemeEnd === undefined && name === 'error' && value === 'invalid_token'
      if (isBare) found.scheme = 'Bearer'
      if (found.scheme !== undefined) found[name] ??= value
    }
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
