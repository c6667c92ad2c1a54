import type { ConfigurationError } from '../errors.js'
import { hasUserinfo, isLoopback, parseHttpUrl } from '../http-url.js'
import { createOptionError } from '../options.js'

/**
 * Returns the token endpoint, byte for byte as configured, because it is also the audience of the
 * assertion. No message quotes it: a URL may contain a password.
 *
 * @throws {ConfigurationError} for anything but https, or http to a loopback host.
 */
export function checkTokenEndpoint(value: unknown, allowInsecureHttp: boolean): string {
  if (value === undefined)
    throw createUrlError('is missing: pass it, or check that its environment variable is set')
  const url =
    typeof value === 'string' && /^[\x21\x22\x24-\x7e]+$/.test(value) && parseHttpUrl(value)
  if (!url || hasUserinfo(url))
    throw createUrlError('must be an absolute https URL without whitespace, user name or fragment')
  if (url.protocol === 'http:' && !allowInsecureHttp && !isLoopback(url.hostname)) {
    throw createUrlError(
      'must be https: the assertion is a credential. Set allowInsecureHttp to allow http for a host other than localhost, 127.0.0.1 and [::1]',
      'ERR_INSECURE_TOKEN_ENDPOINT',
    )
  }
  return String(value)
}

function createUrlError(
  what: string,
  code: ConfigurationError['code'] = 'ERR_INVALID_TOKEN_ENDPOINT',
): ConfigurationError {
  return createOptionError('tokenEndpoint', what, code)
}
