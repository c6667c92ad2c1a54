import type { AccessToken } from '../access-token.js'
import type { WaitingClock } from '../clock.js'
import {
  copyError,
  isCountersignError,
  ProviderClosedError,
  remember,
  TokenTransportError,
} from '../errors.js'
import type { Emit } from '../events.js'
import {
  type IssuedToken,
  type PostponedRenewal,
  type TokenCall,
  TokenRequestFailure,
} from '../issued-token.js'
import { createAccessKey, type RequestedAccess } from '../requested-access.js'
import type { AccessTokenOptions, TokenStatus } from '../token-source.js'
import type { Trace } from '../tracing.js'
import {
  type CurrentToken,
  type CurrentTokenSettings,
  createCurrentToken,
} from './current-token.js'
import { readClocks } from './freshness.js'
import { createHoldOff, type HoldOff, isAccessFailure } from './hold-off.js'
import type { RequestInFlight, SingleFlight } from './single-flight.js'

type RenewalCall = Pick<AccessTokenOptions, 'signal' | 'forceRenewal' | 'rejected'>

export interface TokenCacheSettings extends CurrentTokenSettings {
  readonly access: RequestedAccess
  readonly clock: WaitingClock
  readonly emit: Emit
  readonly trace: Trace
  readonly timeout: number
  readonly fetchToken: (
    call: Omit<TokenCall, 'signal'>,
  ) => Promise<IssuedToken | PostponedRenewal | TokenRequestFailure>
  /** The provider's, for all of its token caches. */
  readonly singleFlight: SingleFlight<Obtained | undefined>
  /** The provider's: failures that are not about this key's scope or resource. */
  readonly shared: HoldOff
  /** Returns how an early renewal is kept alive; undefined: tokens are not renewed early here. */
  readonly getKeepAlive: () => ((renewal: Promise<unknown>) => void) | undefined
}

/** The result of a token request; undefined if the process stood still, so that it could not run. */
export interface Obtained {
  readonly accessToken: AccessToken
  readonly source: IssuedToken['source']
  readonly attempts: number
}

/** The token of one key, and the state of its renewal. */
interface Cache extends TokenCacheSettings {
  readonly key: string
  readonly token: CurrentToken
  /** Failures that are about this key's scope or resource. */
  readonly own: HoldOff
  inFlight: RequestInFlight | undefined
  isClosed: boolean
  /** Monotonic. Until then no early renewal starts: another member makes the token request. */
  postponedUntil: number
}

export type TokenCache = ReturnType<typeof createTokenCache>

/** Creates the memory of a provider for one key: its token, and how it is renewed. */
export function createTokenCache(settings: TokenCacheSettings) {
  const { singleFlight, access } = settings
  const token = createCurrentToken(settings, () => renewEarly(cache))
  const own = createHoldOff()
  const cache: Cache = {
    ...settings,
    key: createAccessKey(access),
    token,
    own,
    inFlight: undefined,
    isClosed: false,
    postponedUntil: Number.NEGATIVE_INFINITY,
  }
  return {
    current: token.get,
    /** Waits for the token request in flight, or starts one. */
    renew: (call: RenewalCall) => renew(cache, call),
    /** Does nothing unless the current token has the same value. */
    invalidate: (reported: AccessToken, isCertain: boolean) =>
      invalidate(cache, reported, isCertain),
    isBusy: () => singleFlight.isOpen(cache.inFlight),
    status: () => describeStatus(cache),
    /** Resolves when the token request in flight has ended. */
    close: () => close(cache),
  }
}

async function renew(cache: Cache, call: RenewalCall): Promise<AccessToken> {
  const { singleFlight, shared } = cache
  const { signal, forceRenewal = false, rejected } = call
  try {
    for (;;) {
      if (cache.isClosed) throw new ProviderClosedError()
      const failure = findFailure(cache)
      if (failure !== undefined) throw failure.error
      const { attempt } = shared
      if (!singleFlight.isOpen(cache.inFlight) && singleFlight.isOpen(attempt)) {
        const ended = singleFlight.run(attempt, async () => undefined).then(ignore, ignore)
        await singleFlight.wait(attempt, ended, signal)
        continue
      }
      const { request, running } = joinRequest(cache, forceRenewal)
      const obtained = await singleFlight.wait(request, running, signal)
      const isStale =
        obtained === undefined || (forceRenewal && obtained.source === 'store' && !request.isForced)
      if (!isStale) return obtained.accessToken
    }
  } catch (error) {
    if (!isCountersignError(error) || signal?.aborted) throw error
    const kept = forceRenewal ? undefined : cache.token.get(rejected)
    if (kept !== undefined) return kept
    throw copyError(error)
  }
}

function renewEarly(cache: Cache): void {
  const { singleFlight, shared } = cache
  if (singleFlight.isOpen(cache.inFlight) || singleFlight.isOpen(shared.attempt)) return
  if (findFailure(cache) !== undefined || cache.clock.monotonic() < cache.postponedUntil) return
  const keepAlive = cache.getKeepAlive()
  if (keepAlive === undefined) return
  // Its failure is an event; no caller waits for it.
  const renewal = joinRequest(cache, false).running.then(ignore, ignore)
  try {
    keepAlive(renewal)
  } catch {
    // A platform's function may throw without its object. The current token is still used.
  }
}

