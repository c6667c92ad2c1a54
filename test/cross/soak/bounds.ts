/** The most of a token's lifetime in which it may be due for renewal, in milliseconds and as a share. */
const maxWindow = 60_000
const windowShare = 0.2

const retries = 2
const firstHoldOff = 1_000
const maxHoldOff = 30_000

/** Shorter than the shortest use of a token of 2 s, so that it contains no early renewal. */
const afterRevocationMs = 1_000

/** How long before its expiry a token may be due at most (the default of `renewal.early`). */
export function renewalWindow(lifetimeMs: number): number {
  return Math.min(maxWindow, lifetimeMs * windowShare)
}

/**
 * The most token requests of one provider under constant load: the first, one whenever a token has
 * had its shortest use, and one for each revocation.
 */
export function maxTokenRequests(
  elapsedMs: number,
  terms: { lifetimeMs: number; renewsEarly: boolean; revocations?: number },
): number {
  const { lifetimeMs, renewsEarly, revocations = 0 } = terms
  const shortestUse = lifetimeMs - (renewsEarly ? renewalWindow(lifetimeMs) : 0)
  return 1 + Math.floor(elapsedMs / shortestUse) + revocations
}

/**
 * The most token requests of one provider in an outage: one with its retries, and a single attempt
 * at the end of each hold-off (1 s, doubling to 30 s).
 */
export function maxInOutage(elapsedMs: number): number {
  let attempts = 1 + retries
  let holdOff = firstHoldOff
  for (let at = holdOff; at <= elapsedMs; at += holdOff) {
    attempts += 1
    holdOff = Math.min(holdOff * 2, maxHoldOff)
  }
  return attempts
}

/** How long a token is used in an outage: past the last time at which it becomes due. */
export function useInOutage(lifetimeMs: number): number {
  return lifetimeMs - renewalWindow(lifetimeMs) / 2
}

/** Returns the revocations that cost more than one token request, in words. */
export function findCostlyRevocations(
  requests: readonly { at: number }[],
  revokedAt: readonly number[],
): string[] {
  return revokedAt.flatMap((revoked, index) => {
    const cost = requests.filter(({ at }) => at > revoked && at <= revoked + afterRevocationMs)
    const text = `revocation ${index + 1} cost ${cost.length} token requests, at most 1 is allowed`
    return cost.length > 1 ? [text] : []
  })
}

/** Returns the tenants without a token request, or with too many, in words. */
export function findCostlyTenants(
  requests: readonly { clientId: string }[],
  expected: readonly string[],
  bound: number,
): string[] {
  const counts = new Map(expected.map((clientId) => [clientId, 0]))
  for (const { clientId } of requests) counts.set(clientId, (counts.get(clientId) ?? 0) + 1)
  return [...counts]
    .filter(([, made]) => made === 0 || made > bound)
    .map(([clientId, made]) => `${clientId}: ${made} token requests, 1 to ${bound} are allowed`)
}
