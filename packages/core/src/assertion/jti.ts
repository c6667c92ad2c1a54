import * as base64url from 'jose/base64url'

/** The name of one assertion: 128 random bits, so that none comes twice (RFC 7519 section 4.1.7). */
export function newJti(): string {
  return base64url.encode(crypto.getRandomValues(new Uint8Array(16)))
}
