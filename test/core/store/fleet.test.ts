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

const start = Date.now()
const day = 86_400_000
const limits = { signal: new AbortController().signal }

let clock: ManualClock
let store: TokenStore
let requests: number
let serial = 0
let answer: () => Promise<Response>
let events: TokenEvent[]

beforeEach(() => {
  clock = createManualClock(start)
  store = memoryStore({ clock })
  requests = 0
  events = []
  answer = async () => issue()
})

function issue(): Response {
  serial += 1
  const access_token = `token-${serial}`
  return Response.json({ access_token, token_type: 'Bearer', expires_in: 600 })
}

/** A token request that takes `ms` of virtual time. */
function answerAfter(ms: number): void {
  answer = async () => {
    await clock.wait(ms, limits.signal)
    return issue()
  }
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

const fleetOf = (size: number, options?: Partial<TokenProviderOptions>) =>
  Array.from({ length: size }, () => member(options))

const { subtle } = crypto
const digest = subtle.digest.bind(subtle)
/** Digests that run in the thread pool. */
let digests = 0
vi.spyOn(subtle, 'digest').mockImplementation(async (...call) => {
  digests += 1
  return digest(...call).finally(() => {
    digests -= 1
  })
})

/** Lets everything run that can run now. */
async function progress(): Promise<void> {
  for (let quiet = 0; quiet < 6; quiet += 1) {
    await setImmediate()
    if (digests > 0) quiet = -1
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

const call = (one: TokenProvider) => settled(one.getAccessToken())
const calls = (fleet: readonly TokenProvider[]) =>
  settled(Promise.all(fleet.map((one) => one.getAccessToken())))

/** Creates a store that never answers, and counts what it receives. */
function createDeadStore() {
  let commands = 0
  const never = () => {
    commands += 1
    return new Promise<never>(() => {})
  }
  const dead: TokenStore = { get: never, set: never, delete: never, acquireLease: never }
  return { dead, commands: () => commands }
}

/** Takes the lease as a holder that is killed does. */
async function killHolder(duration: number): Promise<void> {
  let key = ''
  const get: TokenStore['get'] = async (name) => {
    key = name
    return undefined
  }
  await call(member({ store: { get, set: async () => {}, delete: store.delete } }))
  requests = 0
  expect(await store.acquireLease?.(key, { duration, ...limits })).toBeDefined()
}

describe('a fleet', { tags: ['D9'] }, () => {
  test('makes one token request when all members start at once', async () => {
    const tokens = await calls(fleetOf(50))
    expect(new Set(tokens.map(({ value }) => value)).size).toBe(1)
    expect(requests).toBe(1)
  })

  test('makes one token request through a store that is 260 ms away', async () => {
    answerAfter(300)
    const slowed = Object.entries(store).map(([name, method]) => {
      const slow = async (...given: unknown[]) => {
        await clock.wait(260, limits.signal)
        return method(...given)
      }
      return [name, slow]
    })
    await calls(Array.from({ length: 50 }, () => member({ store: Object.fromEntries(slowed) })))
    expect(requests).toBe(1)
  })

  test.each([
    [2_500, 10_000],
    [1_000, 2_000],
  ])(
    'makes two at most when the holder of a lease of %i ms is killed, with a timeout of %i ms',
    async (duration, timeout) => {
      await killHolder(duration)
      const before = clock.monotonic()
      const tokens = await calls(fleetOf(50, { timeout }))
      expect(new Set(tokens.map(({ value }) => value)).size).toBe(1)
      expect(requests).toBeLessThanOrEqual(2)
      expect(clock.monotonic() - before).toBeLessThan(2 * duration)
    },
  )

  test('makes two at most when all members force a renewal at once', async () => {
    const fleet = fleetOf(50)
    const [first] = await calls(fleet)
    answerAfter(10)
    requests = 0
    const forced = fleet.map((one) => one.getAccessToken({ forceRenewal: true }))
    for (const { value } of await settled(Promise.all(forced))) expect(value).not.toBe(first?.value)
    expect(requests).toBeLessThanOrEqual(2)
  })

  test('is paced by the lease after a retryable failure, and not after another one', async () => {
    answer = async () => Response.json({}, { status: 503 })
    await rejection(call(member({ retries: 0 })))
    answer = async () => issue()
    const started = clock.monotonic()
    await call(member())
    expect(clock.monotonic() - started).toBeGreaterThan(1_000)
    store = memoryStore({ clock })
    answer = async () => Response.json({ error: 'invalid_client' }, { status: 401 })
    await rejection(call(member()))
    answer = async () => issue()
    const again = clock.monotonic()
    await call(member())
    expect(clock.monotonic() - again).toBeLessThan(100)
  })

  test('makes one token request over an unreadable record', { tags: ['S6', 'S8'] }, async () => {
    answerAfter(300)
    let isBroken = true
    const broken: TokenStore = {
      ...store,
      get: async (...given) => {
        if (isBroken) throw Object.assign(new Error('secret'), { code: 'ERR_STORE_RECORD' })
        return store.get(...given)
      },
      set: async (...given) => {
        isBroken = false
        return store.set(...given)
      },
    }
    await calls(Array.from({ length: 50 }, () => member({ store: { ...broken } })))
    expect(requests).toBe(1)
    expect(events.find(({ type }) => type === 'store-failed')).toMatchObject({
      ...{ operation: 'get', reason: 'ERR_STORE_RECORD' },
    })
  })
})

test('a member that starts later uses the token of the store', { tags: ['C11'] }, async () => {
  const { value, expiresAt } = await call(member())
  expect(await call(member())).toMatchObject({ value, expiresAt })
  expect(events[1]).toMatchObject({ type: 'token-issued', source: 'store', attempts: 0 })
  expect(requests).toBe(1)
})

describe('a member whose token still works', () => {
  /** Returns a member whose token is due or expires in `ms`. */
  async function memberBefore(end: 'dueAt' | 'expiresAt', ms: number, handle: TokenStore) {
    const one = member({ store: handle })
    await call(one)
    const [{ [end]: at = 0 } = {}] = one.status()
    await clock.advance(at - clock.now() - ms)
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

  test('postpones its renewal while the store is silent', { tags: ['S2', 'S14'] }, async () => {
    const handle = { ...store }
    const one = await memberBefore('dueAt', 0, handle)
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
    const one = await memberBefore('dueAt', 0, handle)
    let leases = 0
    handle.acquireLease = async () => {
      leases += 1
      return undefined
    }
    await pass(12, one)
    expect(requests).toBe(0)
    expect(leases).toBeGreaterThan(2)
    expect(leases).toBeLessThan(13)
  })

  test('makes a token request of its own when it has expired and a lease does not end', async () => {
    const handle = { ...store }
    const one = await memberBefore('expiresAt', 2_000, handle)
    handle.acquireLease = async () => undefined
    one.currentAccessToken()
    await progress()
    await clock.advance(3_000)
    await call(one)
    expect(requests).toBe(1)
    const failed = { type: 'store-failed', operation: 'lease', reason: 'taken-too-long' }
    expect(events).toContainEqual(expect.objectContaining(failed))
  })
})

describe('a store that does not answer', { tags: ['S2'] }, () => {
  test('receives ten commands at most in five seconds from 200 members', async () => {
    const { dead, commands } = createDeadStore()
    const started = clock.monotonic()
    await calls(fleetOf(200, { store: dead }))
    expect(requests).toBe(200)
    while (clock.monotonic() - started < 3_900) {
      await calls(fleetOf(5, { store: dead }))
      await clock.advance(100)
    }
    expect(commands()).toBeLessThanOrEqual(10)
    await clock.advance(5_000)
    await calls(fleetOf(50, { store: dead }))
    expect(commands()).toBeLessThanOrEqual(12)
  })

  test('makes a thousand keys wait for two seconds in all', async () => {
    const { dead, commands } = createDeadStore()
    const one = member({ store: dead })
    const started = clock.monotonic()
    for (let scope = 0; scope < 1_000; scope += 1)
      await settled(one.getAccessToken({ scope: `scope-${scope}` }))
    expect(requests).toBe(1_000)
    expect(clock.monotonic() - started).toBeLessThanOrEqual(1_000 + 3 * 250)
    expect(commands()).toBeLessThanOrEqual(10)
  })

  test('costs a caller its time limit once', { tags: ['S3'] }, async () => {
    await call(member({ store: createDeadStore().dead }))
    expect(clock.monotonic()).toBe(1_000)
    expect(events.filter(({ type }) => type === 'store-failed')).toMatchObject([
      { operation: 'get', reason: 'no answer within 1000 ms' },
    ])
  })

  test('is used again after one call that it answers', { tags: ['S5'] }, async () => {
    const handle = { ...store, get: () => new Promise<undefined>(() => {}) }
    await calls(fleetOf(10, { store: handle }))
    Object.assign(handle, { get: store.get })
    await clock.advance(6_000)
    requests = 0
    await calls(fleetOf(10, { store: handle }))
    expect(requests).toBeLessThan(10)
    requests = 0
    await calls(fleetOf(10, { store: handle }))
    expect(requests).toBe(0)
  })

  test('keeps no lease that it grants too late', async () => {
    let grant = () => {}
    let released = 0
    const release = async () => {
      released += 1
    }
    const acquireLease: TokenStore['acquireLease'] = () =>
      new Promise((resolve) => {
        grant = () => resolve({ release })
      })
    await call(member({ store: { ...store, acquireLease } }))
    expect(released).toBe(0)
    grant()
    await progress()
    expect(released).toBe(1)
  })

  test('stores the token although the lease was not granted', { tags: ['S3'] }, async () => {
    await call(member({ store: { ...store, acquireLease: () => new Promise(() => {}) } }))
    await call(member())
    expect(requests).toBe(1)
  })

  test('releases the lease after a look that was silent', { tags: ['S3'] }, async () => {
    let looks = 0
    let released = 0
    const release = async () => {
      released += 1
    }
    const handle: TokenStore = {
      ...store,
      get: (...given) => (++looks === 2 ? new Promise(() => {}) : store.get(...given)),
      acquireLease: async () => ({ release }),
    }
    await call(member({ store: handle }))
    await call(member())
    expect(requests).toBe(1)
    expect(released).toBe(1)
  })
})

test('acquires leases of whole milliseconds from 1 to 5 seconds', async () => {
  const durations: number[] = []
  const acquireLease: TokenStore['acquireLease'] = async (_, { duration }) => {
    durations.push(duration)
    return { release: async () => {} }
  }
  for (const timeout of [400, 2_501, 10_000, 2 ** 31 - 1])
    await call(member({ timeout, store: { ...memoryStore({ clock }), acquireLease } }))
  expect(durations).toEqual([1_000, 1_000, 2_500, 5_000])
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
  await call(member({ store: counted }))
  expect(looks).toBeLessThan(15)
})

test('accepts no token that was rejected, and deletes each once', { tags: ['S4'] }, async () => {
  const records: string[] = []
  let deletes = 0
  const handle: TokenStore = {
    ...store,
    get: async (...given) => {
      const found = await store.get(...given)
      return found && records.length > 0 ? { ...found, value: records[0] ?? '' } : found
    },
    delete: async () => {
      deletes += 1
      return false
    },
  }
  const one = member({ store: handle })
  const first = await call(one)
  one.invalidate(first)
  const second = await call(one)
  await clock.advance(6_000)
  one.invalidate(second)
  records.push(first.value)
  const third = await call(one)
  expect([first.value, second.value]).not.toContain(third.value)
  expect(deletes).toBe(2)
})

test('does not accept the token at the start of a forced renewal, whatever its clock says', async () => {
  const first = await call(member())
  const ahead: TokenStore = {
    ...store,
    get: async (...given) => {
      const found = await store.get(...given)
      return found && { ...found, issuedAt: found.issuedAt + 120_000 }
    },
  }
  const forced = member({ store: ahead }).getAccessToken({ forceRenewal: true })
  expect((await settled(forced)).value).not.toBe(first.value)
})

test('uses no token past the end that the store states', { tags: ['S11'] }, async () => {
  await call(member())
  const ending: TokenStore = {
    ...store,
    get: async (...given) => {
      const found = await store.get(...given)
      return found && { ...found, expiresAt: Math.min(found.expiresAt, clock.now() + 200_000) }
    },
  }
  const one = member({ store: ending, renewal: { early: 0 } })
  await call(one)
  await clock.advance(199_000)
  expect(one.currentAccessToken()).toBeDefined()
  await clock.advance(1_000)
  expect(one.currentAccessToken()).toBeUndefined()
})

const from = (issuedAt: number, lifetime: number) => ({
  issuedAt: start + issuedAt,
  expiresAt: start + issuedAt + lifetime,
})

test.each<[string, object, boolean]>([
  ['of a day', {}, true],
  ['of a day, made by a clock ten seconds ahead', from(10_000, day), true],
  ['made by a clock an hour ahead', from(3_600_000, day), false],
  ['of more than a day', from(-1_000, day + 1), false],
  ['that ends before it begins', from(101_000, -500), false],
  ['whose end is text', { expiresAt: `${start + day}` }, false],
  ['whose scope is null', { scope: null }, false],
  ['whose scope is a number', { scope: 42 }, false],
  ['with a scope', { scope: 'read' }, true],
])('a record %s is judged as one', async (_, members, isUsed) => {
  const record = { value: 'of-the-store', tokenType: 'Bearer', ...from(-1_000, day), ...members }
  const { value } = await call(member({ store: { ...store, get: async () => record as never } }))
  expect(value === record.value).toBe(isUsed)
})

test('a record that throws when it is read is an event and a miss', async () => {
  const broken = Object.defineProperty({ tokenType: 'Bearer', ...from(0, day) }, 'value', {
    enumerable: true,
    get: () => {
      throw new Error('of the store')
    },
  })
  await call(member({ store: { ...store, get: async () => broken as never } }))
  expect(requests).toBe(1)
  expect(events[0]).toMatchObject({ type: 'store-failed', operation: 'get', reason: 'Error' })
})

test.each<[string, () => never, string]>([
  ['throws', () => raise(new TypeError('password')), 'TypeError'],
  ['rejects', () => Promise.reject(new Error('redis://user:password@host')) as never, 'Error'],
  ['rejects with a text', () => Promise.reject('password') as never, 'unknown'],
])(
  'a store that %s is an event and a miss, and its words are not repeated',
  { tags: ['S1', 'D4'] },
  async (_, fail, reason) => {
    const store: TokenStore = { get: fail, set: fail, delete: fail, acquireLease: fail }
    await call(member({ store }))
    expect(requests).toBe(1)
    const failures = events.filter(({ type }) => type === 'store-failed')
    expect(failures).toMatchObject([
      { operation: 'get', reason },
      { operation: 'lease', reason },
      { operation: 'set', reason },
    ])
    expect(JSON.stringify(events)).not.toContain('password')
  },
)

function raise(error: Error): never {
  throw error
}
