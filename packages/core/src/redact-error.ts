const redacted = '[redacted]'

/**
 * A copy of an axios or ky error, or of any error, that is safe to log: name, message, code,
 * status, method and URL without its query. No header, no body. Never throws.
 *
 * @example
 * ```ts
 * api.get('/accounts').catch((error) => log.error(redactError(error)))
 * ```
 */
export function redactError(error: unknown): Record<string, unknown> {
  const safe: Record<string, unknown> = {}
  if (typeof error === 'string') return { message: redactText(error) }
  const config = member(error, 'config')
  const request = member(error, 'request')
  keep(safe, 'name', text(member(error, 'name')))
  keep(safe, 'message', text(member(error, 'message')))
  keep(safe, 'code', code(member(error, 'code')))
  keep(
    safe,
    'status',
    number(member(error, 'status')) ?? number(member(member(error, 'response'), 'status')),
  )
  const method = text(member(config, 'method')) ?? text(member(request, 'method'))
  keep(safe, 'method', method?.toUpperCase())
  keep(safe, 'url', requestUrl(config) ?? url(member(request, 'url')))
  return safe
}

function member(value: unknown, name: string): unknown {
  try {
    return (value as Record<string, unknown> | null | undefined)?.[name]
  } catch {
    return undefined
  }
}

function keep(safe: Record<string, unknown>, name: string, value: unknown): void {
  if (value !== undefined) safe[name] = value
}

function text(value: unknown): string | undefined {
  return typeof value === 'string' ? redactText(value) : undefined
}

function number(value: unknown): number | undefined {
  return typeof value === 'number' ? value : undefined
}

function code(value: unknown): string | number | undefined {
  return text(value) ?? number(value)
}

function requestUrl(config: unknown): string | undefined {
  const path = member(config, 'url')
  const base = member(config, 'baseURL')
  if (typeof base !== 'string' || base === '') return url(path)
  if (typeof path !== 'string' || path === '') return url(base)
  if (/^([a-z][a-z\d+.-]*:)?\/\//i.test(path)) return url(path)
  const root = base.slice(0, endOf(base))
  return url(`${root.endsWith('/') ? root.slice(0, -1) : root}/${path.replace(/^\/+/, '')}`)
}

function url(value: unknown): string | undefined {
  if (typeof value !== 'string' || value === '') return undefined
  const bare = value.slice(0, endOf(value))
  return redactRuns(bare.replace(/^([a-z][a-z\d+.-]{0,31}:)?\/\/[^/\\]*@/i, '$1//'))
}

/** Where the query or the fragment begins. */
function endOf(value: string): number {
  const at = value.search(/[?#]/)
  return at === -1 ? value.length : at
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
