import { createHash, webcrypto } from 'node:crypto'
import { createTokenProvider, type TokenProvider } from '@countersign/core'
import { createRedisModel, createTokenEndpointModel } from './models.ts'
import { createVirtualClock, type VirtualClock } from './virtual-clock.ts'

/** The changes of a case, and the most that it may measure. */
export interface Case {
  readonly title: string
  readonly members?: number
  /** Milliseconds over which the members start. */
  readonly spread?: number
  readonly latency?: number
  readonly lifetimeSeconds?: number
  readonly quota?: number
  readonly roundTrip?: number
  readonly rate?: number
  readonly pause?: number
  /** Milliseconds by which the wall clock of the first member is ahead. */
  readonly skew?: number
  /** Kills the holder of the first lease, at the start or at the renewal. */
  readonly kills?: 'start' | 'renewal'
  /** Counts token requests up to this time only, when the first waiting member gives up. */
  readonly countUntil?: number
  /** Follows the fleet through its first renewal. */
  readonly isRenewal?: boolean
  readonly most: { readonly requests: number; readonly wait?: number; readonly commands?: number }
}

export const cases: Readonly<Record<string, Case>> = {
  cold: { title: 'all at once', most: { requests: 1, wait: 969, commands: 59_000 } },
  rolling: {
    ...{ title: 'rolling over 10 s', spread: 10_000 },
    most: { requests: 1, wait: 756, commands: 21_000 },
  },
  endpoint: {
    ...{ title: 'an endpoint of 4.5 s', latency: 4_500 },
    most: { requests: 2, wait: 7_086, commands: 160_000 },
  },
  killed: {
    ...{ title: 'the holder is killed', kills: 'start' },
    most: { requests: 2, wait: 4_134, commands: 127_000 },
  },
  renewal: {
    ...{ title: 'renewal, the holder is killed', kills: 'renewal', isRenewal: true },
    most: { requests: 3, wait: 4_134, commands: 89_000 },
  },
  slow: {
    ...{ title: 'a Redis of 30,000 commands a second', rate: 30_000 },
    most: { requests: 1, wait: 1_668 },
  },
  paused: { title: 'Redis pauses for 300 ms', pause: 300, most: { requests: 1, wait: 1_682 } },
  far: {
    ...{ title: 'Redis 260 ms away', roundTrip: 260, members: 1_000 },
    most: { requests: 1, wait: 1_682 },
  },
  limit: {
    ...{ title: 'an endpoint of 6 s', latency: 6_000, countUntil: 7_000 },
    most: { requests: 8 },
  },
  quota: { title: 'a quota of 1 a minute', quota: 1, most: { requests: 1, wait: 969 } },
  skew: {
    ...{ title: 'a member 120 s ahead', skew: 120_000, isRenewal: true },
    most: { requests: 3 },
  },
}

/** Runs a case with real token providers, and returns what the models counted, in milliseconds. */
export async function simulate(
  scenario: Case,
  { members = scenario.members ?? 10_000, seed = 1 }: { members?: number; seed?: number } = {},
) {
  const restore = makeDeterministic(seed)
  try {
    const clock = createVirtualClock()
    const { latency = 300, lifetimeSeconds = 300, quota = Number.POSITIVE_INFINITY } = scenario
    const endpoint = createTokenEndpointModel(clock, { latency, lifetimeSeconds, quota })
    const { roundTrip = 1, rate = 120_000, pause = 0, spread = 0 } = scenario
    const { countUntil = Number.POSITIVE_INFINITY } = scenario
    const redis = createRedisModel(clock, { roundTrip, rate, pause })
    if (scenario.kills === 'start') endpoint.killNext()
    const fleet = Array.from({ length: members }, (_, index) => {
      const own = clock.createClock(index === 0 ? scenario.skew : 0)
      const { fetch, isDead } = endpoint.createFetch()
      const tokens = createTokenProvider({
        ...{ clientId: 'client', tokenEndpoint: 'https://login.example.com/token' },
        ...{ clock: own, store: redis.createHandle(own.now) },
        signer: { alg: 'ES256', kid: 'k', sign: async () => new Uint8Array(64) },
        fetch: (_, init) => fetch(init),
      })
      return { tokens, isDead }
    })
    const waits: number[] = []
    let failed = 0
    const call = async (member: Member, delay: number) => {
      if (delay > 0) await new Promise<void>((resolve) => clock.schedule(delay, resolve))
      const started = clock.now()
      try {
        await member.tokens.getAccessToken()
      } catch {
        if (!member.isDead()) failed += 1
      }
      if (!member.isDead()) waits.push(clock.now() - started)
    }
    const delayOf = (index: number) => (spread * index) / members
    const first = Promise.all(fleet.map((member, index) => call(member, delayOf(index))))
    await clock.run(first, 60_000)
    if (scenario.isRenewal)
      await followRenewal(clock, lifetimeSeconds, {
        begin: () => {
          if (scenario.kills === 'renewal') endpoint.killNext()
        },
        callAll: () => {
          for (const member of fleet)
            if (member.tokens.currentAccessToken() === undefined) void call(member, 0)
        },
      })
    waits.sort((one, other) => one - other)
    return {
      requests: endpoint.requests.filter((at) => at < countUntil).length,
      failed,
      medianWait: Math.round(waits[waits.length >> 1] ?? 0),
      longestWait: Math.round(waits.at(-1) ?? 0),
      commands: redis.commands(),
      times: endpoint.requests,
    }
  } finally {
    restore()
  }
}

/** Lets each member make a call every second, from before the renewal until its end. */
async function followRenewal(
  clock: VirtualClock,
  lifetimeSeconds: number,
  { begin, callAll }: { readonly begin: () => void; readonly callAll: () => void },
): Promise<void> {
  const window = Math.min(60, lifetimeSeconds / 5)
  const wait = (ms: number) => new Promise<void>((resolve) => clock.schedule(ms, resolve))
  const start = (lifetimeSeconds - window) * 1000 - clock.now()
  await clock.run(wait(start), Number.POSITIVE_INFINITY)
  begin()
  const calls = async () => {
    for (let second = 0; second < window + 5; second += 1) {
      callAll()
      await wait(1000)
    }
  }
  await clock.run(calls(), Number.POSITIVE_INFINITY)
}

interface Member {
  readonly tokens: TokenProvider
  readonly isDead: () => boolean
}

/**
 * Replaces the random numbers by a seeded sequence, and the digests of the thread pool by those of
 * this thread: virtual time would pass while they work.
 */
function makeDeterministic(seed: number): () => void {
  const { random } = Math
  const { digest } = webcrypto.subtle
  let state = seed
  Math.random = () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
  webcrypto.subtle.digest = async (_, data) => {
    const bytes = createHash('sha256')
      .update(new Uint8Array(data as ArrayBuffer))
      .digest()
    return bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length) as ArrayBuffer
  }
  return () => {
    Math.random = random
    webcrypto.subtle.digest = digest
  }
}
