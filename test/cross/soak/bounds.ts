/** Most of a token's life in which it may be due for renewal, in milliseconds and as a share. */
const longestWindow = 60_000
const windowShare = 0.2

const retries = 2
const firstHoldOff = 1_000
const longestHoldOff = 30_000

/** In how much of the end of its life a token is due, at the most (the default of `renewal.early`). */
export function renewalWindow(lifetimeMs: number): number {
  return Math.min(longestWindow, lifetimeMs * windowShare)
}

/**
 * The most token requests that one provider may make in `elapsedMs`, while its tokens are asked
 * for all the time: the first, one whenever a token has had the shortest use that it may have, and
 * one for each revocation.
 */
export function mostTokenRequests(
  elapsedMs: number,
  {
    lifetimeMs,
    renewsEarly,
    revocations = 0,
  }: { lifetimeMs: number; renewsEarly: boolean; revocations?: number },
): number {
  const shortestUse = lifetimeMs - (renewsEarly ? renewalWindow(lifetimeMs) : 0)
  return 1 + Math.floor(elapsedMs / shortestUse) + revocations
}

/**
 * The most token requests that one provider may make in the first `elapsedMs` of an outage: a
 * flight with its retries, and a probe of one attempt at the end of each hold-off (1 s, doubling
 * to 30 s).
 */
export function mostInOutage(elapsedMs: number): number {
  let probes = 0
  let holdOff = firstHoldOff
  for (let at = holdOff; at <= elapsedMs; at += holdOff) {
    probes += 1
    holdOff = Math.min(holdOff * 2, longestHoldOff)
  }
  return 1 + retries + probes
}

/**
 * How long a token that ends `lifetimeMs` after it was asked for is put to use in an outage: past
 * the last moment at which it becomes due, well before its end.
 */
export function useInOutage(lifetimeMs: number): number {
  return lifetimeMs - renewalWindow(lifetimeMs) / 2
}

/** Requests a second that each tenant may send: what is wanted, or a share of what was measured. */
export function ratePerTenant({
  wanted,
  tenants,
  capacity,
  share,
}: {
  wanted: number
  tenants: number
  /** Requests a second that were answered in a closed loop. */
  capacity: number
  share: number
}): number {
  return Math.max(1, Math.min(wanted, Math.floor((capacity * share) / tenants)))
}
