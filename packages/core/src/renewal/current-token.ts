import { type AccessToken, createAccessToken } from '../access-token.js'
import type { Clock } from '../clock.js'
import type { CountersignError } from '../errors.js'
import type { IssuedToken, TokenCall } from '../issued-token.js'
import { computeLifetime, judgeFreshness, type Lifetime, readClocks } from './freshness.js'
import { createProbation } from './probation.js'

export interface CurrentTokenSettings {
  readonly clock: Clock
  readonly early: number
  readonly random: () => number
}

interface Kept {
  readonly accessToken: AccessToken
  readonly lifetime: Lifetime
  /** Set once it was rejected. A suspect token is used again if its renewal fails. */
  suspicion?: { readonly isCertain: boolean; isUsable: boolean }
}

export type CurrentToken = ReturnType<typeof createCurrentToken>

/** The token of one key, and what resource servers said about it. */
export function createCurrentToken(
  { clock, early, random }: CurrentTokenSettings,
  renewEarly: () => void,
) {
  let kept: Kept | undefined
  const probation = createProbation()
  let rejected: ReturnType<TokenCall['rejected']>
  /** The generation of the last token, which may have been dropped since. */
  let newest = 0

  return {
    get,
    set,
    reject,
    noteFailure,
    describe,
    measureSpare,
    close,
    lastRejected: () => rejected,
  }

  /**
   * Returns the token, unless it is suspect and either its renewal has not failed yet or `rejected`
   * is that token. Starts the early renewal when it is due.
   */
  function get(rejected?: AccessToken): AccessToken | undefined {
    if (kept === undefined) return undefined
    const { accessToken, suspicion } = kept
    const freshness = judgeFreshness(kept.lifetime, readClocks(clock))
    if (freshness === 'fresh' && suspicion === undefined) return accessToken
    if (freshness === 'expired') return undefined
    const isRejected = accessToken.value === rejected?.value
    if (suspicion !== undefined && (!suspicion.isUsable || isRejected)) return undefined
    renewEarly()
    return accessToken
  }

  /** Replaces it with what a token request obtained, unless a later request has replaced it. */
  function set({ token, sentAt }: IssuedToken, generation: number): AccessToken {
    const accessToken = createAccessToken(token)
    if (generation < newest) return accessToken
    newest = generation
    const now = readClocks(clock)
    kept = {
      accessToken,
      lifetime: computeLifetime(token, now, { early, random: random(), sentAt }),
    }
    probation.noteReplacement(now.monotonic)
    return accessToken
  }

  /** Returns what follows if `reported` has the value of the current token, and something follows. */
  function reject(reported: AccessToken, isCertain: boolean) {
    if (kept === undefined || kept.accessToken.value !== reported?.value) return undefined
    if (kept.suspicion !== undefined && (kept.suspicion.isCertain || !isCertain)) return undefined
    const now = clock.monotonic()
    const action = probation.noteRejection(now, isCertain)
    if (action === undefined) return undefined
    if (action === 'kept')
      return { action, coolDownUntil: clock.now() + (probation.coolDownUntil() - now) }
    const { value, tokenType, issuedAt, expiresAt } = kept.accessToken
    rejected = { token: { value, tokenType, issuedAt, expiresAt }, isCertain }
    kept.suspicion = { isCertain, isUsable: false }
    return { action, coolDownUntil: undefined }
  }

  /** After a retryable error a suspect token is used again; after any other it is dropped. */
  function noteFailure({ retryable }: CountersignError): void {
    const suspicion = kept?.suspicion
    if (suspicion === undefined) return
    if (retryable || !suspicion.isCertain) suspicion.isUsable = true
    else kept = undefined
  }

  /** Describes the token without a side effect. Instants are epoch milliseconds. */
  function describe() {
    if (kept === undefined)
      return { state: 'empty', expiresAt: undefined, dueAt: undefined } as const
    const { accessToken, lifetime, suspicion } = kept
    const freshness = judgeFreshness(lifetime, readClocks(clock))
    const state = suspicion && freshness !== 'expired' ? 'suspect' : freshness
    return { state, expiresAt: accessToken.expiresAt, dueAt: lifetime.dueAt.wall } as const
  }

  /** Measures how long the token still lasts, in milliseconds. A rejected one lasts no longer. */
  function measureSpare(): ReturnType<TokenCall['ownToken']> {
    if (kept === undefined) return { spare: 0, window: 0 }
    const { value } = kept.accessToken
    const { expiresAt, dueAt } = kept.lifetime
    const now = readClocks(clock)
    const left = Math.min(expiresAt.wall - now.wall, expiresAt.monotonic - now.monotonic)
    const spare = kept.suspicion === undefined ? Math.max(0, left) : 0
    return { value, spare, window: expiresAt.wall - dueAt.wall }
  }

  /** Forgets the token, and keeps no later one. */
  function close(): void {
    kept = undefined
    newest = Number.POSITIVE_INFINITY
  }
}
