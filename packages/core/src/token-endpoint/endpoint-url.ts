import type { ConfigurationError } from '../errors.js'
import { isLoopback } from '../http-url.js'
import { createOptionError } from '../options.js'

/**
 * Returns the token endpoint, byte for byte as configured, because it is also the audience of the
 * assertion. No message quotes it: a URL may contain a password.
 *
 * @throws {ConfigurationError} for anything but https, or http to a loopback host.
 */
export function checkTokenEndpoint(value: unknown, allowInsecureHttp: boolean): string {
  if (value === undefined) throw createUrlError('is missing (is the environment variable set?)')
  if (typeof value !== 'string' || !/^[\x21-\x7e]+$/.test(value) || !URL.canParse(value)) {
    throw createUrlError('must be an absolute https URL without whitespace')
  }
  const { protocol, hostname, username, password } = new URL(value)
  if (protocol !== 'https:' && protocol !== 'http:') throw createUrlError('must be an https URL')
  if (username !== '' || password !== '')
    throw createUrlError('must not contain a user name or password')
  if (value.includes('#')) throw createUrlError('must not contain a fragment')
  if (protocol === 'http:' && !allowInsecureHttp && !isLoopback(hostname)) {
    throw createUrlError(
      'must be https: the assertion is a credential. Only localhost, 127.0.0.1 and [::1] may be http, or any host with allowInsecureHttp',
      'ERR_INSECURE_TOKEN_ENDPOINT',
    )
  }
  return value
}

function createUrlError(
  what: string,
  code: ConfigurationError['code'] = 'ERR_INVALID_TOKEN_ENDPOINT',
): ConfigurationError {
  return createOptionError('tokenEndpoint', what, code)
}
