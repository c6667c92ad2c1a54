import {
  createAssertion,
  describeAssertion,
  type SigningKey,
} from './assertion/client-assertion.js'
import type { findKeySource } from './assertion/signing-key.js'
import { raceAbort, runWithin } from './clock.js'
import { createCause } from './error-cause.js'
import { ConfigurationError, isCountersignError } from './errors.js'
import {
  type IssuedToken,
  type PostponedRenewal,
  type TokenCall,
  TokenRequestFailure,
} from './issued-token.js'
import { toKeyError } from './keys/key-error.js'
import { getSharedToken } from './store/shared-token.js'
import type { StoreCallSettings } from './store/store-calls.js'
import { createTokenKey } from './store/token-key.js'
import { requestToken, type TokenClientSettings } from './token-endpoint/token-client.js'
import { createTimeoutError } from './token-endpoint/transport-failure.js'
import type { TokenProviderSettings } from './token-provider-options.js'

export interface ObtainTokenSettings
  extends Omit<TokenProviderSettings, 'credential'>,
    Pick<TokenClientSettings, 'random' | 'emit' | 'proxyVariable' | 'memory'>,
    Pick<StoreCallSettings, 'rejectedTokens'> {
  readonly loadKey: () => Promise<SigningKey>
  /** The part outside of this library that has to answer before there is a signature. */
  readonly asked: ReturnType<typeof findKeySource>
}

/**
 * Obtains one token within the option `timeout`: from the key to an assertion, and from the shared
 * store or the token endpoint to a token. Returns the failure to remember if anything throws.
 */
export function obtainToken(
  settings: ObtainTokenSettings,
  callWithoutSignal: Omit<TokenCall, 'signal'>,
): Promise<IssuedToken | PostponedRenewal | TokenRequestFailure> {
  const { clock, timeout, store, tokenEndpoint, asked, loadKey, proxyVariable } = settings
  let sent = 0
  let waitsFor = asked
  const startedAt = clock.now()

  const { closing } = callWithoutSignal
  return runWithin({ clock, ms: timeout, late, signal: closing }, async (signal) => {
    const call = { ...callWithoutSignal, signal }
    const key = await raceAbort(closing, loadKey())
    waitsFor = undefined
    const { clientId, audience, lifetimeSeconds } = settings.assertion
    const { alg, kid, thumbprint } = key
    const described = { alg, kid, audience, lifetimeSeconds, thumbprint, clientId }
    const client = { ...settings, fetch, sign, sent: described }
    const request = () => requestToken(client, call)
    if (store === undefined) return request()
    const storeKey = await createStoreKey(settings, key, call)
    const isFirst = settings.memory.isFirst
    settings.memory.isFirst = false
    const shared = { ...settings, store, key: storeKey, isFirst, startedAt, request }
    return getSharedToken(shared, call)

    function fetch(url: string, init: RequestInit) {
      sent += 1
      return settings.fetch(url, init)
    }

    async function sign(now: number, signal: AbortSignal) {
      if (asked === 'signer') waitsFor = asked
      try {
        const assertion = createAssertion(settings.assertion, key, { now, signal })
        return await raceAbort(closing, assertion)
      } catch (thrown) {
        throw toKeyError(thrown)
      } finally {
        waitsFor = undefined
      }
    }
  }).catch(toFailure)

  function late() {
    const request = { tokenEndpoint, attempts: sent, proxyVariable: proxyVariable() }
    return createTimeoutError(timeout, request, waitsFor)
  }
}

/** Everything that can change a token is part of its key in the store. */
function createStoreKey(
  { tokenEndpoint, parameters, partition, assertion }: ObtainTokenSettings,
  key: SigningKey,
  { access }: TokenCall,
): Promise<string> {
  if (key.identity === undefined) {
    throw new ConfigurationError(
      'ERR_INVALID_OPTION',
      "Option 'store' needs option 'kid' for this key: it cannot be exported, so it has no thumbprint.",
      'kid',
    )
  }
  return createTokenKey(access, {
    ...{ tokenEndpoint, parameters, partition, key: key.identity },
    assertion: describeAssertion(assertion, key),
  })
}

function toFailure(thrown: unknown): TokenRequestFailure {
  if (thrown instanceof TokenRequestFailure) return thrown
  if (isCountersignError(thrown)) return new TokenRequestFailure(thrown)
  // Not a network error: `fetch`, the store, the key and the signer have errors of their own.
  const name = createCause(thrown)?.name ?? 'error'
  const message = `The token request failed with an unexpected ${name}. Check option 'clock'.`
  return new TokenRequestFailure(new ConfigurationError('ERR_INVALID_OPTION', message))
}
