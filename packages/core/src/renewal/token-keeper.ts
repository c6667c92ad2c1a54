import { type AccessToken, createAccessToken, type StoredToken } from '../access-token.js'
import type { WaitingClock } from '../clock.js'
import {
  type CountersignError,
  copyError,
  isCountersignError,
  remember,
  TokenTransportError,
} from '../errors.js'
import type { Emit } from '../events.js'
import { isAccessFailure } from './access-failure.js'
import { freshness, type Instant, type Lifetime, lifetime } from './freshness.js'
import { createHoldOff, type Failure, type ProviderHoldOff } from './hold-off.js'
import { doubt, noRefusals, type Refusals, refuse, replace } from './refusal.js'
import { type Flight, flights, type Run, waitFor } from './single-flight.js'

/** One token key's token, and how it is renewed. */
export interface TokenKeeper {
  /**
   * The token at hand, unless it is suspect and either its renewal has not failed yet or `rejected`
   * is that token. Starts the early renewal when it is due.
   */
  current(rejected?: AccessToken): AccessToken | undefined
  /** Waits for the flight in progress, or starts one. */
  renewed(call: RenewalCall): Promise<AccessToken>
  /** Does nothing unless the current token has the same value. */
  invalidate(rejected: AccessToken, isCertain: boolean): void
  readonly isBusy: () => boolean
}

interface RenewalCall {
  readonly signal: AbortSignal | undefined
  readonly forceRenewal: boolean
  /** The token that an API rejected to this caller. */
  readonly rejected: AccessToken | undefined
}

export interface FetchCall {
  /** After a failure: one attempt, no retries. */
  readonly isProbe: boolean
  readonly forceRenewal: boolean
  /** The token that was rejected last, which a shared store may still hold. */
  readonly refused: () => RefusedToken | undefined
  /** Monotonic. */
  readonly deadline: number
}

interface RefusedToken {
  readonly token: StoredToken
  readonly isCertain: boolean
}

export interface FetchedToken {
  readonly token: StoredToken
  readonly source: 'endpoint' | 'store'
  readonly attempts: number
  /** Monotonic: when the token request was sent; of a token from the store it is not known. */
  readonly sentAt?: number
}

/** A failed fetch, as the keeper remembers it. */
export interface FetchFailure {
  readonly error: CountersignError
  readonly retryAfter: number | undefined
}

export interface TokenKeeperSettings {
  readonly clock: WaitingClock
  readonly timeout: number
  readonly early: number
  readonly random: () => number
  readonly emit: Emit
  readonly fetchToken: (call: FetchCall) => Promise<FetchedToken>
  readonly failure: (thrown: unknown) => FetchFailure
  /** Of the provider: failures that are not about this key's scope or resource. */
  readonly shared: ProviderHoldOff
  /** How an early renewal is kept alive; undefined: nothing is renewed early here. */
  readonly inBackground: () => ((renewal: Promise<unknown>) => void) | undefined
}

interface Kept {
  readonly accessToken: AccessToken
  readonly lifetime: Lifetime
}

/** A rejected token; it serves again once its renewal has failed with a retryable error. */
interface Suspicion {
  readonly isCertain: boolean
  serves: boolean
}

interface Landed {
  readonly accessToken: AccessToken
  readonly source: FetchedToken['source']
}

