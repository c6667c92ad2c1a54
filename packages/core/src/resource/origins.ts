import { ConfigurationError } from '../errors.js'
import { hasUserinfo, isLoopback, parseHttpUrl } from '../http-url.js'
import { readUrlText } from '../options.js'
import type { TokenSource } from '../token-source.js'

/**
 * Creates a function that decides whether a URL belongs to one of the origins. A URL with userinfo
 * never does: it authenticates itself.
 *
 * @param origins - Origins such as `'https://api.example.com'`.
 * @throws {ConfigurationError} `ERR_INVALID_ORIGIN`
 * @example
 * ```ts
 * const belongs = createOriginRule(['https://api.example.com'])
 * belongs('https://api.example.com/accounts') // true
 * belongs('https://api.example.com.evil.example/') // false
 * ```
 */
export function createOriginRule(origins: readonly (string | URL)[]): (url: string) => boolean {
  if (!Array.isArray(origins) || origins.length === 0)
    throw createOriginError("Option 'origins' must be an array with at least one origin.")
  const allowed = [...new Set(Array.from(origins, readOrigin))]
  return (url) => {
    // The usual proof needs no parser.
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
  const given = readUrlText(value)
  const text = typeof given === 'string' ? given : ''
  // The href of a URL has a slash that an origin has not.
  const origin = given === value ? text : text.replace(/\/$/, '')
  const parsed = parseHttpUrl(origin)
  if (parsed !== undefined && /^https?:\/\/[^\s\\/@*?#]+$/i.test(origin)) return parsed.origin
  throw createOriginError(
    "Option 'origins' must contain origins such as 'https://api.example.com': " +
      'http or https, without a path, a trailing slash, a wildcard or userinfo.',
  )
}

function createOriginError(message: string): ConfigurationError {
  return new ConfigurationError('ERR_INVALID_ORIGIN', message, 'origins')
}

/**
 * Returns the origin of an instance's base URL, for adapters whose `origins` may be left out. A
 * plain http origin that is not loopback must be listed in `origins`.
 *
 * @throws {ConfigurationError} `ERR_INVALID_ORIGIN`; the message does not quote the URL.
 * @example
 * ```ts
 * readBaseOrigin('https://api.example.com/v1') // 'https://api.example.com'
 * ```
 */
export function readBaseOrigin(baseUrl: unknown): string {
  const parsed = typeof baseUrl === 'string' ? parseHttpUrl(baseUrl) : undefined
  if (parsed === undefined) {
    throw createOriginError(
      "No allowed origin. Pass option 'origins', or set an absolute base URL on the instance before this call.",
    )
  }
  if (hasUserinfo(parsed)) {
    throw createOriginError(
      "The base URL contains a user name or password, so its requests authenticate themselves. Pass option 'origins'.",
    )
  }
  if (parsed.protocol === 'http:' && !isLoopback(parsed.hostname)) {
    throw createOriginError(
      `The base URL is plain http, so anyone on the network can read the token. Use https, or list '${parsed.origin}' in option 'origins'.`,
    )
  }
  return parsed.origin
}

/** One provider on an instance of an HTTP client, and the origins that receive its tokens. */
export interface AttachedProvider {
  /** The provider. */
  readonly tokens: TokenSource
  /** The origins that receive its tokens. */
  readonly origins: readonly (string | URL)[]
}

/**
 * Requires that each origin receives the tokens of one provider only. With two, the order of hooks
 * would decide, and a tenant could receive the token of another.
 *
 * @throws {ConfigurationError} naming the origin that both claim.
 * @example
 * ```ts
 * requireSeparateOrigins(attached, { tokens, origins: ['https://api.example.com'] })
 * ```
 */
export function requireSeparateOrigins(
  attached: readonly AttachedProvider[],
  { tokens, origins }: AttachedProvider,
): void {
  const others = attached.filter((other) => other.tokens !== tokens)
  const taken = others.flatMap((other) => other.origins.map(normalizeOrigin))
  const shared = origins.map(normalizeOrigin).find((origin) => taken.includes(origin))
  if (shared === undefined) return
  throw new ConfigurationError(
    'ERR_INVALID_OPTION',
    `Another token provider is attached for ${shared}. Eject it first, or give each provider its own 'origins'.`,
    'origins',
  )
}

function normalizeOrigin(origin: string | URL): string {
  return parseHttpUrl(String(origin))?.origin ?? String(origin)
}

/** Matches what a URL parser changes after the origin: whitespace, dots, a backslash, a fragment. */
const respelled = /[\0-\x20\\#]|\/\.|%2e/i

/**
 * Creates a function that decides whether a URL is the token endpoint. Its requests are sent
 * untouched, or a token request through an authorized instance would wait for its own token.
 */
export function createTokenEndpointRule(
  tokens: TokenSource,
  belongs: (url: string) => boolean,
): (url: string) => boolean {
  let endpoint: string | undefined
  let href: string | undefined
  /** The origin and a slash, with which a URL begins that is spelled as usual. */
  let prefix = ''
  /** Only then can a URL of the origins be the token endpoint in another spelling. */
  let isListed = false

  return (url) => {
    const current = tokens.tokenEndpoint
    if (current === undefined) return false
    if (current !== endpoint) {
      endpoint = current
      const parsed = parseHttpUrl(current)
      href = parsed?.href ?? current
      prefix = `${parsed?.origin}/`
      isListed = belongs(href)
    }
    if (url === endpoint || url === href) return true
    if (!isListed || (url.startsWith(prefix) && !respelled.test(url))) return false
    return parseHttpUrl(url)?.href.replace(/#.*/, '') === href
  }
}
