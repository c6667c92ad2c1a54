import { setImmediate } from 'node:timers/promises'
import {
  createTokenProvider,
  memoryStore,
  type TokenEvent,
  type TokenProvider,
  type TokenProviderOptions,
  type TokenStore,
} from '@countersign/core'
import { createManualClock, type ManualClock } from '@countersign/testing'
import { beforeEach, describe, expect, test, vi } from 'vitest'
import { rejection } from '../../support/waiting.ts'

let clock: ManualClock
let store: TokenStore
let requests: number
let serial = 0
let answer: () => Promise<Response>
let events: TokenEvent[]

beforeEach(() => {
  clock = createManualClock(Date.now())
  store = memoryStore({ clock })
  requests = 0
  events = []
  answer = async () => issue()
  return () => vi.restoreAllMocks()
})

function issue(lifetime = 600): Response {
  serial += 1
  const access_token = `token-${serial}`
  return Response.json({ access_token, token_type: 'Bearer', expires_in: lifetime })
}

/**
 * Creates a member with its own handle on the store. The token endpoint and the signer are functions:
 * with real ones, virtual time would pass while they work.
 */
function member(options: Partial<TokenProviderOptions> = {}): TokenProvider {
  return createTokenProvider({
    ...{ clientId: 'client', tokenEndpoint: 'https://login.example.com/token', clock },
    signer: { alg: 'ES256', kid: 'k', sign: async () => new Uint8Array(64) },
    store: { ...store },
    fetch: () => {
      requests += 1
      return answer()
    },
    onEvent: (event) => void events.push(event),
    ...options,
  })
}

/** Lets everything run that can run now, digests in the thread pool included. */
async function progress(): Promise<void> {
  for (let turn = 0; turn < 6; turn += 1) {
    await crypto.subtle.digest('SHA-256', new Uint8Array(1))
    await setImmediate()
  }
}

/** Moves the clock until the promise has settled, and lets everything run that can run between. */
async function settled<T>(promise: Promise<T>): Promise<T> {
  let isDone = false
  const done = () => {
    isDone = true
  }
  promise.then(done, done)
  while (!isDone) {
    await progress()
    if (!isDone) await clock.advance(25)
  }
  return promise
}

const calls = (fleet: readonly TokenProvider[]) =>
  Promise.all(fleet.map((one) => one.getAccessToken()))

/** Finds the key of the members in the store. */
async function keyOfMembers(): Promise<string> {
  let key = ''
  const get: TokenStore['get'] = async (name) => {
    key = name
    return undefined
  }
  const spy: TokenStore = { ...store, get }
  await settled(member({ store: spy }).getAccessToken())
  requests = 0
  return key
}

const fifty = () => Array.from({ length: 50 }, () => member())

describe('a fleet', { tags: ['D9'] }, () => {
  test('makes one token request when all members start at once', async () => {
    const tokens = await settled(calls(fifty()))
    expect(new Set(tokens.map(({ value }) => value)).size).toBe(1)
    expect(requests).toBe(1)
  })

  test('makes two at most when the holder of the lease is killed', async () => {
    const key = await keyOfMembers()
    await store.delete(key, (await store.get(key, limits)) as never, limits)
    expect(await store.acquireLease?.(key, { duration: 2_500, ...limits })).toBeDefined()
    const before = clock.monotonic()
    const tokens = await settled(calls(fifty()))
    expect(new Set(tokens.map(({ value }) => value)).size).toBe(1)
    expect(requests).toBeLessThanOrEqual(2)
    expect(clock.monotonic() - before).toBeLessThan(5_000)
  })

  test('makes one when all members force a renewal at once', async () => {
    const fleet = fifty()
    const [first] = await settled(calls(fleet))
    answer = async () => {
      await clock.wait(10, limits.signal)
      return issue()
    }
    requests = 0
    const renewed = await settled(
      Promise.all(fleet.map((one) => one.getAccessToken({ forceRenewal: true }))),
    )
    expect(requests).toBeLessThanOrEqual(2)
    for (const { value } of renewed) expect(value).not.toBe(first?.value)
  })

  test('is paced by the lease after a retryable failure, and not after another one', async () => {
    answer = async () => Response.json({}, { status: 503 })
    await rejection(settled(member({ retries: 0 }).getAccessToken()))
    answer = async () => issue()
    const started = clock.monotonic()
    await settled(member().getAccessToken())
    expect(clock.monotonic() - started).toBeGreaterThan(1_000)
    store = memoryStore({ clock })
    answer = async () => Response.json({ error: 'invalid_client' }, { status: 401 })
    await rejection(settled(member().getAccessToken()))
    answer = async () => issue()
    const again = clock.monotonic()
    await settled(member().getAccessToken())
    expect(clock.monotonic() - again).toBeLessThan(100)
  })
})

