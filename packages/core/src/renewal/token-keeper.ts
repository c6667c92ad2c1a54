import { type AccessToken, createAccessToken, type StoredToken } from '../access-token.js'
import type { WaitingClock } from '../clock.js'
import { type CountersignError, remember } from '../errors.js'
import type { Emit } from '../events.js'
import { freshness, type Instant, type Lifetime, lifetime } from './freshness.js'
import { type Failure, holdOff, isHeldOff } from './hold-off.js'
import { noRefusals, type Refusals, refuse, replace } from './refusal.js'
import { type Flight, flights, isDead, waitFor } from './single-flight.js'

/** One token key's token, and how it is renewed. */
export interface TokenKeeper {
  /** The token at hand; starts the early renewal when it is due. */
  current(): AccessToken | undefined
  /** Waits for the flight under way, or starts one. */
  renewed(call: { signal: AbortSignal | undefined; forceRenewal: boolean }): Promise<AccessToken>
  /** False: it is not the current token. */
  invalidate(accessToken: AccessToken): boolean
  readonly isBusy: () => boolean
}

export interface FetchCall {
  /** After a failure: one attempt, no retries. */
  readonly isProbe: boolean
  readonly forceRenewal: boolean
  /** Of the token that was refused last, which a shared store may still hold. */
  readonly refused: StoredToken | undefined
  /** Monotonic. */
  readonly deadline: number
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
  /** How an early renewal is kept alive; undefined: nothing is renewed early here. */
  readonly inBackground: () => ((renewal: Promise<unknown>) => void) | undefined
}

interface Kept {
  readonly accessToken: AccessToken
  readonly lifetime: Lifetime
}

export function tokenKeeper(settings: TokenKeeperSettings): TokenKeeper {
  const { clock, timeout, early, random, emit } = settings
  const startFlight = flights<AccessToken>()
  let kept: Kept | undefined
  let flight: Flight<AccessToken> | undefined
  let failure: Failure | undefined
  let refusals: Refusals = noRefusals
  let refused: StoredToken | undefined
  /** The flight that brought the last token, which may have been refused since. */
  let newest = 0

  return { current, renewed, invalidate, isBusy: () => openFlight() !== undefined }

  function current(): AccessToken | undefined {
    if (kept === undefined) return undefined
    const now = instant()
    const state = freshness(kept.lifetime, now)
    if (state === 'fresh') return kept.accessToken
    if (state === 'expired') return undefined
    renewEarly(now)
    return kept.accessToken
  }

  async function renewed({
    signal,
    forceRenewal,
  }: {
    signal: AbortSignal | undefined
    forceRenewal: boolean
  }) {
    for (;;) {
      if (openFlight() === undefined && failure !== undefined && isHeldOff(failure, instant()))
        throw failure.error
      const token = await waitFor(openFlight() ?? start(forceRenewal), { timeout, clock, signal })
      if (token !== undefined) return token
    }
  }

  function invalidate(accessToken: AccessToken): boolean {
    if (kept?.accessToken !== accessToken) return false
    const now = clock.monotonic()
    const { action, state } = refuse(refusals, now)
    refusals = state
    if (action === 'ignored') return true
    if (action === 'dropped') {
      refused = stored(accessToken)
      kept = undefined
    }
    const coolDownUntil = action === 'kept' ? clock.now() + (state.coolDownUntil - now) : undefined
    emit({ type: 'token-refused', action, coolDownUntil })
    return true
  }

  function renewEarly(now: Instant): void {
    if (openFlight() !== undefined || (failure !== undefined && isHeldOff(failure, now))) return
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

  /** The flight under way, if it can still end. */
  function openFlight(): Flight<AccessToken> | undefined {
    return flight !== undefined && !isDead(flight, timeout, clock.monotonic()) ? flight : undefined
  }

  function start(forceRenewal: boolean): Flight<AccessToken> {
    const since = clock.monotonic()
    const call: FetchCall = {
      isProbe: failure !== undefined,
      forceRenewal,
      refused,
      deadline: since + timeout,
    }
    const started = startFlight(since, (id) => fly(id, call, since))
    flight = started
    return started
  }

  async function fly(id: number, call: FetchCall, since: number): Promise<AccessToken> {
    try {
      const { token, source, attempts, sentAt } = await settings.fetchToken(call)
      const accessToken = keep(token, id, sentAt)
      land(id)
      const duration = clock.monotonic() - since
      emit({ type: 'token-issued', source, expiresAt: token.expiresAt, attempts, duration })
      return accessToken
    } catch (thrown) {
      throw fail(settings.failure(thrown), id)
    } finally {
      land(id)
    }
  }

  /** Before anyone is told: a listener may refuse the token, and ask for the next one. */
  function land(id: number): void {
    if (flight?.id === id) flight = undefined
  }

  /** A flight that was given up for dead does not displace what a later one brought. */
  function keep(token: StoredToken, id: number, sentAt: number | undefined): AccessToken {
    const accessToken = createAccessToken(token)
    if (id < newest) return accessToken
    newest = id
    const now = instant()
    kept = { accessToken, lifetime: lifetime(token, now, { early, random: random(), sentAt }) }
    refusals = replace(refusals, now.monotonic)
    failure = undefined
    return accessToken
  }

  function fail({ error, retryAfter }: FetchFailure, id: number): CountersignError {
    if (flight?.id !== id) return error
    const now = instant()
    failure = holdOff(failure, error, now, retryAfter)
    remember(error, failure.until.wall)
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

function nothing(): void {}
