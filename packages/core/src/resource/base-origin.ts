import { ConfigurationError } from '../errors.js'
import { isLoopback, parseHttpUrl } from '../http-url.js'

/**
 * The origin of an instance's base URL, for adapters whose `origins` may be left out. An http
 * origin that is not loopback is not taken from there: naming it in `origins` is the opt-in.
 *
 * @throws {ConfigurationError} `ERR_INVALID_ORIGIN`; the message does not quote the URL.
 * @example
 * ```ts
 * originOfBaseUrl('https://api.example.com/v1') // 'https://api.example.com'
 * ```
 */
export function originOfBaseUrl(baseUrl: unknown): string {
  const parsed = typeof baseUrl === 'string' ? parseHttpUrl(baseUrl) : undefined
  if (parsed === undefined) {
    throw invalid(
      "Nothing says where the token may go: give the option 'origins', or the instance an absolute http(s) base URL before this call.",
    )
  }
  if (parsed.username !== '' || parsed.password !== '') {
    throw invalid(
      "The base URL holds a user name or password, so its requests authenticate themselves: give the option 'origins'.",
    )
  }
  if (parsed.protocol === 'http:' && !isLoopback(parsed.hostname)) {
    throw invalid(
      `The base URL is plain http, where anyone on the way can read the token: use https, or name '${parsed.origin}' in the option 'origins' to allow it.`,
    )
  }
  return parsed.origin
}

function invalid(message: string): ConfigurationError {
  return new ConfigurationError('ERR_INVALID_ORIGIN', message, 'origins')
}
