import { type Clock, runWithin } from '../clock.js'
import type { Emit } from '../events.js'
import {
  type IssuedToken,
  PostponedRenewal,
  type TokenCall,
  TokenRequestFailure,
} from '../issued-token.js'
import { sha256 } from '../sha256.js'
import { isObject, readOwnMember, snapshot } from '../snapshot.js'
import { CircuitOpen, findCircuit } from './circuit.js'
import {
  computeLeaseDuration,
  computePatience,
  computePoll,
  computeStoreLimit,
  goesAlone,
} from './sharing-rules.js'
import { isUsable, type TokenStore } from './token-store.js'

/** The memory of one key of a provider about its shared store. */
export interface SharedTokenMemory {
  /** Tokens that resource servers rejected, by the SHA-256 of their values; at most eight. */
  readonly rejected: { readonly digest: string; isDeleted: boolean }[]
}

interface SharedTokenSettings {
  readonly store: TokenStore
  readonly key: string
  readonly clock: Clock
  readonly random: () => number
  readonly emit: Emit
  readonly early: number
  /** Milliseconds. */
  readonly timeout: number
  readonly storeMemory: SharedTokenMemory
  /** Epoch milliseconds: when this member wanted the token. */
  readonly startedAt: number
  /** Whether the provider uses its store for the first time. */
  readonly isFirst: boolean
  readonly request: () => Promise<IssuedToken>
}

const mostRejected = 8

class StoreTimeout extends Error {}

/**
 * Returns the token of all members that share a store: from the store, or from a token request that
 * one of them makes. While the member's own token lasts, it postpones the renewal instead of making
 * a token request that another member may be making.
 */
export async function getSharedToken(
  settings: SharedTokenSettings,
  call: TokenCall,
): Promise<IssuedToken | PostponedRenewal> {
  const { store, key, clock, random, emit, early, timeout, storeMemory, request } = settings
  const own = call.ownToken()
  const ms = computeStoreLimit({ spare: own.spare, isFirst: settings.isFirst })
  const until = clock.monotonic() + computePatience(timeout, random())
  let isAnswering = true
  await forgetRejected()

  const first = await look()
  if (first === noAnswer) return withoutStore()
  if (first !== undefined && isWanted(first)) return first
  const unwanted = first?.token.value

  for (let looks = 0; ; looks += 1) {
    const lease = await acquireLease()
    if (lease === noAnswer) return withoutStore()
    if (lease !== 'taken') return requestWith(lease)
    const left = until - clock.monotonic()
    if (left <= 0) return withoutLease()
    await clock.wait(Math.min(left, computePoll(looks, random())), call.signal)
    const found = await look()
    if (found === noAnswer) return withoutStore()
    if (found !== undefined && found.token.value !== unwanted) return found
  }

  /** A forced renewal accepts a token only if another member obtained it after its start. */
  function isWanted({ token }: IssuedToken): boolean {
    if (!call.forceRenewal) return true
    const isOther = own.value !== undefined && own.value !== token.value
    return isOther && token.issuedAt > settings.startedAt
  }

  /** Makes the token request, and stores the token for the other members. */
  async function requestWith(lease: Lease | undefined): Promise<IssuedToken> {
    let isPaced = false
    try {
      const again = lease && (await look())
      if (again && again !== noAnswer && again.token.value !== unwanted) return again
      const issued = await request()
      const stored = run('set', (limits) => store.set(key, issued.token, limits))
      // A silent store holds up nobody a second time.
      if (isAnswering) await stored
      return issued
    } catch (error) {
      // The end of the lease paces the other members.
      isPaced =
        error instanceof TokenRequestFailure && error.error.retryable && !call.closing.aborted
      throw error
    } finally {
      if (lease !== undefined && !isPaced) await run('lease', () => lease.release())
    }
  }

  function withoutStore(): Promise<IssuedToken> | PostponedRenewal {
    isAnswering = false
    return goesAlone(call.ownToken(), random()) ? requestWith(undefined) : postpone()
  }

  function withoutLease(): Promise<IssuedToken> | PostponedRenewal {
    emit({ type: 'store-failed', operation: 'lease', reason: 'taken-too-long' })
    return call.ownToken().spare > 0 ? postpone() : requestWith(undefined)
  }

  function postpone(): PostponedRenewal {
    return new PostponedRenewal(1_000 + 4_000 * random())
  }

  /** Deletes the newest rejected token, once: only a certain rejection takes it from the others. */
  async function forgetRejected(): Promise<void> {
    const known = call.rejected()
    if (known === undefined) return
    const { token, isCertain } = known
    const digest = await sha256(token.value)
    let entry = storeMemory.rejected.find((other) => other.digest === digest)
    if (entry === undefined) {
      entry = { digest, isDeleted: false }
      storeMemory.rejected.unshift(entry)
      storeMemory.rejected.splice(mostRejected)
    }
    if (!isCertain || entry.isDeleted) return
    const deleted = await run('delete', (limits) => store.delete(key, token, limits))
    entry.isDeleted = typeof deleted === 'boolean'
  }

  async function look(): Promise<IssuedToken | undefined | typeof noAnswer> {
    return run('get', async (limits) => {
      const token = snapshot(await store.get(key, limits))
      if (!isUsable(token, { now: clock.now(), early })) return undefined
      return (await isRejected(token.value)) ? undefined : { token, source: 'store', attempts: 0 }
    })
  }

  async function isRejected(value: string): Promise<boolean> {
    if (storeMemory.rejected.length === 0) return false
    const digest = await sha256(value)
    return storeMemory.rejected.some((other) => other.digest === digest)
  }

  /** Returns undefined for a store without leases. A lease that arrives late is released. */
  async function acquireLease(): Promise<Lease | 'taken' | undefined | typeof noAnswer> {
    if (store.acquireLease === undefined) return undefined
    const answer = await run('lease', async (limits) => {
      const duration = computeLeaseDuration(timeout)
      const granted = Promise.resolve(store.acquireLease?.(key, { duration, ...limits }))
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
    const late = () => new StoreTimeout(`no answer within ${ms} ms`)
    const runInTime = () => runWithin({ clock, ms, late }, async (signal) => work({ signal }))
    try {
      return await findCircuit(store).run(
        settings,
        runInTime,
        (error) => error instanceof StoreTimeout,
      )
    } catch (error) {
      if (error instanceof CircuitOpen) return noAnswer
      emit({ type: 'store-failed', operation, reason: describeReason(error) })
      return error instanceof StoreTimeout ? noAnswer : undefined
    }
  }
}

type Lease = NonNullable<Awaited<ReturnType<NonNullable<TokenStore['acquireLease']>>>>

/** The store was silent, or was not called because it is. A call that fails returns undefined. */
const noAnswer: unique symbol = Symbol('no answer')

/** The error of a store may quote the token: only its name or its code is shown. */
function describeReason(error: unknown): string {
  if (!isObject(error)) return 'unknown'
  if (error instanceof StoreTimeout) return error.message
  const words = [readOwnMember(error, 'code'), Reflect.get(error, 'name')]
  return words.find((word) => typeof word === 'string' && /^\w{1,64}$/.test(word)) ?? 'Error'
}
