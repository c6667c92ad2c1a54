import { ConfigurationError } from '../errors.js'

/**
 * Requires that a fetch follows no redirects with a token where the runtime keeps Authorization on
 * redirects to other origins: Cloudflare Workers with an old compatibility date.
 *
 * @param redirect - The option `redirect` of the request.
 * @throws {ConfigurationError} `ERR_UNSUPPORTED_HOST`
 * @example
 * ```ts
 * requireSafeRedirects(init.redirect)
 * ```
 */
export function requireSafeRedirects(redirect: string | undefined): void {
  const { Cloudflare } = globalThis as {
    Cloudflare?: { compatibilityFlags?: Record<string, boolean | undefined> }
  }
  const flag = 'strip_authorization_on_cross_origin_redirect'
  if (redirect === 'manual' || Cloudflare?.compatibilityFlags?.[flag] !== false) return
  throw new ConfigurationError(
    'ERR_UNSUPPORTED_HOST',
    'This runtime keeps Authorization on redirects to other origins. ' +
      `Set the compatibility flag ${flag}, or send with redirect: 'manual'.`,
  )
}
