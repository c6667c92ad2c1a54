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
type LeaseCase = (acquire: AcquireLease) => Promise<void>
type StoreCase = (store: TokenStore, key: string, token: StoredToken) => Promise<void>

/** Long enough that no lease ends while a case looks at it, in milliseconds. */
const longLease = 10_000
/** The duration of the lease that a case lets end, in milliseconds. */
const shortLease = 50
/** How long a case waits for the end of a lease before it fails, in milliseconds. */
const patience = 2_000

/** The options of each call. */
const call = { signal: new AbortController().signal }

/**
 * Returns what every `TokenStore` must do, for any test runner. Keys are random, so the stores that
 * `make` returns may share one database. The cases about leases pass on a store without
 * `acquireLease`. Stores use real time: one case waits about 60 ms for a lease to end.
 *
 * @param make - Creates the store of one case.
 *
 * @example
 * ```ts
 * for (const { name, run } of tokenStoreSuite(async () => memoryStore())) test(name, run)
 * ```
 */
export function tokenStoreSuite(make: () => Promise<TokenStore>): readonly ConformanceCase[] {
  const runLeaseCase = async (check: LeaseCase) => {
    const store = await make()
    if (!store.acquireLease) return
    await check(async (key, duration) => store.acquireLease?.(key, { duration, ...call }))
  }
  return [
    ...Object.entries(storeCases).map(([name, check]) => ({
      name,
      run: async () => check(await make(), createKey(), createToken()),
    })),
    ...Object.entries(leaseCases).map(([name, check]) => ({
      name,
      run: () => runLeaseCase(check),
    })),
  ]
}

const storeCases: Readonly<Record<string, StoreCase>> = {
  'a missing record is undefined': async (store, key) => {
    equal(await store.get(key, call), undefined)
  },
  'a record comes back as it was set': async (store, key, token) => {
    await store.set(key, token, call)
    deepEqual({ ...(await store.get(key, call)) }, token)
  },
  'a scope is kept': async (store, key) => {
    const token = createToken({ scope: 'accounts:read openid' })
    await store.set(key, token, call)
    deepEqual({ ...(await store.get(key, call)) }, token)
  },
  'a record is overwritten by the next': async (store, key, token) => {
    await store.set(key, createToken({ scope: 'only-of-the-first' }), call)
    await store.set(key, token, call)
    deepEqual({ ...(await store.get(key, call)) }, token)
  },
  'delete of the record that is there removes it': async (store, key, token) => {
    await store.set(key, token, call)
    equal(await store.delete(key, token, call), true)
    equal(await store.get(key, call), undefined)
  },
  'delete of a record that was replaced leaves its successor': async (store, key, token) => {
    const first = createToken()
    await store.set(key, first, call)
    await store.set(key, token, call)
    equal(await store.delete(key, first, call), false)
    deepEqual({ ...(await store.get(key, call)) }, token)
  },
  'delete of a missing record is false': async (store, key, token) => {
    equal(await store.delete(key, token, call), false)
  },
  'keys are independent': async (store, key, token) => {
    const [other, ofOther] = [createKey(), createToken()]
    await store.set(key, token, call)
    await store.set(other, ofOther, call)
    equal(await store.delete(key, token, call), true)
    deepEqual({ ...(await store.get(other, call)) }, ofOther)
  },
  'an expired record is undefined': async (store, key) => {
    await store.set(key, createToken({ expiresAt: Date.now() - 1_000 }), call)
    equal(await store.get(key, call), undefined)
  },
}

const leaseCases: Readonly<Record<string, LeaseCase>> = {
  'a lease is exclusive for its key': async (acquire) => {
    const key = createKey()
    ok(await acquire(key, longLease), 'the first lease was not given')
    equal(await acquire(key, longLease), undefined)
    ok(await acquire(createKey(), longLease), 'the lease of another key was not given')
  },
  'a released lease is given again, and a second release does not end it': async (acquire) => {
    const key = createKey()
    const first = await acquire(key, longLease)
    await first?.release()
    ok(await acquire(key, longLease), 'the lease was not given after its release')
    await first?.release()
    equal(await acquire(key, longLease), undefined)
  },
  'a lease ends after its duration': async (acquire) => {
    const key = createKey()
    const first = await acquire(key, shortLease)
    ok(first, 'the first lease was not given')
    const until = Date.now() + patience
    let second = await acquire(key, longLease)
    for (; !second && Date.now() < until; second = await acquire(key, longLease)) await pause(10)
    ok(second, `a lease of ${shortLease} ms had not ended after ${patience} ms`)
    await first.release()
    equal(await acquire(key, longLease), undefined)
  },
}

/** Returns a key as core makes them: 43 characters of base64url. */
function createKey(): string {
  return randomBytes(32).toString('base64url')
}

function createToken(members: Partial<StoredToken> = {}): StoredToken {
  const issuedAt = Date.now()
  const value = randomBytes(16).toString('base64url')
  return { value, tokenType: 'Bearer', issuedAt, expiresAt: issuedAt + 600_000, ...members }
}