const limits = { signal: new AbortController().signal }

describe('a member whose token still works', () => {
  /** Returns a member whose token is due, and a store that does not answer any more. */
  async function dueMember(handle: TokenStore) {
    const one = member({ store: handle })
    await settled(one.getAccessToken())
    const [{ dueAt = 0 } = {}] = one.status()
    await clock.advance(dueAt - clock.now())
    requests = 0
    return one
  }

  /** Lets seconds pass, with a call each. */
  async function pass(seconds: number, one: TokenProvider): Promise<void> {
    for (let tenth = 0; tenth < seconds * 10; tenth += 1) {
      one.currentAccessToken()
      await progress()
      await clock.advance(100)
    }
    await progress()
  }

  test('postpones its renewal while the store is silent, and renews before the end', {
    tags: ['S2', 'S14'],
  }, async () => {
    const handle = { ...store }
    const one = await dueMember(handle)
    handle.get = () => new Promise(() => {})
    const { value } = await one.getAccessToken()
    await pass(10, one)
    expect(requests).toBe(0)
    expect(one.currentAccessToken()?.value).toBe(value)
    await pass(49, one)
    expect(requests).toBe(1)
    expect(events.filter(({ type }) => type === 'renewal-failed')).toEqual([])
  })

  test('looks at the store a few times while another member holds the lease', async () => {
    const handle = { ...store }
    const one = await dueMember(handle)
    let leases = 0
    handle.acquireLease = async () => {
      leases += 1
      return undefined
    }
    await pass(12, one)
    expect(requests).toBe(0)
    expect(leases).toBeGreaterThan(1)
    expect(leases).toBeLessThan(13)
  })
})

describe('a store that does not answer', { tags: ['S2'] }, () => {
  test('receives ten commands at most in five seconds from 200 members', async () => {
    let commands = 0
    const never = () => {
      commands += 1
      return new Promise<never>(() => {})
    }
    const dead: TokenStore = { get: never, set: never, delete: never, acquireLease: never }
    const fleet = Array.from({ length: 200 }, () => member({ store: dead }))
    const started = clock.monotonic()
    await settled(calls(fleet))
    expect(requests).toBe(200)
    while (clock.monotonic() - started < 3_900) {
      await settled(calls(Array.from({ length: 5 }, () => member({ store: dead }))))
      await clock.advance(100)
    }
    expect(commands).toBeLessThanOrEqual(10)
    await clock.advance(5_000)
    await settled(calls(Array.from({ length: 50 }, () => member({ store: dead }))))
    expect(commands).toBeLessThanOrEqual(12)
  })

  test('is used again after one call that it answers', { tags: ['S5'] }, async () => {
    const handle = { ...store }
    handle.get = () => new Promise(() => {})
    await settled(calls(Array.from({ length: 10 }, () => member({ store: handle }))))
    handle.get = store.get
    await clock.advance(6_000)
    requests = 0
    await settled(calls(Array.from({ length: 10 }, () => member({ store: handle }))))
    expect(requests).toBeLessThan(10)
    requests = 0
    await settled(calls(Array.from({ length: 10 }, () => member({ store: handle }))))
    expect(requests).toBe(0)
  })

  test('keeps no lease that it grants too late', async () => {
    let grant = () => {}
    let released = 0
    const late: TokenStore = {
      ...store,
      acquireLease: () =>
        new Promise((resolve) => {
          const release = async () => {
            released += 1
          }
          grant = () => resolve({ release })
        }),
    }
    await settled(member({ store: late }).getAccessToken())
    expect(released).toBe(0)
    grant()
    await progress()
    expect(released).toBe(1)
  })

  test('stores the token although another call was silent', { tags: ['S3'] }, async () => {
    const handle = { ...store }
    handle.acquireLease = () => new Promise(() => {})
    await settled(member({ store: handle }).getAccessToken())
    await settled(member().getAccessToken())
    expect(requests).toBe(1)
  })
})

