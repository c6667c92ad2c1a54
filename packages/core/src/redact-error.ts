const redacted = '[redacted]'

/**
 * Returns a copy of an axios or ky error, or of any error, that is safe to log: name, message, stack,
 * code, status, method and URL without its query. No header, no body. Never throws.
 *
 * @example
 * ```ts
 * api.get('/accounts').catch((error) => log.error(redactError(error)))
 * ```
 */
export function redactError(error: unknown): Record<string, unknown> {
  if (typeof error === 'string') return { message: redactText(error) }
  const config = readMember(error, 'config')
  const request = readMember(error, 'request')
  const status = readNumber(readMember(error, 'status'))
  const code = readMember(error, 'code')
  const method = readText(readMember(config, 'method')) ?? readText(readMember(request, 'method'))
  const safe = {
    name: readText(readMember(error, 'name')),
    message: readText(readMember(error, 'message')),
    stack: readText(readMember(error, 'stack')),
    code: readText(code) ?? readNumber(code),
    status: status ?? readNumber(readMember(readMember(error, 'response'), 'status')),
    method: method?.toUpperCase(),
    url: readRequestUrl(config) ?? redactUrl(readMember(request, 'url')),
  }
  return Object.fromEntries(Object.entries(safe).filter(([, value]) => value !== undefined))
}

function readMember(value: unknown, name: string): unknown {
  try {
    return (value as Record<string, unknown> | null | undefined)?.[name]
  } catch {
    return undefined
  }
}

function readText(value: unknown): string | undefined {
  return typeof value === 'string' ? redactText(value) : undefined
}

function readNumber(value: unknown): number | undefined {
  return typeof value === 'number' ? value : undefined
}

function readRequestUrl(config: unknown): string | undefined {
  const path = readMember(config, 'url')
  const base = readMember(config, 'baseURL')
  if (typeof base !== 'string' || base === '') return redactUrl(path)
  if (typeof path !== 'string' || path === '') return redactUrl(base)
  if (/^([a-z][a-z\d+.-]*:)?\/\//i.test(path)) return redactUrl(path)
  return redactUrl(`${removeQuery(base).replace(/\/$/, '')}/${path.replace(/^\/+/, '')}`)
}

function redactUrl(value: unknown): string | undefined {
  if (typeof value !== 'string' || value === '') return undefined
  const userinfo = /^([a-z][a-z\d+.-]{0,31}:)?\/\/[^/\\]*@/i
  return redactRuns(removeQuery(value).replace(userinfo, '$1//'))
}

function removeQuery(value: string): string {
  return value.replace(/[?#].*/s, '')
}

function redactText(value: string): string {
  return redactRuns(value.slice(0, 4096))
    .replace(/(:\/\/)[^\s/?#@]{1,512}@/g, '$1')
    .replace(/(:\/\/[^\s?#]{1,2048})[?#][^\s"'<>)]*/g, '$1')
    .replace(/(\/[^\s?#]{0,2048})\?[^\s"'<>)]+/g, '$1')
}

/** What looks like a JWT, and what follows `Bearer`, `DPoP` or `Basic`. */
function redactRuns(value: string): string {
  return value
    .replace(/\beyJ[\w-]*(?:\.[\w-]*)*/g, redacted)
    .replace(/\b(Bearer|DPoP|Basic)(\s+)[\w.~+/=-]{6,}/gi, `$1$2${redacted}`)
}
