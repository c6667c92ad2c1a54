import { ConfigurationError } from '../errors.js'

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
