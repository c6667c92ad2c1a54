import { ConfigurationError } from '../errors.js'
import { parseHttpUrl } from '../http-url.js'
import type { TokenSource } from '../token-source.js'

/** One provider on an instance of an HTTP client, and the origins that receive its tokens. */
export interface AttachedProvider {
  /** The provider. */
  readonly tokens: TokenSource
  /** The origins that receive its tokens. */
  readonly origins: readonly string[]
}

/**
 * Requires that each origin receives the tokens of one provider only: of two, the client's order of
 * hooks would choose, and a tenant could receive the token of another.
 *
 * @throws {ConfigurationError} naming the origin that both claim.
 * @example
 * ```ts
 * requireSeparateOrigins(attached, { tokens, origins: ['https://api.example.com'] })
 * ```
 */
export function requireSeparateOrigins(
  attached: readonly AttachedProvider[],
  { tokens, origins }: AttachedProvider,
): void {
  const added = origins.map(normalize)
  for (const other of attached) {
    if (other.tokens === tokens) continue
    const shared = other.origins.map(normalize).find((origin) => added.includes(origin))
    if (shared === undefined) continue
    throw new ConfigurationError(
      'ERR_INVALID_OPTION',
      `Another token provider is attached for ${shared}. Eject it first, or give each provider its own 'origins'.`,
      'origins',
    )
  }
}

function normalize(origin: string): string {
  return parseHttpUrl(origin)?.origin ?? origin
}
