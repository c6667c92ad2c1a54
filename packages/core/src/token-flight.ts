import {
  createAssertion,
  describeAssertion,
  type SigningKey,
} from './assertion/client-assertion.js'
import type { findKeySource } from './assertion/signing-key.js'
import { within } from './deadline.js'
import { createCause } from './error-cause.js'
import { ConfigurationError, isCountersignError } from './errors.js'
import { type IssuedToken, type TokenCall, TokenRequestFailure } from './issued-token.js'
import { keyFailure } from './keys/key-error.js'
import { sharedToken } from './store/shared-token.js'
import { tokenKey } from './store/token-key.js'
import { requestToken, type TokenClientSettings } from './token-endpoint/token-client.js'
import type { TokenFetch } from './token-endpoint/token-request.js'
import { timeoutError } from './token-endpoint/transport-failure.js'
import type { TokenProviderSettings } from './token-provider-options.js'

type Asked = ReturnType<typeof findKeySource>

export interface TokenFlightSettings
  extends Omit<TokenProviderSettings, 'credential'>,
    Pick<TokenClientSettings, 'random' | 'emit' | 'proxyVariable' | 'memory'> {
  readonly loadKey: () => Promise<SigningKey>
  readonly asked: Asked
}

/** What a flight has done so far, which the message of its timeout states. */
interface Progress {
  sent: number
  /** Whom it waits for, if that is outside of this library. */
  asked: Asked
}

/**
 * Returns what obtains one token: from the key to an assertion, and from the shared store or the
 * token endpoint to a token, all within the option `timeout`.
 */
export function createTokenFlight(
  settings: TokenFlightSettings,
): (call: Omit<TokenCall, 'signal'>) => Promise<IssuedToken> {
  const { clock, timeout, store, loadKey, asked, tokenEndpoint, proxyVariable } = settings

  return (withoutSignal) => {
    const progress: Progress = { sent: 0, asked }
    const late = () => {
      const request = { tokenEndpoint, attempts: progress.sent, proxyVariable: proxyVariable() }
      return timeoutError(timeout, request, progress.asked)
    }
    return within({ clock, ms: timeout, late }, async (signal) => {
      const call = { ...withoutSignal, signal }
      const key = await loadKey()
      progress.asked = undefined
      const { clientId, audience, lifetimeSeconds } = settings.assertion
      const { alg, kid, thumbprint } = key
      const client = {
        ...settings,
        fetch: counted(settings.fetch, progress),
        sign: signer(key, progress),
        sent: { alg, kid, audience, lifetimeSeconds, thumbprint, clientId },
      }
      const request = () => requestToken(client, call)
      if (store === undefined) return request()
      return sharedToken({ ...settings, store, key: await storeKey(key, call), request }, call)
    })
  }

  function signer(key: SigningKey, progress: Progress) {
    return async (now: number, signal: AbortSignal) => {
      if (asked === 'signer') progress.asked = asked
      try {
        return await createAssertion(settings.assertion, key, { now, signal })
      } catch (thrown) {
        throw keyFailure(thrown)
      } finally {
        progress.asked = undefined
      }
    }
  }

  function storeKey(key: SigningKey, { access }: TokenCall): Promise<string> {
    const { tokenEndpoint, parameters, partition, assertion } = settings
    return tokenKey({
      ...{ tokenEndpoint, access, parameters, partition },
      key: key.identity ?? sharedStoreNeedsKid(),
      assertion: describeAssertion(assertion, key),
    })
  }
}

function counted(fetch: TokenFetch, progress: Progress): TokenFetch {
  return (url, init) => {
    progress.sent += 1
    return fetch(url, init)
  }
}

/** Returns the failure to remember for whatever was thrown. */
export function tokenFlightFailure(thrown: unknown): TokenRequestFailure {
  if (thrown instanceof TokenRequestFailure) return thrown
  return new TokenRequestFailure(isCountersignError(thrown) ? thrown : unexpectedError(thrown))
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
