import { parseHttpUrl } from '../http-url.js'
import type { TokenSource } from '../token-source.js'

/** What a URL parser would write differently: whitespace, the authority, dots, a fragment. */
const respelt =
  /^[\0-\x20]|[\0-\x20]$|^[^/]*:(?!\/\/[^/\\])|^[^/]*(\/\/)?[^/]*([A-Z@]|:\d*(?=[/?#]|$))|[#\\\t\n\r]|\/\.|%2[eE]/

/**
 * Whether a URL is the token endpoint of the tokens. Its requests go out untouched, or a token
 * request through an authorized instance would wait for its own token.
 */
export function createTokenEndpointRule(
  tokens: TokenSource,
  belongs: (url: string) => boolean,
): (url: string) => boolean {
  let endpoint: string | undefined
  let href: string | undefined
  /** Only then can a URL of the origins be the token endpoint in another spelling. */
  let isListed = false

  return (url) => {
    const current = tokens.tokenEndpoint
    if (current === undefined) return false
    if (current !== endpoint) {
      endpoint = current
      href = parseHttpUrl(current)?.href ?? current
      isListed = belongs(href)
    }
    if (url === endpoint || url === href) return true
    if (!isListed || !respelt.test(url)) return false
    return parseHttpUrl(url)?.href.replace(/#.*/, '') === href
  }
}
