import { ConfigurationError } from '../errors.js'
import { parseHttpUrl } from '../http-url.js'

/**
 * Whether a URL belongs to one of the origins. A prefix proves it without parsing; only when that
 * fails is the URL parsed, and both roads give the same answer. A URL with userinfo never belongs:
 * its caller authenticates by himself.
 *
 * @throws {ConfigurationError} `ERR_INVALID_ORIGIN`
 * @example
 * ```ts
 * const belongs = originRule(['https://api.example.com'])
 * belongs('https://api.example.com/accounts') // true
 * belongs('https://api.example.com.evil.example/') // false
 * ```
 */
export function originRule(origins: readonly string[]): (url: string) => boolean {
  if (!Array.isArray(origins) || origins.length === 0) {
    throw invalidOrigin("The option 'origins' must be an array with at least one origin.")
  }
  const allowed = [...new Set(Array.from(origins as readonly unknown[], readOrigin))]
  return (url) => {
    for (const origin of allowed) if (startsWithOrigin(url, origin)) return true
    const parsed = parseHttpUrl(url)
    return parsed !== undefined && !hasUserinfo(parsed) && allowed.includes(parsed.origin)
  }
}

function startsWithOrigin(url: string, origin: string): boolean {
  if (!url.startsWith(origin)) return false
  if (url.length === origin.length) return true
  const next = url[origin.length]
  return next === '/' || next === '?' || next === '#'
}

function readOrigin(value: unknown): string {
  const parsed = typeof value === 'string' ? parseHttpUrl(value) : undefined
  if (parsed === undefined || hasUserinfo(parsed) || !isBareOrigin(value as string, parsed)) {
    throw invalidOrigin(
      "Each of the option 'origins' must be an origin such as 'https://api.example.com': " +
        'http or https, without a path, a trailing slash, a wildcard or userinfo.',
    )
  }
  return parsed.origin
}

/** Nothing but scheme, `://`, host and port is written. */
function isBareOrigin(value: string, parsed: URL): boolean {
  if (/[\s\\@*?#]/.test(value) || parsed.hostname.includes('*')) return false
  const start = parsed.protocol.length + 2
  return (
    value.slice(0, start).toLowerCase() === `${parsed.protocol}//` && !value.includes('/', start)
  )
}

function hasUserinfo(url: URL): boolean {
  return url.username !== '' || url.password !== ''
}

function invalidOrigin(message: string): ConfigurationError {
  return new ConfigurationError('ERR_INVALID_ORIGIN', message, 'origins')
}
