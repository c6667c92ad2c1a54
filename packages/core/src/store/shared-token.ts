import type { StoredToken } from '../access-token.js'
import type { Clock } from '../clock.js'
import { within } from '../deadline.js'
import type { Emit } from '../events.js'
import { isObject, ownMember, snapshot } from '../snapshot.js'
import type { TokenStore } from './token-store.js'

export interface SharedToken {
  readonly token: StoredToken
  readonly source: 'endpoint' | 'store'
  readonly attempts: number
  readonly sentAt?: number
}

export interface SharedTokenCall {
  readonly key: string
  /** Is this token of the store one that may be used? */
  readonly accepts: (token: StoredToken) => boolean
  /** A refused token that the store may still hold. */
  readonly refused: StoredToken | undefined
  /** Take nothing from the store. */
  readonly forceRenewal: boolean
  /** Milliseconds: how long the lease is asked for, and how long others wait for its holder. */
  readonly duration: number
  readonly signal: AbortSignal
  readonly request: () => Promise<Omit<SharedToken, 'source'>>
}

const limit = 250

class StoreTimeout extends Error {}

/** The token of a fleet: from the store, or from a token request that one member makes. */
export async function sharedToken(
  {
    store,
    clock,
    random,
    emit,
  }: { store: TokenStore; clock: Clock; random: () => number; emit: Emit },
  call: SharedTokenCall,
): Promise<SharedToken> {
  const { key, refused, forceRenewal, duration, signal, request } = call
  let isSilent = false
  if (refused !== undefined) await asked('delete', (limits) => store.delete(key, refused, limits))
  const found = await usable()
  if (found !== undefined) return fromStore(found)
  let lease = await acquire()
  const until = clock.monotonic() + duration
  // Another member makes the token request: its token comes, or its lease ends.
  while (lease === 'taken' && !forceRenewal && clock.monotonic() < until) {
    await clock.wait(50 + 200 * random(), signal)
    const awaited = await usable()
    if (awaited !== undefined) return fromStore(awaited)
    lease = await acquire()
  }
  try {
    const again = lease === 'taken' ? undefined : await usable()
    if (again !== undefined) return fromStore(again)
    const issued = await request()
    await asked('set', (limits) => store.set(key, issued.token, limits))
    return { ...issued, source: 'endpoint' }
  } finally {
    const held = lease
    // Whatever else the store did not answer: until then the other members wait.
    if (held !== undefined && held !== 'taken') await bounded('lease', () => held.release())
  }

  async function usable(): Promise<StoredToken | undefined> {
    if (forceRenewal) return undefined
    return asked('get', async (limits) => {
      const token = snapshot(await store.get(key, limits))
      return call.accepts(token) ? token : undefined
    })
  }

  /** A store that cannot lease, or fails to, stops nobody: undefined. */
  async function acquire() {
    if (store.acquireLease === undefined) return undefined
    return asked(
      'lease',
      async (limits) =>
        (await store.acquireLease?.(key, { duration, ...limits })) ?? ('taken' as const),
    )
  }

  /** A store that did not answer once is not asked again for this token. */
  async function asked<T>(...call: Parameters<typeof bounded<T>>): Promise<T | undefined> {
    return isSilent ? undefined : bounded(...call)
  }

  async function bounded<T>(
    operation: 'get' | 'set' | 'delete' | 'lease',
    work: (limits: { signal: AbortSignal }) => Promise<T>,
  ): Promise<T | undefined> {
    const late = () => new StoreTimeout(`no answer within ${limit} ms`)
    try {
      return await within(clock, limit, late, async (s) => work({ signal: s }))
    } catch (error) {
      isSilent ||= error instanceof StoreTimeout
      emit({ type: 'store-failed', operation, reason: reasonOf(error) })
      return undefined
    }
  }
}

function fromStore(token: StoredToken): SharedToken {
  return { token, source: 'store', attempts: 0 }
}

/** A store's error may quote what it was given: only its name and code are told. */
function reasonOf(error: unknown): string {
  if (!isObject(error)) return 'unknown'
  if (error instanceof StoreTimeout) return error.message
  const code = ownMember(error, 'code')
  return [code, Reflect.get(error, 'name')].find(isWord) ?? 'Error'
}

function isWord(text: unknown): text is string {
  return typeof text === 'string' && /^\w{1,64}$/.test(text)
}
