import type { Host } from './host.js'
import { parseHttpUrl } from './origin-rule.js'

/**
 * Whether both are http URLs of one origin.
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
