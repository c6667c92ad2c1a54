import type { AccessToken } from './access-token.js'
import { createSigningKeyLoader, findKeySource } from './assertion/signing-key.js'
import { abortReason } from './deadline.js'
import { audienceDifference } from './diagnosis/evidence.js'
import { findIgnoredProxy } from './diagnosis/proxy-variable.js'
import { eventEmitter } from './events.js'
import { providerHoldOff } from './renewal/hold-off.js'
import { createSingleFlight } from './renewal/single-flight.js'
import { createTokenCache, type Landed, type TokenCache } from './renewal/token-cache.js'
import { accessKey, parseResource, parseScope, type RequestedAccess } from './requested-access.js'
import { snapshot } from './snapshot.js'
import { recentlyUsed } from './store/recently-used.js'
import { createServerMemory } from './token-endpoint/server-memory.js'
import { createTokenFlight, tokenFlightFailure } from './token-flight.js'
import { readTokenProviderOptions, type TokenProviderOptions } from './token-provider-options.js'
import type { AccessTokenOptions, InvalidateOptions, TokenProvider } from './token-source.js'

/**
 * A provider of access tokens for one client: signs an assertion, makes the token request, keeps
 * the token and renews it. Build it once per client id and share it.
 *
 * @throws {ConfigurationError} for an option that is missing, unknown or out of range.
 * @throws {KeyError} for a key that cannot be used, where that can be known at once.
 * @example
 * ```ts
 * const tokens = createTokenProvider({
 *   clientId: process.env.CLIENT_ID,
 *   tokenEndpoint: 'https://login.example.com/token',
 *   key: process.env.PRIVATE_KEY,
 * })
 * const { authorization } = await tokens.getAccessToken()
 * ```
 * @see RFC 6749 section 4.4, RFC 7523 section 2.2
 */
export function createTokenProvider(options: TokenProviderOptions): TokenProvider {
  // Without the credential: the settings live as long as the provider, and a JWK must not.
  const { credential, ...settings } = readTokenProviderOptions(options)
  const { clientId, tokenEndpoint, waitUntil } = settings
  const emit = eventEmitter({ clientId, tokenEndpoint }, settings.onEvent)
  const client = { ...settings, emit, random: () => Math.random() }
  const fetchToken = createTokenFlight({
    ...client,
    loadKey: createSigningKeyLoader(credential),
    asked: findKeySource(credential),
    proxyVariable: () => (settings.isPlatformFetch ? findIgnoredProxy(tokenEndpoint) : undefined),
    memory: createServerMemory(),
  })
  const singleFlight = createSingleFlight<Landed | undefined>(settings)
  const shared = providerHoldOff()
  const caches = createTokenCaches(settings.access, (access) =>
    createTokenCache({
      ...{ ...client, access, fetchToken, failure: tokenFlightFailure, singleFlight, shared },
      inBackground: () => waitUntil ?? (isWorker() ? undefined : () => {}),
    }),
  )
  // Some servers want it so; of those that do not it is the first mistake.
  if (audienceDifference(settings.assertion.audience, tokenEndpoint) === 'host')
    emit({ type: 'configuration-warning', warning: 'audience-on-another-host' })

  return Object.freeze({ tokenEndpoint, getAccessToken, currentAccessToken, invalidate })

  async function getAccessToken(call?: AccessTokenOptions): Promise<AccessToken> {
    const own = snapshot(call)
    const { forceRenewal = false, rejected } = own
    // Others take null for none.
    const signal = own.signal ?? undefined
    if (signal?.aborted) throw abortReason(signal)
    const cache = caches.of(own)
    const token = forceRenewal ? undefined : cache.current(rejected)
    return token ?? cache.renewed({ signal, forceRenewal, rejected })
  }

  function currentAccessToken(
    call?: Pick<AccessTokenOptions, 'scope' | 'resource'>,
  ): AccessToken | undefined {
    try {
      return (call === undefined ? caches.own : caches.of(snapshot(call))).current()
    } catch {
      return undefined
    }
  }

  function invalidate(accessToken: AccessToken, report?: InvalidateOptions): void {
    const { isCertain = true } = snapshot(report)
    caches.own.invalidate(accessToken, isCertain)
    // A server may issue one token for several scopes.
    caches.others.forEach((cache) => void cache.invalidate(accessToken, isCertain))
  }
}

/** The token caches of one provider: one for its own scope and resources, and those of its calls. */
function createTokenCaches(
  ownAccess: RequestedAccess,
  cacheFor: (access: RequestedAccess) => TokenCache,
) {
  const own = cacheFor(ownAccess)
  const ownKey = accessKey(ownAccess)
  const others = recentlyUsed<TokenCache>(1000, (cache) => !cache.isBusy())
  return { own, others, of }

  function of({ scope, resource }: AccessTokenOptions): TokenCache {
    if (scope === undefined && resource === undefined) return own
    const access = {
      scope: scope === undefined ? ownAccess.scope : parseScope(scope),
      resource: resource === undefined ? ownAccess.resource : parseResource(resource),
    }
    const key = accessKey(access)
    if (key === ownKey) return own
    const known = others.get(key)
    if (known !== undefined) return known
    const cache = cacheFor(access)
    others.set(key, cache)
    return cache
  }
}

/** Cloudflare's workers end what a request started when that request has been answered. */
function isWorker(): boolean {
  return 'Cloudflare' in globalThis
}