export function tokenKeeper(settings: TokenKeeperSettings): TokenKeeper {
  const { clock, timeout, early, random, emit, shared } = settings
  /** Resolves to undefined when the process stood still, so that its request could not run. */
  const startFlight = flights<Landed | undefined>({ timeout, clock })
  const ownHoldOff = createHoldOff()
  let kept: Kept | undefined
  /** Of the kept token. */
  let suspicion: Suspicion | undefined
  let flight: Flight<Landed | undefined> | undefined
  let refusals: Refusals = noRefusals
  let refused: RefusedToken | undefined
  /** The flight that brought the last token, which may have been rejected since. */
  let newest = 0

  return { current, renewed, invalidate, isBusy: () => openFlight() !== undefined }

  function current(rejected?: AccessToken): AccessToken | undefined {
    if (kept === undefined) return undefined
    const now = instant()
    const state = freshness(kept.lifetime, now)
    if (state === 'fresh' && suspicion === undefined) return kept.accessToken
    if (state === 'expired') return undefined
    if (
      suspicion !== undefined &&
      (!suspicion.serves || kept.accessToken.value === rejected?.value)
    )
      return undefined
    renewEarly(now)
    return kept.accessToken
  }

  async function renewed({ signal, forceRenewal, rejected }: RenewalCall): Promise<AccessToken> {
    try {
      for (;;) {
        const open = openFlight()
        if (open === undefined) {
          const failure = heldOff(instant())
          if (failure !== undefined) throw failure.error
          const probe = openProbe()
          if (probe !== undefined) {
            await waitFor(settled(probe), { timeout, clock, signal })
            continue
          }
        }
        const landed = await waitFor(open ?? start(forceRenewal), { timeout, clock, signal })
        const isStale = landed === undefined || (forceRenewal && landed.source === 'store')
        if (!isStale) return landed.accessToken
      }
    } catch (error) {
      if (!isCountersignError(error) || signal?.aborted) throw error
      const token = forceRenewal ? undefined : current(rejected)
      if (token !== undefined) return token
      throw copyError(error)
    }
  }

  function invalidate(rejected: AccessToken, isCertain: boolean): void {
    if (kept === undefined || kept.accessToken.value !== rejected?.value) return
    const { accessToken } = kept
    if (suspicion !== undefined && (suspicion.isCertain || !isCertain)) return
    const now = clock.monotonic()
    const { action, state } = isCertain ? refuse(refusals, now) : doubt(refusals, now)
    refusals = state
    if (action === 'ignored') return
    if (action === 'suspect') suspect(accessToken, isCertain)
    const coolDownUntil = action === 'kept' ? clock.now() + (state.coolDownUntil - now) : undefined
    emit({ type: 'token-refused', action, coolDownUntil })
  }

  function suspect(accessToken: AccessToken, isCertain: boolean): void {
    refused = { token: stored(accessToken), isCertain }
    suspicion = { isCertain, serves: false }
    // Within a hold-off its renewal has failed already.
    const failure = openFlight() === undefined ? heldOff(instant()) : undefined
    if (failure !== undefined) settleSuspicion(failure.error)
  }

  function settleSuspicion({ retryable }: CountersignError): void {
    if (suspicion === undefined) return
    if (retryable || !suspicion.isCertain) suspicion.serves = true
    else forget()
  }

  function forget(): void {
    kept = undefined
    suspicion = undefined
  }

  function renewEarly(now: Instant): void {
    if (openFlight() !== undefined || heldOff(now) !== undefined || openProbe() !== undefined)
      return
    const keepAlive = settings.inBackground()
    if (keepAlive === undefined) return
    // Its failure is an event; nobody waits for it.
    const renewal = start(false).promise.then(nothing, nothing)
    try {
      keepAlive(renewal)
    } catch {
      // The platform's own, called without its object: the token at hand serves all the same.
    }
  }

  /** The flight in progress, if it can still end. */
  function openFlight(): Flight<Landed | undefined> | undefined {
    return flight === undefined || flight.isLost() ? undefined : flight
  }

  function openProbe(): Flight<unknown> | undefined {
    return shared.probe === undefined || shared.probe.isLost() ? undefined : shared.probe
  }

  function heldOff(now: Instant): Failure | undefined {
    return ownHoldOff.current(now) ?? shared.current(now)
  }

  function start(forceRenewal: boolean): Flight<Landed | undefined> {
    const call: FetchCall = {
      isProbe: ownHoldOff.isFailing() || shared.isFailing(),
      forceRenewal,
      refused: () => refused,
      deadline: clock.monotonic() + timeout,
    }
    const started = startFlight((run) => fly(run, call))
    flight = started
    if (shared.isFailing()) lead(started)
    return started
  }

  /** Until it has ended, token requests for other scopes wait. */
  function lead(probe: Flight<unknown>): void {
    shared.probe = probe
    const follow = () => {
      if (shared.probe === probe) shared.probe = undefined
    }
    probe.promise.then(follow, follow)
  }

  async function fly(run: Run, call: FetchCall): Promise<Landed | undefined> {
    try {
      const { token, source, attempts, sentAt } = await settings.fetchToken(call)
      const accessToken = keep(token, run, sentAt)
      if (source === 'endpoint') shared.succeed(run.since)
      land(run.id)
      const duration = clock.monotonic() - run.since
      emit({ type: 'token-issued', source, expiresAt: token.expiresAt, attempts, duration })
      return { accessToken, source }
    } catch (thrown) {
      const failure = settings.failure(thrown)
      // Its time limits ran while the process could not.
      if (isUnanswered(failure.error) && run.isFrozen()) return undefined
      throw fail(failure, run)
    } finally {
      land(run.id)
    }
  }

  /** Before anyone is told: a listener may reject the token, and ask for the next one. */
  function land(id: number): void {
    if (flight?.id === id) flight = undefined
  }

  /** A flight that was given up for lost does not displace what a later one brought. */
  function keep(token: StoredToken, { id, since }: Run, sentAt: number | undefined): AccessToken {
    const accessToken = createAccessToken(token)
    if (id < newest) return accessToken
    newest = id
    const now = instant()
    kept = { accessToken, lifetime: lifetime(token, now, { early, random: random(), sentAt }) }
    suspicion = undefined
    refusals = replace(refusals, now.monotonic)
    ownHoldOff.succeed(since)
    return accessToken
  }

  function fail({ error, retryAfter }: FetchFailure, { id, since }: Run): CountersignError {
    if (flight?.id !== id) return error
    const now = instant()
    const isAboutAccess = isAccessFailure(error)
    // The server knows the client, whatever it thinks of this scope.
    if (isAboutAccess) shared.succeed(since)
    const holdOff = isAboutAccess ? ownHoldOff : shared
    const failure = holdOff.fail({ error, now, retryAfter, since })
    remember(error, failure.until.wall)
    settleSuspicion(error)
    const servesUntil =
      kept !== undefined && freshness(kept.lifetime, now) !== 'expired'
        ? kept.accessToken.expiresAt
        : undefined
    emit({ type: 'renewal-failed', error, servesUntil, nextAttemptAt: failure.until.wall })
    return error
  }

  function instant(): Instant {
    return { wall: clock.now(), monotonic: clock.monotonic() }
  }
}

function stored({ value, tokenType, issuedAt, expiresAt }: AccessToken): StoredToken {
  return { value, tokenType, issuedAt, expiresAt }
}

/** No answer came: the network failed or a time limit passed. */
function isUnanswered(error: CountersignError): boolean {
  return error instanceof TokenTransportError && error.retryable
}

/** A flight of which only the end matters. */
function settled(flight: Flight<unknown>): Flight<void> {
  return { ...flight, promise: flight.promise.then(nothing, nothing) }
}

function nothing(): void {}
