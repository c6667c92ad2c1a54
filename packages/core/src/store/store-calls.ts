import { type Clock, runWithin } from '../clock.js'
import type { Emit } from '../events.js'
import type { IssuedToken, TokenCall } from '../issued-token.js'
import { sha256 } from '../sha256.js'
import { isObject, readOwnMember, snapshot } from '../snapshot.js'
import { findCircuit, noAnswer } from './circuit.js'
import type { LruMap } from './lru-map.js'
import { isUsable, type TokenStore } from './token-store.js'

export interface StoreCallSettings {
  readonly store: TokenStore
  readonly key: string
  readonly clock: Clock
  readonly random: () => number
  readonly emit: Emit
  readonly early: number
  /**
   * Tokens that resource servers rejected, by the SHA-256 of their values, and whether their records
   * are deleted.
   */
  readonly rejectedTokens: LruMap<boolean>
}

export type Lease = NonNullable<Awaited<ReturnType<NonNullable<TokenStore['acquireLease']>>>>

/**
 * Creates the calls of a store for one flow, each with a time limit of `ms` and through the circuit.
 * A call that fails returns `undefined`.
 */
export function createStoreCalls(
  settings: StoreCallSettings,
  { ms, leaseDuration }: { ms: number; leaseDuration: number },
) {
  const { store, key, clock, emit, early, rejectedTokens } = settings
  const timeout = new Error(`no answer within ${ms} ms`)
  return {
    look,
    acquireLease,
    forgetRejected,
    save: ({ token }: IssuedToken) => run('set', (limits) => store.set(key, token, limits)),
    release: (lease: Lease) => run('lease', () => lease.release()),
  }

  /** Deletes the newest rejected token, once: only a certain rejection takes it from the others. */
  async function forgetRejected(known: ReturnType<TokenCall['rejected']>): Promise<void> {
    if (known === undefined) return
    const { token, isCertain } = known
    const digest = await sha256(token.value)
    const isDeleted = rejectedTokens.get(digest) ?? false
    rejectedTokens.set(digest, isDeleted)
    if (!isCertain || isDeleted) return
    const deleted = await run('delete', (limits) => store.delete(key, token, limits))
    rejectedTokens.set(digest, typeof deleted === 'boolean')
  }

  async function look(): Promise<IssuedToken | undefined | typeof noAnswer> {
    return run('get', async (limits) => {
      const token = snapshot(await store.get(key, limits))
      if (!isUsable(token, { now: clock.now(), early })) return undefined
      const isRejected = rejectedTokens.get(await sha256(token.value)) !== undefined
      return isRejected ? undefined : { token, source: 'store', attempts: 0 }
    })
  }

  /** Returns undefined for a store without leases. A lease that arrives late is released. */
  async function acquireLease(): Promise<Lease | 'taken' | undefined | typeof noAnswer> {
    if (store.acquireLease === undefined) return undefined
    const answer = await run('lease', async (limits) => {
      const call = { duration: leaseDuration, ...limits }
      const granted = Promise.resolve(store.acquireLease?.(key, call))
      granted
        .then((lease) => (limits.signal.aborted ? lease?.release() : undefined))
        .catch(() => {})
      return (await granted) ?? ('taken' as const)
    })
    return answer ?? noAnswer
  }

  async function run<T>(
    operation: 'get' | 'set' | 'delete' | 'lease',
    work: (limits: { signal: AbortSignal }) => Promise<T>,
  ): Promise<T | undefined | typeof noAnswer> {
    return findCircuit(store).run(settings, async () => {
      try {
        const limit = { clock, ms, late: () => timeout }
        return await runWithin(limit, async (signal) => work({ signal }))
      } catch (error) {
        const isSilence = error === timeout
        const reason = isSilence ? timeout.message : describeReason(error)
        emit({ type: 'store-failed', operation, reason })
        return isSilence ? noAnswer : undefined
      }
    })
  }
}

/** The error of a store may quote the token: only its name or its code is shown. */
function describeReason(error: unknown): string {
  if (!isObject(error)) return 'unknown'
  const words = [readOwnMember(error, 'code'), Reflect.get(error, 'name')]
  return words.find((word) => typeof word === 'string' && /^\w{1,64}$/.test(word)) ?? 'Error'
}
