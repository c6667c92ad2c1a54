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
  const url = String(given ?? '')
  if (!url.startsWith('/') && ambiguous.test(url)) return undefined
  const isAbsolute = isAbsoluteUrl(url)
  if (!baseURL || (isAbsolute && (allowAbsoluteUrls ?? true) === true)) return url
  // Of what is neither true nor false, versions of axios differ on what it means.
  if (typeof baseURL !== 'string' || (isAbsolute && allowAbsoluteUrls !== false)) return undefined
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

function join(base: string, url: string): string {
  let end = base.length
  while (base[end - 1] === '/') end--
  return `${base.slice(0, end)}/${url.replace(/^\/+/, '')}`
}
