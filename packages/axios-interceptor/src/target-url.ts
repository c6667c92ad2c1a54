const absolute = /^([a-z][a-z\d+\-.]*:)?\/\//i
/** `http:host` and its like, also behind blanks: versions of axios differ on what they make of it. */
const ambiguous = /^[\0-\x20]*h[\t\n\r]*t[\t\n\r]*t[\t\n\r]*p[\t\n\r]*s?[\t\n\r]*:(?!\/\/)/i

/**
 * Where a request goes, by the rule of axios: the base URL and the URL joined by one slash, unless
 * the URL is absolute. `getUri` gives another answer, for it merges the instance's defaults in
 * again. Undefined when it cannot be known; such a request goes out untouched.
 */
export function targetUrl({
  baseURL,
  url: given,
  allowAbsoluteUrls,
}: {
  baseURL?: unknown
  url?: unknown
  allowAbsoluteUrls?: unknown
}): string | undefined {
  const url = given === undefined || given === null ? '' : String(given)
  const isRooted = url.startsWith('/') && !url.startsWith('//')
  if (!isRooted && ambiguous.test(url)) return undefined
  const hasBase = baseURL !== undefined && baseURL !== null && baseURL !== ''
  const isAbsolute = !isRooted && isAbsoluteUrl(url)
  if (hasBase && isAbsolute && !isFlag(allowAbsoluteUrls)) return undefined
  if (!hasBase || (isAbsolute && allowAbsoluteUrls !== false)) return url === '' ? undefined : url
  if (typeof baseURL !== 'string') return undefined
  return url === '' ? baseURL : join(baseURL, url)
}

/** Does axios take this URL for an absolute one, which it joins with nothing? */
export function isAbsoluteUrl(url: string): boolean {
  return absolute.test(url)
}

/**
 * Whatever joins a base URL and this, by whatever rule, stays with the base's origin: no scheme, no
 * authority, and nothing that a parser of URLs takes out or turns round.
 */
export function isPath(url: string): boolean {
  return /^(?:\/(?![/\\\t\n\r])|[\w.~%-]+(?:[/?#]|$))/.test(url)
}

/** Of what is neither true nor false, versions of axios differ on what it means. */
function isFlag(value: unknown): boolean {
  return value === undefined || value === null || typeof value === 'boolean'
}

function join(base: string, url: string): string {
  let end = base.length
  while (end > 0 && base.charCodeAt(end - 1) === 0x2f) end--
  let start = 0
  while (url.charCodeAt(start) === 0x2f) start++
  return `${base.slice(0, end)}/${url.slice(start)}`
}
