import type { Clock } from '../clock.js'

/** A point in time on both clocks: the wall clock may jump, the monotonic one may stand still. */
export interface Instant {
  readonly wall: number
  readonly monotonic: number
}

export function readClocks(clock: Clock): Instant {
  return { wall: clock.now(), monotonic: clock.monotonic() }
}

/** Before `instant` on both clocks. */
export function isBefore(now: Instant, instant: Instant): boolean {
  return now.wall < instant.wall && now.monotonic < instant.monotonic
}

export function addMilliseconds(instant: Instant, ms: number): Instant {
  return { wall: instant.wall + ms, monotonic: instant.monotonic + ms }
}

/** When a token is due for renewal, and when it expires. */
export interface Lifetime {
  readonly dueAt: Instant
  readonly expiresAt: Instant
}

/**
 * `fresh`: use it. `due`: use it and renew it. `expired` as soon as it is on either clock; a wall
 * clock that is not a number counts as expired.
 */
export function judgeFreshness(
  { dueAt, expiresAt }: Lifetime,
  now: Instant,
): 'fresh' | 'due' | 'expired' {
  if (!isBefore(now, expiresAt)) return 'expired'
  return isBefore(now, dueAt) ? 'fresh' : 'due'
}

/**
 * Computes the lifetime of a token that expires at `expiresAt`. On the monotonic clock it ends no
 * later than a whole lifetime after its request was sent, since the wall clock may have been set
 * back. The window in which a token is due is min(`early`, 20 % of its lifetime), times a factor
 * from 0.8 to 1, so that the processes of a fleet do not renew together.
 */
export function computeLifetime(
  { issuedAt, expiresAt }: { issuedAt: number; expiresAt: number },
  now: Instant,
  settings: { early: number; random: number; sentAt?: number | undefined },
): Lifetime {
  const { early, random, sentAt = now.monotonic } = settings
  const lifetime = expiresAt - issuedAt
  const window = Math.min(early, lifetime / 5) * (0.8 + 0.2 * random)
  const monotonic = Math.min(now.monotonic + expiresAt - now.wall, sentAt + lifetime)
  const end = { wall: expiresAt, monotonic }
  return { dueAt: addMilliseconds(end, -window), expiresAt: end }
}
