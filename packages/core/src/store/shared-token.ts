import { type Clock, runWithin } from '../clock.js'
import type { Emit } from '../events.js'
import type { IssuedToken, TokenCall } from '../issued-token.js'
import { createAccessKey, type RequestedAccess } from '../requested-access.js'
import { sha256 } from '../sha256.js'
import { isObject, readOwnMember, snapshot } from '../snapshot.js'
import { isUsable, type TokenStore } from './token-store.js'

interface SharedTokenSettings {
  readonly store: TokenStore
  readonly key: string
  readonly clock: Clock
  readonly random: () => number
  readonly emit: Emit
  readonly early: number
  /** Milliseconds. A lease lasts half of it, and other processes wait for its holder as long. */
  readonly timeout: number
  readonly request: () => Promise<IssuedToken>
}

const limit = 250

class StoreTimeout extends Error {}

/** Returns the token of all processes: from the store, or from a token request that one of them makes. */
export async function getSharedToken(
  settings: SharedTokenSettings,
  { rejected, forceRenewal, signal }: TokenCall,
): Promise<IssuedToken> {
  const { store, key, clock, random, emit, early, request } = settings
  const duration = settings.timeout / 2
  /** A store that did not answer in time is not called again. */
  let isSilent = false
  const known = rejected()
  // Only a certain rejection takes the token away from the other processes.
  if (known?.isCertain) await call('delete', (limits) => store.delete(key, known.token, limits))
  const found = await getUsable()
  if (found !== undefined) return found
  let lease = await acquireLease()
  const until = clock.monotonic() + duration
  // Another process makes the token request: its token arrives, or its lease ends.
  while (lease === 'taken' && !forceRenewal && clock.monotonic() < until) {
    await clock.wait(50 + 200 * random(), signal)
    const awaited = await getUsable()
    if (awaited !== undefined) return awaited
    lease = await acquireLease()
  }
  const held = lease === 'taken' ? undefined : lease
  try {
    const again = held && (await getUsable())
    if (again !== undefined) return again
    const issued = await request()
    await call('set', (limits) => store.set(key, issued.token, limits))
    return issued
  } finally {
    // Even if the store is silent: the other processes wait for it.
    isSilent = false
    if (held !== undefined) await call('lease', () => held.release())
  }

  async function getUsable(): Promise<IssuedToken | undefined> {
    if (forceRenewal) return undefined
    return call('get', async (limits) => {
      const token = snapshot(await store.get(key, limits))
      const isFit = isUsable(token, { now: clock.now(), early, rejected: rejected()?.token })
      return isFit ? { token, source: 'store', attempts: 0 } : undefined
    })
  }

  /** A store that has no leases, or fails to give one, holds nobody up: undefined. */
  async function acquireLease() {
    if (store.acquireLease === undefined) return undefined
    return call(
      'lease',
      async (limits) =>
        (await store.acquireLease?.(key, { duration, ...limits })) ?? ('taken' as const),
    )
  }

  async function call<T>(
    operation: 'get' | 'set' | 'delete' | 'lease',
    work: (limits: { signal: AbortSignal }) => Promise<T>,
  ): Promise<T | undefined> {
    if (isSilent) return undefined
    const late = () => new StoreTimeout(`no answer within ${limit} ms`)
    try {
      return await runWithin({ clock, ms: limit, late }, async (signal) => work({ signal }))
    } catch (error) {
      isSilent ||= error instanceof StoreTimeout
      emit({ type: 'store-failed', operation, reason: describeReason(error) })
      return undefined
    }
  }
}

/** The error of a store may quote the token: only its name or its code is shown. */
function describeReason(error: unknown): string {
  if (!isObject(error)) return 'unknown'
  if (error instanceof StoreTimeout) return error.message
  const words = [readOwnMember(error, 'code'), Reflect.get(error, 'name')]
  return words.find((word) => typeof word === 'string' && /^\w{1,64}$/.test(word)) ?? 'Error'
}

/**
 * Returns the key of a token in a store: 64 hexadecimal characters that reveal nothing of the
 * access and the identity, which are everything that can change the token.
 */
export function createTokenKey(access: RequestedAccess, identity: object): Promise<string> {
  return sha256(JSON.stringify([sortMembers(identity), createAccessKey(access)]))
}

/** Copies JSON with all members in order, so that two spellings of it have one key. */
function sortMembers(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sortMembers)
  if (!isObject(value)) return value
  const entries = Object.entries(value).map(
    ([name, member]) => [name, sortMembers(member)] as const,
  )
  // A tag, or an object would have the key of an array of pairs.
  return { sorted: entries.sort(([a], [b]) => (a < b ? -1 : 1)) }
}