function invalidate(cache: Cache, reported: AccessToken, isCertain: boolean): void {
  const consequence = cache.token.reject(reported, isCertain)
  if (consequence === undefined) return
  const failure = findFailure(cache)
  if (failure !== undefined && consequence.action === 'suspect')
    cache.token.noteFailure(failure.error)
  cache.emit({ type: 'token-rejected', ...consequence })
}

function describeStatus(cache: Cache): TokenStatus {
  const { access, token, own, shared, isClosed } = cache
  const held = findFailure(cache)
  const failure = held ?? own.last() ?? shared.last()
  return {
    ...access,
    ...token.describe(),
    ...(isClosed && { state: 'closed' }),
    lastError: failure && copyError(failure.error),
    nextAttemptAt: held?.until.wall,
  }
}

/** Callers that wait for a token request receive its token. Without one, it is aborted. */
async function close(cache: Cache): Promise<void> {
  const { singleFlight, token, inFlight } = cache
  cache.isClosed = true
  token.close()
  if (!singleFlight.isOpen(inFlight)) return
  inFlight.close(new ProviderClosedError())
  await singleFlight.run(inFlight, async () => undefined).catch(ignore)
}

/** Returns the failure because of which no token request is made, unless one is in flight. */
function findFailure({ clock, singleFlight, own, shared, inFlight }: Cache) {
  if (singleFlight.isOpen(inFlight)) return undefined
  const now = readClocks(clock)
  return own.current(now) ?? shared.current(now)
}

function joinRequest(cache: Cache, isForced: boolean) {
  const { singleFlight, key, inFlight, shared } = cache
  const request = singleFlight.isOpen(inFlight) ? inFlight : singleFlight.start(key, isForced)
  cache.inFlight = request
  // Until a single attempt has settled, token requests for other scopes wait.
  if (request !== inFlight && shared.last()) shared.attempt = request
  const work = () => obtain(cache, request, isForced)
  const running = singleFlight.run(request, () => cache.trace(work, describeObtained))
  return { request, running }
}

async function obtain(
  cache: Cache,
  request: RequestInFlight,
  forceRenewal: boolean,
): Promise<Obtained | undefined> {
  const { access, clock, timeout, token, own, shared, emit } = cache
  const { startedAt, generation } = request
  const isProbe = (own.last() ?? shared.last()) !== undefined
  const deadline = startedAt + timeout
  const { lastRejected: rejected } = token
  const { closing } = request
  const ownToken = () => ({ ...token.measureSpare(), ...(forceRenewal && { spare: 0 }) })
  const call = { access, isProbe, forceRenewal, ownToken, rejected, deadline, closing }
  const outcome = await cache.fetchToken(call)
  if (outcome instanceof TokenRequestFailure) {
    const wasCurrent = forgetRequest(cache, request)
    const { error } = outcome
    const isUnanswered = error instanceof TokenTransportError && error.retryable
    // Its time limits ran while the process could not.
    if (isUnanswered && request.isFrozen()) return undefined
    if (wasCurrent && !request.closing.aborted) noteFailure(cache, outcome, startedAt)
    throw error
  }
  if ('pause' in outcome) {
    cache.postponedUntil = clock.monotonic() + outcome.pause
    forgetRequest(cache, request)
    return undefined
  }
  const { source, attempts, attemptDuration } = outcome
  const accessToken = token.set(outcome, generation)
  own.succeed(startedAt)
  if (source === 'endpoint') shared.succeed(startedAt)
  forgetRequest(cache, request)
  const { expiresAt } = accessToken
  const duration = clock.monotonic() - startedAt
  emit({ type: 'token-issued', source, expiresAt, attempts, duration, attemptDuration })
  return { accessToken, source, attempts }
}

function describeObtained({ accessToken, source, attempts }: Obtained) {
  return { source, attempts, expiresAt: accessToken.expiresAt }
}

/**
 * Called before any event: a listener that asks for a token must not wait for the token request
 * that called it. Returns false if the request had been given up.
 */
function forgetRequest(cache: Cache, request: RequestInFlight): boolean {
  if (cache.shared.attempt === request) cache.shared.attempt = undefined
  if (cache.inFlight !== request) return false
  cache.inFlight = undefined
  return true
}

function noteFailure(cache: Cache, failure: TokenRequestFailure, startedAt: number): void {
  const { clock, own, shared, token, emit } = cache
  const { error, retryAfter } = failure
  const isAboutAccess = isAccessFailure(error)
  // The server knows the client, whatever it thinks of this scope.
  if (isAboutAccess) shared.succeed(startedAt)
  const holdOff = isAboutAccess ? own : shared
  const { until } = holdOff.fail({ error, now: readClocks(clock), retryAfter, startedAt })
  remember(error, until.wall)
  token.noteFailure(error)
  const { state, expiresAt } = token.describe()
  const servesUntil = state === 'expired' ? undefined : expiresAt
  emit({ type: 'renewal-failed', error, servesUntil, nextAttemptAt: until.wall })
}

function ignore(): void {}
