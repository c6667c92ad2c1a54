import type { AccessToken } from './access-token.js'
import { createSigningKeyLoader, findKeySource } from './assertion/signing-key.js'
import { getAbortReason } from './clock.js'
import { compareAudience } from './diagnosis/evidence.js'
import { findIgnoredProxy } from './diagnosis/proxy-variable.js'
import { createEventEmitter } from './events.js'
import { obtainToken } from './obtain-token.js'
import * as option from './options.js'
import { createHoldOff } from './renewal/hold-off.js'
import { createSingleFlight } from './renewal/single-flight.js'
import { createTokenCache, type Obtained, type TokenCache } from './renewal/token-cache.js'
import {
  createAccessKey,
  parseResource,
  parseScope,
  type RequestedAccess,
} from './requested-access.js'
import { snapshot } from './snapshot.js'
import { createLruMap } from './store/lru-map.js'
import { createServerMemory } from './token-endpoint/server-memory.js'
import { readTokenProviderOptions, type TokenProviderOptions } from './token-provider-options.js'
import type { AccessTokenOptions, InvalidateOptions, TokenProvider } from './token-source.js'
import { createTrace } from './tracing.js'

/**
 * Creates a provider of access tokens for one client. It signs an assertion, makes the token
 * request, keeps the token and renews it. Create one per client ID and share it.
 *
 * @param options - Read once. Durations are in milliseconds, except where the name says seconds.
 * @returns the provider, frozen. It makes no request before its first call.
 * @throws {ConfigurationError} for an option that is missing, unknown or out of range.
 * @throws {KeyError} for a key that cannot be used, if that can be known at once.
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
  const { tokenEndpoint, caches } = createClient(options)
  return Object.freeze({
    tokenEndpoint,
    async getAccessToken(call) {
      const own = readCall(call)
      const { forceRenewal = false, rejected } = own
      // Callers may pass null for none.
      const signal = own.signal ?? undefined
      if (signal?.aborted) throw getAbortReason(signal)
      const cache = caches.find(own)
      const token = forceRenewal ? undefined : cache.current(rejected)
      return token ?? cache.renew({ signal, forceRenewal, rejected })
    },
    currentAccessToken(call) {
      try {
        return (call === undefined ? caches.own : caches.find(snapshot(call))).current()
      } catch {
        return undefined
      }
    },
    invalidate(accessToken, report) {
      const isToken = typeof (accessToken as Partial<AccessToken> | undefined)?.value === 'string'
      const what = 'must be an access token, such as the one that getAccessToken returns'
      option.requireArgument(isToken, 'accessToken', what)
      const { isCertain = true } = option.readOptions(report ?? {}, reportTable)
      // A server may issue one token for several scopes.
      for (const cache of caches.all()) cache.invalidate(accessToken, isCertain)
    },
    status: () => caches.all().map((cache) => cache.status()),
    close: caches.close,
    [Symbol.asyncDispose]: caches.close,
  } satisfies TokenProvider)
}

const callTable = {
  scope: option.acceptAny as option.ReadOption<AccessTokenOptions['scope']>,
  resource: option.acceptAny as option.ReadOption<AccessTokenOptions['resource']>,
  signal: option.acceptAny as option.ReadOption<AccessTokenOptions['signal']>,
  forceRenewal: option.flag,
  rejected: option.acceptAny as option.ReadOption<AccessToken | undefined>,
} satisfies option.OptionTable<AccessTokenOptions>

const reportTable = {
  isCertain: option.acceptAny as option.ReadOption<boolean | undefined>,
} satisfies option.OptionTable<InvalidateOptions>

const noOptions: AccessTokenOptions = Object.freeze(snapshot({}))

function readCall(call: AccessTokenOptions | undefined): AccessTokenOptions {
  return call === undefined ? noOptions : option.readOptions(call ?? {}, callTable)
}

/** Connects the parts of a provider: its key, its token requests and its token caches. */
function createClient(options: TokenProviderOptions) {
  // Without the credential: the settings are kept as long as the provider, and a JWK must not be.
  const { credential, ...settings } = readTokenProviderOptions(options)
  const { clientId, tokenEndpoint, waitUntil, assertion, isPlatformFetch } = settings
  const createReporting = (access: RequestedAccess) => {
    const source = { clientId, tokenEndpoint: tokenEndpoint.replace(/\?.*/, ''), ...access }
    return { emit: createEventEmitter(source, settings.onEvent), trace: createTrace(source) }
  }
  const client = {
    ...settings,
    random: () => Math.random(),
    loadKey: createSigningKeyLoader(credential),
    asked: findKeySource(credential),
    proxyVariable: () => (isPlatformFetch ? findIgnoredProxy(tokenEndpoint) : undefined),
    memory: createServerMemory(),
  }
  const renewal = {
    singleFlight: createSingleFlight<Obtained | undefined>(settings),
    shared: createHoldOff(),
    // Cloudflare Workers end what a request started when that request has been answered.
    getKeepAlive: () => waitUntil ?? ('Cloudflare' in globalThis ? undefined : () => {}),
  }
  const caches = createTokenCaches(settings.access, (access) => {
    const own = { ...client, ...createReporting(access), rejectedTokens: createLruMap<boolean>(8) }
    const fetchToken = (call: Parameters<typeof obtainToken>[1]) => obtainToken(own, call)
    return createTokenCache({ ...own, ...renewal, access, fetchToken })
  })
  // Some servers require it; with others it is the most common mistake.
  if (compareAudience(assertion.audience, tokenEndpoint) === 'host')
    createReporting(settings.access).emit({
      type: 'configuration-warning',
      warning: 'audience-on-another-host',
    })
  return { tokenEndpoint, caches }
}

/** The token caches of one provider: one for its own scope and resources, and those of its calls. */
function createTokenCaches(
  ownAccess: RequestedAccess,
  createCache: (access: RequestedAccess) => TokenCache,
) {
  const own = createCache(ownAccess)
  const ownKey = createAccessKey(ownAccess)
  const others = createLruMap<TokenCache>(1000, (cache) => cache.isBusy())
  let closed: Promise<unknown> | undefined
  const all = () => [own, ...others.values()]
  return { own, all, find, close }

  async function close(): Promise<void> {
    closed ??= Promise.all(all().map((cache) => cache.close()))
    await closed
  }

  function find({ scope, resource }: AccessTokenOptions): TokenCache {
    if (scope === undefined && resource === undefined) return own
    const access = {
      scope: scope === undefined ? ownAccess.scope : parseScope(scope),
      resource: resource === undefined ? ownAccess.resource : parseResource(resource),
    }
    const key = createAccessKey(access)
    if (key === ownKey) return own
    const known = others.get(key)
    if (known !== undefined) return known
    const cache = createCache(access)
    if (closed !== undefined) cache.close()
    others.set(key, cache)
    return cache
  }
}
