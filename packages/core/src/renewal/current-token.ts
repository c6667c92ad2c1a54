import { type AccessToken, createAccessToken } from '../access-token.js'
import type { Clock } from '../clock.js'
import type { CountersignError } from '../errors.js'
import type { Emit } from '../events.js'
import type { IssuedToken, RefusedToken } from '../issued-token.js'
import { freshness, type Lifetime, lifetime, readClocks } from './freshness.js'
import { doubt, noRefusals, type Refusals, refuse, replace } from './refusal.js'

/** The token of one token key, and what resource servers said about it. */
export interface CurrentToken {
  /**
   * Returns the token, unless it is suspect and either its renewal has not failed yet or `rejected`
   * is that token. Starts the early renewal when it is due.
   */
  get(rejected?: AccessToken): AccessToken | undefined
  /** Replaces it with what a flight brought, unless a later flight has brought one. */
  set(issued: IssuedToken, generation: number): AccessToken
  /** Does nothing unless the current token has the same value. */
  invalidate(rejected: AccessToken, isCertain: boolean): void
  /** After a retryable error a suspect token serves again; after any other it is dropped. */
  noteFailure(error: CountersignError): void
  /** Epoch milliseconds; undefined: it does not serve. */
  servesUntil(): number | undefined
  /** Returns the token that was rejected last, which may have been replaced since. */
  refused(): RefusedToken | undefined
}

export interface CurrentTokenSettings {
  readonly clock: Clock
  readonly early: number
  readonly random: () => number
  readonly emit: Emit
}

/** How the token is renewed. */
interface Renewal {
  readonly renewEarly: () => void
  /** The failure for which no token request is made yet. */
  readonly heldOff: () => CountersignError | undefined
}

interface Kept {
  readonly accessToken: AccessToken
  readonly lifetime: Lifetime
  /** Set once it was rejected; it serves again once its renewal has failed. */
  suspicion?: { readonly isCertain: boolean; serves: boolean }
}

export function createCurrentToken(
  { clock, early, random, emit }: CurrentTokenSettings,
  renewal: Renewal,
): CurrentToken {
  let kept: Kept | undefined
  let refusals: Refusals = noRefusals
  let refused: RefusedToken | undefined
  /** The generation of the last token, which may have been dropped since. */
  let newest = 0

  return { get, set, invalidate, noteFailure, servesUntil, refused: () => refused }

  function get(rejected?: AccessToken): AccessToken | undefined {
    if (kept === undefined) return undefined
    const { accessToken, suspicion } = kept
    const state = freshness(kept.lifetime, readClocks(clock))
    if (state === 'fresh' && suspicion === undefined) return accessToken
    if (state === 'expired') return undefined
    const isRejected = accessToken.value === rejected?.value
    if (suspicion !== undefined && (!suspicion.serves || isRejected)) return undefined
    renewal.renewEarly()
    return accessToken
  }

  function set({ token, sentAt }: IssuedToken, generation: number): AccessToken {
    const accessToken = createAccessToken(token)
    if (generation < newest) return accessToken
    newest = generation
    const now = readClocks(clock)
    kept = {
      accessToken,
      lifetime: lifetime(token, now, { early, random: random(), sentAt }),
    }
    refusals = replace(refusals, now.monotonic)
    return accessToken
  }

  function invalidate(rejected: AccessToken, isCertain: boolean): void {
    if (kept === undefined || kept.accessToken.value !== rejected?.value) return
    if (kept.suspicion !== undefined && (kept.suspicion.isCertain || !isCertain)) return
    const now = clock.monotonic()
    const { action, state } = isCertain ? refuse(refusals, now) : doubt(refusals, now)
    refusals = state
    if (action === 'ignored') return
    if (action === 'suspect') suspect(kept, isCertain)
    const coolDownUntil = action === 'kept' ? clock.now() + (state.coolDownUntil - now) : undefined
    emit({ type: 'token-refused', action, coolDownUntil })
  }

  function suspect(rejected: Kept, isCertain: boolean): void {
    const { value, tokenType, issuedAt, expiresAt } = rejected.accessToken
    refused = { token: { value, tokenType, issuedAt, expiresAt }, isCertain }
    rejected.suspicion = { isCertain, serves: false }
    const failure = renewal.heldOff()
    if (failure !== undefined) noteFailure(failure)
  }

  function noteFailure({ retryable }: CountersignError): void {
    const suspicion = kept?.suspicion
    if (suspicion === undefined) return
    if (retryable || !suspicion.isCertain) suspicion.serves = true
    else kept = undefined
  }

  function servesUntil(): number | undefined {
    if (kept === undefined || freshness(kept.lifetime, readClocks(clock)) === 'expired')
      return undefined
    return kept.accessToken.expiresAt
  }
}
