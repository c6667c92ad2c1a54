import type { AccessToken } from './access-token.js'
import { assertionIdentity, clientAssertion } from './assertion/client-assertion.js'
import { askedFor, signingKeys } from './assertion/signing-key.js'
import { abortReason, within } from './deadline.js'
import { audienceDifference } from './diagnosis/assertion-causes.js'
import { ignoredProxyVariable } from './diagnosis/proxy-variable.js'
import { createCause } from './error-cause.js'
import { ConfigurationError, type CountersignError, isCountersignError } from './errors.js'
import { eventEmitter } from './events.js'
import { keyFailure } from './keys/key-error.js'
import { providerHoldOff } from './renewal/hold-off.js'
import {
  type FetchCall,
  type FetchedToken,
  type FetchFailure,
  type TokenKeeper,
  tokenKeeper,
} from './renewal/token-keeper.js'
import { accessKey, parseResource, parseScope, type RequestedAccess } from './requested-access.js'
import { snapshot } from './snapshot.js'
import { recentlyUsed } from './store/recently-used.js'
import { sharedToken } from './store/shared-token.js'
import { tokenKey } from './store/token-key.js'
import { isUsable } from './store/token-store.js'
import { acceptedKey, clockSkew } from './token-endpoint/server-memory.js'
import { requestToken } from './token-endpoint/token-client.js'
import type { TokenFetch } from './token-endpoint/token-request.js'
import { TokenRequestFailure } from './token-endpoint/token-request-failure.js'
import { timeoutError, unansweredError } from './token-endpoint/transport-failure.js'
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
  const { clientId, tokenEndpoint, clock, timeout, early, store } = settings
  const { audience } = settings.assertion
  const random = () => Math.random()
  const emit = eventEmitter({ clientId, tokenEndpoint }, settings.onEvent)
  const loadKey = signingKeys(credential)
  const asked = askedFor(credential)
  const proxyVariable = () =>
    settings.isPlatformFetch ? ignoredProxyVariable(tokenEndpoint) : undefined
  const learnt = { skew: clockSkew(), accepted: acceptedKey() }
  const client = { ...settings, random, emit, proxyVariable, ...learnt }
  // Some servers want it so; of those that do not it is the first mistake.
  if (audienceDifference(audience, tokenEndpoint) === 'host')
    emit({ type: 'configuration-warning', warning: 'audience-on-another-host' })
  const shared = providerHoldOff()
  const keepers = recentlyUsed<TokenKeeper>(1000, (keeper) => !keeper.isBusy())
  const ownKeeper = keeperFor(settings.access)
  const ownKey = accessKey(settings.access)

  return Object.freeze({ tokenEndpoint, getAccessToken, currentAccessToken, invalidate })

  async function getAccessToken(call?: AccessTokenOptions): Promise<AccessToken> {
    const own = snapshot(call)
    const { forceRenewal = false, rejected } = own
    // Others take null for none.
    const signal = own.signal ?? undefined
    if (signal?.aborted) throw abortReason(signal)
    const keeper = keeperOf(own)
    const token = forceRenewal ? undefined : keeper.current(rejected)
    return token ?? keeper.renewed({ signal, forceRenewal, rejected })
  }

  function currentAccessToken(
    call?: Pick<AccessTokenOptions, 'scope' | 'resource'>,
  ): AccessToken | undefined {
    try {
      return (call === undefined ? ownKeeper : keeperOf(snapshot(call))).current()
    } catch {
      return undefined
    }
  }

  function invalidate(accessToken: AccessToken, report?: InvalidateOptions): void {
    const { isCertain = true } = snapshot(report)
    ownKeeper.invalidate(accessToken, isCertain)
    // A server may issue one token for several scopes.
    keepers.forEach((keeper) => void keeper.invalidate(accessToken, isCertain))
  }

  function keeperOf({ scope, resource }: AccessTokenOptions): TokenKeeper {
    if (scope === undefined && resource === undefined) return ownKeeper
    const access = {
      scope: scope === undefined ? settings.access.scope : parseScope(scope),
      resource: resource === undefined ? settings.access.resource : parseResource(resource),
    }
    const key = accessKey(access)
    if (key === ownKey) return ownKeeper
    const known = keepers.get(key)
    if (known !== undefined) return known
    const keeper = keeperFor(access)
    keepers.set(key, keeper)
    return keeper
  }

  function keeperFor(access: RequestedAccess): TokenKeeper {
    return tokenKeeper({
      ...client,
      failure,
      shared,
      inBackground: () => settings.waitUntil ?? (isWorker() ? undefined : () => {}),
      fetchToken: (call) => fetchToken(access, call),
    })
  }

  function fetchToken(access: RequestedAccess, call: FetchCall): Promise<FetchedToken> {
    const { fetch } = settings
    let sent = 0
    let isAsking = true
    const late = () => {
      if (isAsking && asked !== undefined) return unansweredError(asked, timeout, sent)
      return timeoutError(`No token within ${timeout} ms.`, sent, proxyVariable())
    }
    const counted: TokenFetch = (url, init) => {
      sent += 1
      return fetch(url, init)
    }
    return within(clock, timeout, late, async (signal) => {
      const key = await loadKey()
      isAsking = false
      const sign = async (now: number) => {
        isAsking = asked === 'signer'
        const assertion = await clientAssertion(settings.assertion, key, { now, signal }).catch(
          (thrown) => {
            throw keyFailure(thrown)
          },
        )
        isAsking = false
        return assertion
      }
      const assertions = { ...key, sign }
      const retries = call.isProbe ? 0 : settings.retries
      const { deadline } = call
      const request = () =>
        requestToken(
          { ...client, fetch: counted },
          { access, assertions, retries, deadline, signal },
        )
      if (store === undefined) return { ...(await request()), source: 'endpoint' }
      const storeKey = await tokenKey({
        ...{ tokenEndpoint, access, parameters: settings.parameters },
        partition: settings.partition,
        key: key.identity ?? sharedStoreNeedsKid(),
        assertion: assertionIdentity(settings.assertion, key),
      })
      const { forceRenewal } = call
      const accepts = (token: Parameters<typeof isUsable>[0]) =>
        isUsable(token, { now: clock.now(), early, refused: call.refused()?.token })
      const known = call.refused()
      // Only a certain rejection takes the token away from the other members.
      const refused = known?.isCertain ? known.token : undefined
      return sharedToken(
        { store, clock, random, emit },
        { key: storeKey, accepts, refused, forceRenewal, duration: timeout / 2, signal, request },
      )
    })
  }
}

function failure(thrown: unknown): FetchFailure {
  if (thrown instanceof TokenRequestFailure) return thrown
  const error: CountersignError = isCountersignError(thrown) ? thrown : unexpectedError(thrown)
  return { error, retryAfter: undefined }
}

/** Never a network error: `fetch`, the store, the key and the signer have errors of their own. */
function unexpectedError(thrown: unknown): ConfigurationError {
  return new ConfigurationError(
    'ERR_INVALID_OPTION',
    `The token request stopped at an unexpected ${createCause(thrown)?.name ?? 'error'}. Check the option 'clock'.`,
  )
}

function sharedStoreNeedsKid(): never {
  throw new ConfigurationError(
    'ERR_INVALID_OPTION',
    "A key that cannot be exported has no thumbprint: with a 'store', give it a name with the option 'kid'.",
    'kid',
  )
}

/** Cloudflare's workers end what a request started when that request has been answered. */
function isWorker(): boolean {
  return 'Cloudflare' in globalThis
}