test('acquires leases of whole milliseconds from 1 to 5 seconds', async () => {
  const durations: number[] = []
  for (const timeout of [400, 2_501, 10_000, 2 ** 31 - 1]) {
    const acquireLease: TokenStore['acquireLease'] = async (_, { duration }) => {
      durations.push(duration)
      return { release: async () => {} }
    }
    await settled(
      member({ timeout, store: { ...memoryStore({ clock }), acquireLease } }).getAccessToken(),
    )
  }
  expect(durations).toEqual([1_000, 1_000, 2_500, 5_000])
})

test('accepts none of the last tokens that were rejected, and deletes each once', {
  tags: ['S4'],
}, async () => {
  const records: string[] = []
  let deletes = 0
  const handle: TokenStore = {
    ...store,
    get: async (key, call) => {
      const found = await store.get(key, call)
      return found && records.length > 0 ? { ...found, value: records[0] ?? '' } : found
    },
    delete: async () => {
      deletes += 1
      return false
    },
  }
  const one = member({ store: handle })
  const first = await settled(one.getAccessToken())
  one.invalidate(first)
  const second = await settled(one.getAccessToken())
  await clock.advance(6_000)
  one.invalidate(second)
  records.push(first.value)
  const third = await settled(one.getAccessToken())
  expect([first.value, second.value]).not.toContain(third.value)
  expect(deletes).toBe(2)
})

test('keeps the tokens of two tenants apart that share a client ID and a store', {
  tags: ['C15'],
}, async () => {
  const tenant = (kid: string) =>
    member({ signer: { alg: 'ES256', kid, sign: async () => new Uint8Array(64) } })
  const [one, other] = await settled(calls([tenant('a'), tenant('b')]))
  expect(one?.value).not.toBe(other?.value)
  expect(requests).toBe(2)
})

/** Members whose store needs `ms` of virtual time for each call. */
function slowed(handle: TokenStore, ms: number): TokenStore {
  const slow =
    <Given extends unknown[], Answer>(method: (...given: Given) => Promise<Answer>) =>
    async (...given: Given) => {
      await clock.wait(ms, limits.signal)
      return method(...given)
    }
  return {
    get: slow(handle.get),
    set: slow(handle.set),
    delete: slow(handle.delete),
    ...(handle.acquireLease && { acquireLease: slow(handle.acquireLease) }),
  }
}

/** A token request that takes `ms` of virtual time. */
function answerAfter(ms: number): void {
  answer = async () => {
    await clock.wait(ms, limits.signal)
    return issue()
  }
}

/** Takes the lease as a holder that is killed does. */
async function killHolder(duration: number): Promise<void> {
  const key = await keyOfMembers()
  await store.delete(key, (await store.get(key, limits)) as never, limits)
  await store.acquireLease?.(key, { duration, ...limits })
}

test('makes one token request over a record that nobody can read', {
  tags: ['S6', 'S8'],
}, async () => {
  answerAfter(300)
  let isBroken = true
  const broken: TokenStore = {
    ...store,
    get: async (key, call) => {
      if (isBroken) throw Object.assign(new Error('secret'), { code: 'ERR_STORE_RECORD' })
      return store.get(key, call)
    },
    set: async (...given) => {
      isBroken = false
      return store.set(...given)
    },
  }
  const fleet = Array.from({ length: 50 }, () => member({ store: { ...broken } }))
  await settled(calls(fleet))
  expect(requests).toBe(1)
  expect(events.find(({ type }) => type === 'store-failed')).toMatchObject({
    ...{ operation: 'get', reason: 'ERR_STORE_RECORD' },
  })
})

