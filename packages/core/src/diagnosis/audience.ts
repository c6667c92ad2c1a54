/** How the audience of an assertion differs from the token endpoint. */
export type AudienceDifference = 'slash' | 'host' | 'issuer' | 'other'

/**
 * Undefined: it does not. 'slash': by one at the end; 'host': it is a URL on another host;
 * 'issuer': a URL that the token endpoint lies below, as an issuer's does.
 */
export function audienceDifference(
  audience: string,
  tokenEndpoint: string,
): AudienceDifference | undefined {
  if (audience === tokenEndpoint) return undefined
  if (withoutSlash(audience) === withoutSlash(tokenEndpoint)) return 'slash'
  if (!URL.canParse(audience)) return 'other'
  const { host, pathname, search } = new URL(audience)
  const endpoint = new URL(tokenEndpoint)
  if (host === '') return 'other'
  if (host !== endpoint.host) return 'host'
  const isAbove = search === '' && endpoint.pathname.startsWith(`${withoutSlash(pathname)}/`)
  return isAbove ? 'issuer' : 'other'
}

function withoutSlash(text: string): string {
  return text.endsWith('/') ? text.slice(0, -1) : text
}
