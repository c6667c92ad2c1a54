import type { StoredToken, TokenStore } from '@countersign/core'
import type { VirtualClock } from './virtual-clock.ts'

interface RedisModel {
  /** Milliseconds from a member to the server and back. */
  readonly roundTrip: number
  /** Commands that the server executes in a second, one after the other. */
  readonly rate: number
  /** Milliseconds at the start in which it executes nothing. */
  readonly pause: number
}

/** A Redis server with one queue. Each member has a handle of its own. */
export function createRedisModel(clock: VirtualClock, { roundTrip, rate, pause }: RedisModel) {
  const records = new Map<string, { value: unknown; until: number }>()
  let freeAt = pause
  let commands = 0

  function execute<T>(command: () => T): Promise<T> {
    commands += 1
    return new Promise((resolve) => {
      const arrival = clock.now() + roundTrip / 2
      freeAt = Math.max(freeAt, arrival) + 1000 / rate
      clock.schedule(freeAt - clock.now(), () => {
        const reply = command()
        clock.schedule(roundTrip / 2, () => resolve(reply))
      })
    })
  }

  const read = (key: string) => {
    const record = records.get(key)
    return record && record.until > clock.now() ? record.value : undefined
  }

  function createHandle(wall: () => number): TokenStore {
    return {
      async get(key) {
        const token = (await execute(() => read(key))) as StoredToken | undefined
        if (token === undefined) return undefined
        const left = await execute(() => (records.get(key)?.until ?? 0) - clock.now())
        return { ...token, expiresAt: Math.min(token.expiresAt, wall() + left) }
      },
      async set(key, token) {
        const until = clock.now() + (token.expiresAt - wall())
        await execute(() => void records.set(key, { value: token, until }))
      },
      delete: (key, { value }) =>
        execute(
          () => (read(key) as StoredToken | undefined)?.value === value && records.delete(key),
        ),
      async acquireLease(key, { duration }) {
        const [name, owner] = [`${key}:lease`, {}]
        const isGranted = await execute(() => {
          if (read(name) !== undefined) return false
          records.set(name, { value: owner, until: clock.now() + duration })
          return true
        })
        const release = () =>
          execute(() => {
            if (read(name) === owner) records.delete(name)
          })
        return isGranted ? { release } : undefined
      },
    }
  }

  return { createHandle, commands: () => commands }
}

interface TokenEndpointModel {
  /** Milliseconds until it answers. */
  readonly latency: number
  readonly lifetimeSeconds: number
  /** Token requests that it answers per minute; the others receive 429. */
  readonly quota: number
}

/** A token endpoint that counts. */
export function createTokenEndpointModel(
  clock: VirtualClock,
  { latency, lifetimeSeconds, quota }: TokenEndpointModel,
) {
  const requests: number[] = []
  let toKill = 0

  /** Creates the `fetch` of one member. A killed member sends nothing more, and keeps its lease. */
  function createFetch() {
    let isDead = false
    const fetch = (init: RequestInit) => {
      if (isDead) return new Promise<Response>(() => {})
      requests.push(clock.now())
      if (toKill > 0) {
        toKill -= 1
        isDead = true
        return new Promise<Response>(() => {})
      }
      const recent = requests.filter((at) => at > clock.now() - 60_000).length
      return new Promise<Response>((resolve, reject) => {
        init.signal?.addEventListener('abort', () => reject(init.signal?.reason))
        clock.schedule(latency, () => resolve(recent > quota ? createRejection() : createToken()))
      })
    }
    return { fetch, isDead: () => isDead }
  }

  function createToken(): Response {
    const body = { access_token: `token-${requests.length}`, token_type: 'Bearer' }
    return Response.json({ ...body, expires_in: lifetimeSeconds })
  }

  return {
    createFetch,
    requests,
    /** The next member that makes a token request is killed while it waits for the answer. */
    killNext: () => {
      toKill += 1
    },
  }
}

function createRejection(): Response {
  return Response.json({}, { status: 429, headers: { 'retry-after': '10' } })
}