test('waits until the lease of a killed holder ends, with a short timeout as well', async () => {
  await killHolder(1_000)
  await settled(calls(Array.from({ length: 50 }, () => member({ timeout: 2_000 }))))
  expect(requests).toBeLessThanOrEqual(2)
})

test('does not accept the token at the start of a forced renewal, whatever its clock says', async () => {
  const one = member()
  const first = await settled(one.getAccessToken())
  const ahead: TokenStore = {
    ...store,
    get: async (key, call) => {
      const found = await store.get(key, call)
      return found && { ...found, issuedAt: found.issuedAt + 120_000 }
    },
  }
  const two = member({ store: ahead })
  const forced = await settled(two.getAccessToken({ forceRenewal: true }))
  expect(forced.value).not.toBe(first.value)
})

test('makes a token request of its own when its token has expired and a lease does not end', async () => {
  const handle = { ...store }
  const one = member({ store: handle })
  await settled(one.getAccessToken())
  handle.acquireLease = async () => undefined
  const [{ expiresAt = 0 } = {}] = one.status()
  await clock.advance(expiresAt - clock.now() - 2_000)
  requests = 0
  one.currentAccessToken()
  await progress()
  await clock.advance(3_000)
  await settled(one.getAccessToken())
  expect(requests).toBe(1)
  const failed = { type: 'store-failed', operation: 'lease', reason: 'taken-too-long' }
  expect(events).toContainEqual(expect.objectContaining(failed))
})

test('shares a store that is 260 ms away in the first use of each member', {
  tags: ['D9'],
}, async () => {
  answerAfter(300)
  const fleet = Array.from({ length: 50 }, () => member({ store: slowed(store, 260) }))
  await settled(calls(fleet))
  expect(requests).toBe(1)
})

test('stores the token although the look before the token request was silent', {
  tags: ['S3'],
}, async () => {
  const handle = { ...store }
  let looks = 0
  handle.get = (key, call) => {
    looks += 1
    return looks === 2 ? new Promise(() => {}) : store.get(key, call)
  }
  await settled(member({ store: handle }).getAccessToken())
  await settled(member().getAccessToken())
  expect(requests).toBe(1)
})

test('polls a taken lease in growing pauses', async () => {
  await killHolder(5_000)
  let looks = 0
  const counted: TokenStore = {
    ...store,
    get: (...given) => {
      looks += 1
      return store.get(...given)
    },
  }
  await settled(member({ store: counted }).getAccessToken())
  expect(looks).toBeLessThan(15)
})

test('uses no token of the store past the end that the store states', {
  tags: ['S11'],
}, async () => {
  const ending: TokenStore = {
    ...store,
    get: async (key, call) => {
      const found = await store.get(key, call)
      return found && { ...found, expiresAt: Math.min(found.expiresAt, clock.now() + 200_000) }
    },
  }
  await settled(member().getAccessToken())
  const one = member({ store: ending, renewal: { early: 0 } })
  await settled(one.getAccessToken())
  await clock.advance(199_000)
  expect(one.currentAccessToken()).toBeDefined()
  await clock.advance(1_000)
  expect(one.currentAccessToken()).toBeUndefined()
})

test('makes a thousand keys wait for two seconds in all, while the store is dead', {
  tags: ['S2'],
}, async () => {
  let commands = 0
  const never = () => {
    commands += 1
    return new Promise<never>(() => {})
  }
  const dead: TokenStore = { get: never, set: never, delete: never, acquireLease: never }
  const one = member({ store: dead })
  const started = clock.monotonic()
  for (let scope = 0; scope < 1_000; scope += 1)
    await settled(one.getAccessToken({ scope: `scope-${scope}` }))
  expect(requests).toBe(1_000)
  expect(clock.monotonic() - started).toBeLessThanOrEqual(1_000 + 3 * 250)
  expect(commands).toBeLessThanOrEqual(10)
})
