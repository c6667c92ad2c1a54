import type { Clock } from '../clock.js'

/** A point in time on both clocks: the wall clock may jump, the monotonic one may sleep. */
export interface Instant {
  readonly wall: number
  readonly monotonic: number
}

export function readClocks(clock: Clock): Instant {
  return { wall: clock.now(), monotonic: clock.monotonic() }
}

/** When a token is due for renewal and when it is over, on either clock. */
export interface Lifetime {
  readonly dueAt: Instant
  readonly expiresAt: Instant
}

/**
 * `fresh`: use it. `due`: use it and renew it. `expired` as soon as either clock says so; a wall
 * clock that is not a number counts as expired.
 */
export function freshness(
  { dueAt, expiresAt }: Lifetime,
  now: Instant,
): 'fresh' | 'due' | 'expired' {
  if (!isBefore(now, expiresAt)) return 'expired'
  return isBefore(now, dueAt) ? 'fresh' : 'due'
}

/** Before `instant` on both clocks. */
export function isBefore(now: Instant, instant: Instant): boolean {
  return now.wall < instant.wall && now.monotonic < instant.monotonic
}

export function later(instant: Instant, ms: number): Instant {
  return { wall: instant.wall + ms, monotonic: instant.monotonic + ms }
}

/**
 * The lifetime of a token that ends at `expiresAt`; on the monotonic clock no later than a whole
 * life after its request was sent, for the wall clock may have been set back since. The window in
 * which it is due is a share of its life, min(`early`, 20 %), times a factor from 0.8 to 1, so
 * that a fleet spreads out.
 */
export function lifetime(
  { issuedAt, expiresAt }: { issuedAt: number; expiresAt: number },
  now: Instant,
  {
    early,
    random,
    sentAt = now.monotonic,
  }: { early: number; random: number; sentAt?: number | undefined },
): Lifetime {
  const life = expiresAt - issuedAt
  const window = Math.min(early, life / 5) * (0.8 + 0.2 * random)
  const end = {
    wall: expiresAt,
    monotonic: Math.min(now.monotonic + expiresAt - now.wall, sentAt + life),
  }
  return { dueAt: later(end, -window), expiresAt: end }
}
