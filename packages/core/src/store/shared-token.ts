import type { StoredToken } from '../access-token.js'
import type { Clock } from '../clock.js'
import { within } from '../deadline.js'
import type { Emit } from '../events.js'
import type { IssuedToken, TokenCall } from '../issued-token.js'
import { isObject, ownMember, snapshot } from '../snapshot.js'
import { isUsable, type TokenStore } from './token-store.js'

interface SharedTokenSettings {
  readonly store: TokenStore
  readonly key: string
  readonly clock: Clock
  readonly random: () => number
  readonly emit: Emit
  readonly early: number
  /** Milliseconds: half of it is how long a lease lasts, and how long others wait for its holder. */
  readonly timeout: number
  readonly request: () => Promise<IssuedToken>
}

const limit = 250

class StoreTimeout extends Error {}

/** The token of a fleet: from the store, or from a token request that one member makes. */
export async function sharedToken(
  { store, key, clock, random, emit, early, timeout, request }: SharedTokenSettings,
  { refused, forceRenewal, signal }: TokenCall,
): Promise<IssuedToken> {
  const duration = timeout / 2
  const known = refused()
  let isSilent = false
  // Only a certain rejection takes the token away from the other members.
  if (known?.isCertain) await asked('delete', (limits) => store.delete(key, known.token, limits))
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
    return issued
  } finally {
    const held = lease
    // Whatever else the store did not answer: until then the other members wait.
    if (held !== undefined && held !== 'taken') await bounded('lease', () => held.release())
  }

  async function usable(): Promise<StoredToken | undefined> {
    if (forceRenewal) return undefined
    return asked('get', async (limits) => {
      const token = snapshot(await store.get(key, limits))
      const usable = isUsable(token, { now: clock.now(), early, refused: refused()?.token })
      return usable ? token : undefined
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
      return await within({ clock, ms: limit, late }, async (s) => work({ signal: s }))
    } catch (error) {
      isSilent ||= error instanceof StoreTimeout
      emit({ type: 'store-failed', operation, reason: reasonOf(error) })
      return undefined
    }
  }
}

function fromStore(token: StoredToken): IssuedToken {
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
