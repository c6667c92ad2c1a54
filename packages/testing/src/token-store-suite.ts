import { deepEqual, equal, ok } from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { setTimeout as pause } from 'node:timers/promises'
import type { StoredToken, TokenStore } from '@countersign/core'

/** One case of a conformance suite; `run` rejects with an AssertionError when it does not hold. */
export interface ConformanceCase {
  /** What the store promises. */
  readonly name: string
  /** Rejects when the store does not keep it. */
  run(): Promise<void>
}

type Lease = { release(): Promise<void> } | undefined
type AcquireLease = (key: string, duration: number) => Promise<Lease>

/** Long enough that no lease ends by itself while a case looks at it; milliseconds. */
const longLease = 10_000
/** Of the lease that is left to end; milliseconds. */
const shortLease = 50
/** How long a lease that should have ended is asked for before the case fails; milliseconds. */
const patience = 2_000

/**
 * What every `TokenStore` must do, for any test runner. Keys are random, so the stores that
 * `make` returns may share one database. The cases about leases pass on a store without
 * `acquireLease`. Stores use real time: one case waits about 60 ms for a lease to end.
 *
 * @param make - Gives the store of one case.
 *
 * @example
 * ```ts
 * for (const { name, run } of tokenStoreSuite(async () => memoryStore())) test(name, run)
 * ```
 */
export function tokenStoreSuite(make: () => Promise<TokenStore>): readonly ConformanceCase[] {
  const withStore = (name: string, run: (store: TokenStore) => Promise<void>): ConformanceCase => ({
    name,
    run: async () => run(await make()),
  })
  const withLeases = (
    name: string,
    run: (acquire: AcquireLease) => Promise<void>,
  ): ConformanceCase =>
    withStore(name, async (store) => {
      if (!store.acquireLease) return
      await run(async (key, duration) => store.acquireLease?.(key, { duration, ...call() }))
    })

  return [
    withStore('a missing record is undefined', async (store) => {
      equal(await store.get(newKey(), call()), undefined)
    }),
    withStore('a record comes back as it was set', async (store) => {
      const key = newKey()
      const token = newToken()
      await store.set(key, token, call())
      deepEqual({ ...(await store.get(key, call())) }, token)
    }),
    withStore('a scope is kept', async (store) => {
      const key = newKey()
      const token = newToken({ scope: 'accounts:read openid' })
      await store.set(key, token, call())
      deepEqual({ ...(await store.get(key, call())) }, token)
    }),
    withStore('a record is overwritten by the next', async (store) => {
      const key = newKey()
      const next = newToken()
      await store.set(key, newToken({ scope: 'only-of-the-first' }), call())
      await store.set(key, next, call())
      deepEqual({ ...(await store.get(key, call())) }, next)
    }),
    withStore('delete of the record that is there removes it', async (store) => {
      const key = newKey()
      const token = newToken()
      await store.set(key, token, call())
      equal(await store.delete(key, token, call()), true)
      equal(await store.get(key, call()), undefined)
    }),
    withStore('delete of a record that was replaced leaves its successor', async (store) => {
      const key = newKey()
      const first = newToken()
      const second = newToken()
      await store.set(key, first, call())
      await store.set(key, second, call())
      equal(await store.delete(key, first, call()), false)
      deepEqual({ ...(await store.get(key, call())) }, second)
    }),
    withStore('delete of a missing record is false', async (store) => {
      equal(await store.delete(newKey(), newToken(), call()), false)
    }),
    withStore('keys are independent', async (store) => {
      const [one, other] = [newKey(), newKey()]
      const [ofOne, ofOther] = [newToken(), newToken()]
      await store.set(one, ofOne, call())
      await store.set(other, ofOther, call())
      equal(await store.delete(one, ofOne, call()), true)
      deepEqual({ ...(await store.get(other, call())) }, ofOther)
    }),
    withStore('an expired record is undefined', async (store) => {
      const key = newKey()
      await store.set(key, newToken({ expiresAt: Date.now() - 1_000 }), call())
      equal(await store.get(key, call()), undefined)
    }),
    withLeases('a lease is exclusive for its key', async (acquire) => {
      const key = newKey()
      ok(await acquire(key, longLease), 'the first lease was not given')
      equal(await acquire(key, longLease), undefined)
      ok(await acquire(newKey(), longLease), 'the lease of another key was not given')
    }),
    withLeases('a lease that was released is given again', async (acquire) => {
      const key = newKey()
      await (await acquire(key, longLease))?.release()
      ok(await acquire(key, longLease), 'the lease was not given after its release')
    }),
    withLeases('releasing a lease twice does not release its successor', async (acquire) => {
      const key = newKey()
      const first = await acquire(key, longLease)
      await first?.release()
      ok(await acquire(key, longLease), 'the lease was not given after its release')
      await first?.release()
      equal(await acquire(key, longLease), undefined)
    }),
    withLeases('a lease ends by itself', async (acquire) => {
      const key = newKey()
      const first = await acquire(key, shortLease)
      ok(first, 'the first lease was not given')
      const until = Date.now() + patience
      let second = await acquire(key, longLease)
      while (!second && Date.now() < until) {
        await pause(10)
        second = await acquire(key, longLease)
      }
      ok(second, `a lease of ${shortLease} ms had not ended after ${patience} ms`)
      await first.release()
      equal(await acquire(key, longLease), undefined)
    }),
  ]
}

/** As the core makes them: 43 characters of base64url. */
function newKey(): string {
  return randomBytes(32).toString('base64url')
}

function newToken(members: Partial<StoredToken> = {}): StoredToken {
  const issuedAt = Date.now()
  const value = randomBytes(16).toString('base64url')
  return { value, tokenType: 'Bearer', issuedAt, expiresAt: issuedAt + 600_000, ...members }
}

function call(): { signal: AbortSignal } {
  return { signal: new AbortController().signal }
}
