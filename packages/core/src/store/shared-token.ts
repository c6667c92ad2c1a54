import { type Clock, within } from '../clock.js'
import type { Emit } from '../events.js'
import type { IssuedToken, TokenCall } from '../issued-token.js'
import { accessKey, type RequestedAccess } from '../requested-access.js'
import { sha256 } from '../sha256.js'
import { isObject, ownMember, snapshot } from '../snapshot.js'
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

/** Returns the token of all processes: from the store, or from a token request that one of them makes. */
export async function getSharedToken(
  settings: SharedTokenSettings,
  { rejected, forceRenewal, signal }: TokenCall,
): Promise<IssuedToken> {
  const { store, key, clock, random, early, request } = settings
  const { ask, askAnyway } = createStoreCalls(settings)
  const duration = settings.timeout / 2
  const known = rejected()
  // Only a certain rejection takes the token away from the other processes.
  if (known?.isCertain) await ask('delete', (limits) => store.delete(key, known.token, limits))
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
  if (lease === 'taken') lease = undefined
  const held = lease
  try {
    return (held && (await getUsable())) ?? (await requestAndShare())
  } finally {
    // Even if the store is silent: the other processes wait for it.
    if (held) await askAnyway('lease', () => held.release())
  }

  function getUsable(): Promise<IssuedToken | undefined> {
    return ask('get', async (limits) => {
      if (forceRenewal) return undefined
      const token = snapshot(await store.get(key, limits))
      const isFit = isUsable(token, { now: clock.now(), early, rejected: rejected()?.token })
      return isFit ? ({ token, source: 'store', attempts: 0 } as const) : undefined
    })
  }

  /** A store that has no leases, or fails to give one, holds nobody up: undefined. */
  function acquireLease() {
    return ask('lease', async (limits) => {
      if (store.acquireLease === undefined) return undefined
      return (await store.acquireLease(key, { duration, ...limits })) ?? ('taken' as const)
    })
  }

  async function requestAndShare(): Promise<IssuedToken> {
    const issued = await request()
    await ask('set', (limits) => store.set(key, issued.token, limits))
    return issued
  }
}

const limit = 250

class StoreTimeout extends Error {}

/** Limits the time of a store's calls. A store that did not answer in time is not called again. */
function createStoreCalls({ clock, emit }: Pick<SharedTokenSettings, 'clock' | 'emit'>) {
  type Work<T> = (limits: { signal: AbortSignal }) => Promise<T>
  type Operation = 'get' | 'set' | 'delete' | 'lease'
  let isSilent = false
  return { ask, askAnyway }

  async function ask<T>(operation: Operation, work: Work<T>): Promise<T | undefined> {
    return isSilent ? undefined : askAnyway(operation, work)
  }

  async function askAnyway<T>(operation: Operation, work: Work<T>): Promise<T | undefined> {
    const late = () => new StoreTimeout(`no answer within ${limit} ms`)
    try {
      return await within({ clock, ms: limit, late }, async (signal) => work({ signal }))
    } catch (error) {
      isSilent ||= error instanceof StoreTimeout
      emit({ type: 'store-failed', operation, reason: reasonOf(error) })
      return undefined
    }
  }
}

/** The error of a store may quote the token: only its name or its code is shown. */
function reasonOf(error: unknown): string {
  if (!isObject(error)) return 'unknown'
  if (error instanceof StoreTimeout) return error.message
  const words = [ownMember(error, 'code'), Reflect.get(error, 'name')]
  return words.find((word) => typeof word === 'string' && /^\w{1,64}$/.test(word)) ?? 'Error'
}

/**
 * Returns the key of a token in a store: 64 hexadecimal characters that reveal nothing of the
 * identity, which is everything that can change the token.
 */
export function createTokenKey({
  access,
  ...identity
}: {
  readonly access: RequestedAccess
  readonly [member: string]: unknown
}): Promise<string> {
  return sha256(JSON.stringify([sortMembers(identity), accessKey(access)]))
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
