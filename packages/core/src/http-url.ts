/** Returns the parsed URL if it is http or https. */
export function parseHttpUrl(url: string): URL | undefined {
  try {
    const parsed = new URL(url)
    return parsed.protocol === 'https:' || parsed.protocol === 'http:' ? parsed : undefined
  } catch {
    return undefined
  }
}

/**
 * Returns whether both are http or https URLs of one origin.
 *
 * @example
 * ```ts
 * isSameOrigin('https://api.example.com/a', 'https://api.example.com:443/b') // true
 * ```
 */
export function isSameOrigin(a: string, b: string): boolean {
  const origin = parseHttpUrl(a)?.origin
  return origin !== undefined && origin === parseHttpUrl(b)?.origin
}

/** Whether a URL authenticates itself with a user name or a password. */
export function hasUserinfo(url: URL): boolean {
  return url.username !== '' || url.password !== ''
}

const loopback = ['localhost', '127.0.0.1', '[::1]']

/** Returns whether a parsed URL's hostname is this machine, where plain http is safe. */
export function isLoopback(hostname: string): boolean {
  return loopback.includes(hostname)
}
