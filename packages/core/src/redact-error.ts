const redacted = '[redacted]'

/**
 * Returns a copy of an axios or ky error, or of any error, that is safe to log: name, message,
 * code, status, method and URL without its query. No header, no body. Never throws.
 *
 * @example
 * ```ts
 * api.get('/accounts').catch((error) => log.error(redactError(error)))
 * ```
 */
export function redactError(error: unknown): Record<string, unknown> {
  if (typeof error === 'string') return { message: redactText(error) }
  const config = member(error, 'config')
  const request = member(error, 'request')
  const status = number(member(error, 'status'))
  const code = member(error, 'code')
  const method = text(member(config, 'method')) ?? text(member(request, 'method'))
  const safe = {
    name: text(member(error, 'name')),
    message: text(member(error, 'message')),
    code: text(code) ?? number(code),
    status: status ?? number(member(member(error, 'response'), 'status')),
    method: method?.toUpperCase(),
    url: requestUrl(config) ?? url(member(request, 'url')),
  }
  return Object.fromEntries(Object.entries(safe).filter(([, value]) => value !== undefined))
}

function member(value: unknown, name: string): unknown {
  try {
    return (value as Record<string, unknown> | null | undefined)?.[name]
  } catch {
    return undefined
  }
}

function text(value: unknown): string | undefined {
  return typeof value === 'string' ? redactText(value) : undefined
}

function number(value: unknown): number | undefined {
  return typeof value === 'number' ? value : undefined
}

function requestUrl(config: unknown): string | undefined {
  const path = member(config, 'url')
  const base = member(config, 'baseURL')
  if (typeof base !== 'string' || base === '') return url(path)
  if (typeof path !== 'string' || path === '') return url(base)
  if (/^([a-z][a-z\d+.-]*:)?\/\//i.test(path)) return url(path)
  return url(`${withoutQuery(base).replace(/\/$/, '')}/${path.replace(/^\/+/, '')}`)
}

function url(value: unknown): string | undefined {
  if (typeof value !== 'string' || value === '') return undefined
  const userinfo = /^([a-z][a-z\d+.-]{0,31}:)?\/\/[^/\\]*@/i
  return redactRuns(withoutQuery(value).replace(userinfo, '$1//'))
}

function withoutQuery(value: string): string {
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
