/** Shorter than the shortest use of a token of 2 s, so that no renewal when due falls into it too. */
const afterwardsMs = 1_000

/** Revocations that cost more than one token request, in words. */
export function costlyRevocations(
  requests: readonly { at: number }[],
  revokedAt: readonly number[],
): string[] {
  return revokedAt.flatMap((revoked, index) => {
    const spent = requests.filter(({ at }) => at > revoked && at <= revoked + afterwardsMs).length
    return spent > 1
      ? [`revocation ${index + 1} cost ${spent} token requests, at most 1 is allowed`]
      : []
  })
}

/** Tenants that made more token requests than they may, or none of their own; in words. */
export function dearTenants(
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
