import { deepEqual, equal, ok } from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { setTimeout as pause } from 'node:timers/promises'
import type { StoredToken, TokenStore } from '@countersign/core'

/** A case of a conformance suite. */
export interface ConformanceCase {
  /** The promise that a store keeps. */
  readonly name: string
  /** Rejects with an AssertionError when the store does not keep it. */
  run(): Promise<void>
}

type Acquire = NonNullable<TokenStore['acquireLease']>
/** Acquires a lease for a number of milliseconds. */
type AcquireLease = (key: string, duration: number) => ReturnType<Acquire>
type LeaseCase = (acquire: AcquireLease, acquireElsewhere: AcquireLease) => Promise<void>

/** The arguments of a case about records: two handles on one database, a new key and a token. */
interface RecordCall {
  readonly store: TokenStore
  readonly elsewhere: TokenStore
  readonly key: string
  readonly token: StoredToken
}
type StoreCase = (call: RecordCall) => Promise<void>

/** The longest lease that a provider acquires, in milliseconds. No case takes as long. */
const longLease = 5_000
/** The shortest one, which a case lets end. */
const shortLease = 1_000
/** How long a case waits for the end of a lease before it fails, in milliseconds. */
const patience = 4_000

/** The options of each call. */
const call = { signal: new AbortController().signal }

/**
 * Returns what every `TokenStore` must do, for any test runner. Keys are random, so the stores that
 * `make` returns may share one database. The cases about leases pass on a store without
 * `acquireLease`. Stores use real time: one case waits a second for a lease to end.
 *
 * @param make - Creates the store of one case, or two handles on one database. With two, a lease that
 * is kept in the process fails.
 * @returns the cases.
 *
 * @example
 * ```ts
 * const makeHandles = async () => [createStore(url), createStore(url)] as const
 * for (const { name, run } of tokenStoreSuite(makeHandles)) test(name, run)
 * ```
 */
export function tokenStoreSuite(
  make: () => Promise<TokenStore | readonly [TokenStore, TokenStore]>,
): readonly ConformanceCase[] {
  const makeHandles = async () => {
    const made = await make()
    return 'get' in made ? ([made, made] as const) : made
  }
  const runLeaseCase = async (check: LeaseCase) => {
    const [store, elsewhere] = await makeHandles()
    if (!store.acquireLease) return
    const acquireFrom =
      (handle: TokenStore): AcquireLease =>
      async (key, duration) =>
        handle.acquireLease?.(key, { duration, ...call })
    await check(acquireFrom(store), acquireFrom(elsewhere))
  }
  return [
    ...Object.entries(storeCases).map(([name, check]) => ({
      name,
      run: async () => {
        const [store, elsewhere] = await makeHandles()
        await check({ store, elsewhere, key: createKey(), token: createToken() })
      },
    })),
    ...Object.entries(leaseCases).map(([name, check]) => ({
      name,
      run: () => runLeaseCase(check),
    })),
  ]
}

const storeCases: Readonly<Record<string, StoreCase>> = {
  'a missing record is undefined': async ({ store, key }) => {
    equal(await store.get(key, call), undefined)
  },
  'a record comes back as it was set': async ({ store, elsewhere, key, token }) => {
    await store.set(key, token, call)
    deepEqual({ ...(await elsewhere.get(key, call)) }, token)
  },
  'a scope is kept': async ({ store, elsewhere, key }) => {
    const token = createToken({ scope: 'accounts:read openid' })
    await store.set(key, token, call)
    deepEqual({ ...(await elsewhere.get(key, call)) }, token)
  },
  'a record is overwritten by the next': async ({ store, elsewhere, key, token }) => {
    await store.set(key, createToken({ scope: 'only-of-the-first' }), call)
    await elsewhere.set(key, token, call)
    deepEqual({ ...(await store.get(key, call)) }, token)
  },
  'delete of the record that is there removes it': async ({ store, elsewhere, key, token }) => {
    await store.set(key, token, call)
    equal(await elsewhere.delete(key, token, call), true)
    equal(await store.get(key, call), undefined)
  },
  'delete compares the value of the token and nothing else': async ({ store, key }) => {
    const token = createToken({ scope: 'accounts:read' })
    await store.set(key, token, call)
    const { scope: _, ...withoutScope } = token
    equal(await store.delete(key, { ...withoutScope, issuedAt: 0, expiresAt: 1 }, call), true)
    equal(await store.get(key, call), undefined)
  },
  'delete of a record that was replaced leaves its successor': async (given) => {
    const { store, elsewhere, key, token } = given
    const first = createToken()
    await store.set(key, first, call)
    await elsewhere.set(key, token, call)
    equal(await store.delete(key, first, call), false)
    deepEqual({ ...(await store.get(key, call)) }, token)
  },
  'delete of a missing record is false': async ({ store, key, token }) => {
    equal(await store.delete(key, token, call), false)
  },
  'keys are independent': async ({ store, key, token }) => {
    const [other, ofOther] = [createKey(), createToken()]
    await store.set(key, token, call)
    await store.set(other, ofOther, call)
    equal(await store.delete(key, token, call), true)
    deepEqual({ ...(await store.get(other, call)) }, ofOther)
  },
  'an expired record is undefined, and removes the one before': async ({ store, key, token }) => {
    await store.set(key, token, call)
    await store.set(key, createToken({ expiresAt: Date.now() - 1_000 }), call)
    equal(await store.get(key, call), undefined)
  },
}

const leaseCases: Readonly<Record<string, LeaseCase>> = {
  'a lease is exclusive for its key': async (acquire, acquireElsewhere) => {
    const key = createKey()
    ok(await acquire(key, longLease), 'the first lease was not granted')
    equal(await acquireElsewhere(key, longLease), undefined)
    ok(await acquireElsewhere(createKey(), longLease), 'the lease of another key was not granted')
  },
  'a released lease is granted again, and a second release does not end it': async (
    acquire,
    acquireElsewhere,
  ) => {
    const key = createKey()
    const first = await acquire(key, longLease)
    await first?.release()
    ok(await acquireElsewhere(key, longLease), 'the lease was not granted after its release')
    await first?.release()
    equal(await acquire(key, longLease), undefined)
  },
  'a lease ends after its duration': async (acquire, acquireElsewhere) => {
    const key = createKey()
    const first = await acquire(key, shortLease)
    ok(first, 'the first lease was not granted')
    const until = Date.now() + patience
    let second = await acquireElsewhere(key, longLease)
    for (; !second && Date.now() < until; second = await acquireElsewhere(key, longLease))
      await pause(20)
    ok(second, `a lease of ${shortLease} ms had not ended after ${patience} ms`)
    await first.release()
    equal(await acquire(key, longLease), undefined)
  },
  'one of many that want a lease at once receives it': async (acquire, acquireElsewhere) => {
    const key = createKey()
    const wanted = Array.from({ length: 20 }, (_, index) =>
      (index % 2 === 0 ? acquire : acquireElsewhere)(key, longLease),
    )
    equal((await Promise.all(wanted)).filter((lease) => lease !== undefined).length, 1)
  },
}

/** Returns a key as core makes them: 64 hexadecimal characters. */
function createKey(): string {
  return randomBytes(32).toString('hex')
}

function createToken(members: Partial<StoredToken> = {}): StoredToken {
  const issuedAt = Date.now()
  const value = randomBytes(16).toString('base64url')
  return { value, tokenType: 'Bearer', issuedAt, expiresAt: issuedAt + 600_000, ...members }
}
