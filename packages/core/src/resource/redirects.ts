import { ConfigurationError } from '../errors.js'
import { parseHttpUrl } from '../http-url.js'
import type { Host } from './exchange.js'

/** Whether the answer came from another URL than the one that was sent, as far as the host knows. */
export function wasRedirected<Req, Outcome>(
  host: Host<Req, Outcome>,
  outcome: Outcome,
  url: string,
): boolean {
  // Not a function where it is found on a polluted Object.prototype.
  if (typeof host.redirected === 'function' && host.redirected(outcome) === true) return true
  const answeredBy = host.answeredBy(outcome)
  return Boolean(answeredBy) && withoutFragment(answeredBy as string) !== withoutFragment(url)
}

function withoutFragment(url: string): string {
  const href = parseHttpUrl(url)?.href ?? url
  const at = href.indexOf('#')
  return at === -1 ? href : href.slice(0, at)
}

/**
 * Refuses to let a fetch follow redirects with a token where the runtime keeps Authorization on
 * redirects to other origins.
 *
 * @throws {ConfigurationError} `ERR_UNSUPPORTED_HOST`
 * @example
 * ```ts
 * requireSafeRedirects(init.redirect)
 * ```
 */
export function requireSafeRedirects(redirect: string | undefined): void {
  if (redirect === 'manual' || !keepsAuthorizationOnRedirect()) return
  throw new ConfigurationError(
    'ERR_UNSUPPORTED_HOST',
    'This runtime keeps Authorization on redirects to other origins: set the compatibility flag ' +
      "strip_authorization_on_cross_origin_redirect, or send with redirect: 'manual'.",
  )
}

/** Cloudflare Workers: false exactly where the runtime leaks the header. */
function keepsAuthorizationOnRedirect(): boolean {
  const { Cloudflare } = globalThis as {
    Cloudflare?: { compatibilityFlags?: Record<string, boolean | undefined> }
  }
  return Cloudflare?.compatibilityFlags?.strip_authorization_on_cross_origin_redirect === false
}
