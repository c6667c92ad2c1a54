import type { AccessToken } from '../access-token.js'
import type { WaitingClock } from '../clock.js'
import {
  type CountersignError,
  copyError,
  isCountersignError,
  remember,
  TokenTransportError,
} from '../errors.js'
import type { IssuedToken, TokenCall, TokenRequestFailure } from '../issued-token.js'
import { accessKey, type RequestedAccess } from '../requested-access.js'
import { isAccessFailure } from './access-failure.js'
import {
  type CurrentToken,
  type CurrentTokenSettings,
  createCurrentToken,
} from './current-token.js'
import { readClocks } from './freshness.js'
import { createHoldOff, type ProviderHoldOff } from './hold-off.js'
import type { Flight, SingleFlight } from './single-flight.js'

/** The memory of a provider for one token key: its token, and how it is renewed. */
export interface TokenCache extends Pick<CurrentToken, 'invalidate'> {
  current: CurrentToken['get']
  /** Waits for the flight in progress, or starts one. */
  renewed(call: RenewalCall): Promise<AccessToken>
  isBusy(): boolean
}

interface RenewalCall {
  readonly signal: AbortSignal | undefined
  readonly forceRenewal: boolean
  /** The token that an API rejected to this caller. */
  readonly rejected: AccessToken | undefined
}

export interface TokenCacheSettings extends CurrentTokenSettings {
  readonly access: RequestedAccess
  readonly clock: WaitingClock
  readonly timeout: number
  readonly fetchToken: (call: Omit<TokenCall, 'signal'>) => Promise<IssuedToken>
  /** Returns the failure to remember for whatever was thrown. */
  readonly failure: (thrown: unknown) => TokenRequestFailure
  /** The provider's, for all of its token caches. */
  readonly singleFlight: SingleFlight<Landed | undefined>
  /** The provider's: failures that are not about this key's scope or resource. */
  readonly shared: ProviderHoldOff
  /** How an early renewal is kept alive; undefined: nothing is renewed early here. */
  readonly inBackground: () => ((renewal: Promise<unknown>) => void) | undefined
}

/** What a flight brought; undefined when the process stood still, so that its request could not run. */
export interface Landed {
  readonly accessToken: AccessToken
  readonly source: IssuedToken['source']
}

export function createTokenCache(settings: TokenCacheSettings): TokenCache {
  const { access, clock, timeout, emit, shared, singleFlight } = settings
  const key = accessKey(access)
  const ownHoldOff = createHoldOff()
  const token = createCurrentToken(settings, { renewEarly, heldOff })
  let inFlight: Flight | undefined

  return {
    current: token.get,
    renewed,
    invalidate: token.invalidate,
    isBusy: () => openFlight() !== undefined,
  }

  async function renewed({ signal, forceRenewal, rejected }: RenewalCall): Promise<AccessToken> {
    try {
      for (;;) {
        const failure = heldOff()
        if (failure !== undefined) throw failure
        const probe = openFlight() === undefined ? openProbe() : undefined
        if (probe !== undefined) {
          const ended = singleFlight.run(probe, async () => undefined).then(nothing, nothing)
          await singleFlight.wait(probe, ended, signal)
          continue
        }
        const { flight, running } = join(forceRenewal)
        const landed = await singleFlight.wait(flight, running, signal)
        const isStale = landed === undefined || (forceRenewal && landed.source === 'store')
        if (!isStale) return landed.accessToken
      }
    } catch (error) {
      if (!isCountersignError(error) || signal?.aborted) throw error
      const kept = forceRenewal ? undefined : token.get(rejected)
      if (kept !== undefined) return kept
      throw copyError(error)
    }
  }

  function renewEarly(): void {
    if (openFlight() !== undefined || heldOff() !== undefined || openProbe() !== undefined) return
    const keepAlive = settings.inBackground()
    if (keepAlive === undefined) return
    // Its failure is an event; nobody waits for it.
    const renewal = join(false).running.then(nothing, nothing)
    try {
      keepAlive(renewal)
    } catch {
      // The platform's own, called without its object: the token at hand serves all the same.
    }
  }

  /** The flight in progress, if it can still end. */
  function openFlight(): Flight | undefined {
    return inFlight === undefined || singleFlight.isLost(inFlight) ? undefined : inFlight
  }

  /** The single attempt that others make after a hold-off. */
  function openProbe(): Flight | undefined {
    return shared.probe === undefined || singleFlight.isLost(shared.probe)
      ? undefined
      : shared.probe
  }

  /** The failure for which no token request is made yet, unless one is in flight. */
  function heldOff(): CountersignError | undefined {
    if (openFlight() !== undefined) return undefined
    const now = readClocks(clock)
    return (ownHoldOff.current(now) ?? shared.current(now))?.error
  }

  function join(forceRenewal: boolean) {
    const flight = openFlight() ?? begin(forceRenewal)
    return { flight, running: singleFlight.run(flight, () => request(flight, forceRenewal)) }
  }

  function begin(forceRenewal: boolean): Flight {
    const flight = singleFlight.begin(key, forceRenewal)
    inFlight = flight
    // Until it has landed, token requests for other scopes wait.
    if (shared.isFailing()) shared.probe = flight
    return flight
  }

  async function request(flight: Flight, forceRenewal: boolean): Promise<Landed | undefined> {
    const { since, generation } = flight
    try {
      const issued = await settings.fetchToken({
        access,
        isProbe: ownHoldOff.isFailing() || shared.isFailing(),
        forceRenewal,
        refused: token.refused,
        deadline: since + timeout,
      })
      const accessToken = token.set(issued, generation)
      const { source, attempts } = issued
      ownHoldOff.succeed(since)
      if (source === 'endpoint') shared.succeed(since)
      land(flight)
      const duration = clock.monotonic() - since
      emit({ type: 'token-issued', source, expiresAt: accessToken.expiresAt, attempts, duration })
      return { accessToken, source }
    } catch (thrown) {
      const failure = settings.failure(thrown)
      const isCurrent = land(flight)
      // Its time limits ran while the process could not.
      if (isUnanswered(failure.error) && flight.isFrozen()) return undefined
      if (isCurrent) fail(failure, since)
      throw failure.error
    }
  }

  /**
   * Before any event: a listener may ask again, and must not join the flight that it stands in.
   * False: the flight was given up for lost.
   */
  function land(flight: Flight): boolean {
    if (shared.probe === flight) shared.probe = undefined
    if (inFlight !== flight) return false
    inFlight = undefined
    return true
  }

  function fail({ error, retryAfter }: TokenRequestFailure, since: number): void {
    const isAboutAccess = isAccessFailure(error)
    // The server knows the client, whatever it thinks of this scope.
    if (isAboutAccess) shared.succeed(since)
    const holdOff = isAboutAccess ? ownHoldOff : shared
    const { until } = holdOff.fail({ error, now: readClocks(clock), retryAfter, since })
    remember(error, until.wall)
    token.noteFailure(error)
    const servesUntil = token.servesUntil()
    emit({ type: 'renewal-failed', error, servesUntil, nextAttemptAt: until.wall })
  }
}

/** No answer came: the network failed or a time limit passed. */
function isUnanswered(error: CountersignError): boolean {
  return error instanceof TokenTransportError && error.retryable
}

function nothing(): void {}
