import { isSameOrigin } from '@countersign/core/adapter'
import type { InternalAxiosRequestConfig } from 'axios'

const absolute = /^([a-z][a-z\d+\-.]*:)?\/\//i
/** Matches `http:host` and similar URLs, which versions of axios treat differently. */
const ambiguous = /^[\0-\x20]*h[\t\n\r]*t[\t\n\r]*t[\t\n\r]*p[\t\n\r]*s?[\t\n\r]*:(?!\/\/)/i

type Config = InternalAxiosRequestConfig

/**
 * Returns the URL that a request goes to. Like axios, it joins the base URL and the URL by one slash,
 * unless the URL is absolute. `getUri` would merge the instance's defaults again. Undefined if
 * versions of axios disagree; such a request is sent untouched.
 */
export function resolveTargetUrl(config: Config): string | undefined {
  const { baseURL, allowAbsoluteUrls } = config
  const url = String(config.url ?? '')
  if (!url.startsWith('/') && ambiguous.test(url)) return undefined
  const isAbsolute = absolute.test(url)
  if (!baseURL || (isAbsolute && (allowAbsoluteUrls ?? true) === true)) return url
  // Versions of axios disagree about values that are neither true nor false.
  if (typeof baseURL !== 'string' || (isAbsolute && allowAbsoluteUrls !== false)) return undefined
  return url === '' ? baseURL : joinUrl(baseURL, url)
}

/**
 * Returns the members that send a request to exactly this URL. A custom adapter or a mock receives
 * the base URL and the URL apart, as it would without this library. However it joins them, the
 * request stays on the origin of this URL.
 */
export function pinUrl(config: Config, url: string) {
  const { adapter, baseURL = '', url: own = '' } = config
  const isSet = config.allowAbsoluteUrls !== undefined
  const pinned = { url, baseURL: undefined, ...(isSet && { allowAbsoluteUrls: true }) }
  const isJoined = absolute.test(url) && url.endsWith(own)
  if (typeof adapter !== 'function' || !isJoined) return pinned
  // A base URL of the same origin does no harm to an adapter that joins it with an absolute URL.
  if (own === url) return baseURL && isSameOrigin(baseURL, url) ? { ...pinned, baseURL } : pinned
  const base = url.slice(0, url.length - own.length)
  return { ...pinned, url: isPath(own) ? own : url, baseURL: base }
}

/**
 * Whether every way of joining a base URL and this stays on the origin of the base. It has no scheme,
 * no authority, and no character that a URL parser removes or replaces.
 */
function isPath(url: string): boolean {
  return /^(?:\/(?![/\\\t\n\r])|[\w.~%-]+(?:[/?#]|$))/.test(url)
}

function joinUrl(base: string, url: string): string {
  let end = base.length
  while (base[end - 1] === '/') end--
  return `${base.slice(0, end)}/${url.replace(/^\/+/, '')}`
}
