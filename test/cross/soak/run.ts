import type { Totals } from './tally.ts'

/** One load on one provider (or, of the tenants, on all of theirs) and what came of it. */
export interface Run extends Totals {
  name: string
  tokenRequests: number
  /** The most token requests that the load may cost. */
  bound: number
}

/** What a row found: its loads, and in words what was broken and what is worth knowing. */
export interface RowOutcome {
  runs: readonly Run[]
  broken: readonly string[]
  notes: readonly string[]
}

/** What every load must keep: nothing lost, something answered, token requests counted and bounded. */
export function brokenBy({
  name,
  requests,
  answered200,
  withoutToken,
  lost,
  tokenRequests,
  bound,
}: Run): string[] {
  const broken: string[] = []
  const reasons = Object.entries(lost).map(([reason, count]) => `${reason} (${count})`)
  if (reasons.length > 0) {
    broken.push(`${name}: ${lostOf(lost)} of ${requests} requests lost: ${reasons.join(', ')}`)
  }
  if (answered200 === 0) broken.push(`${name}: no request was answered 200`)
  if (answered200 + withoutToken + lostOf(lost) !== requests) {
    broken.push(`${name}: the outcomes do not add up to ${requests} requests`)
  }
  if (tokenRequests === 0) broken.push(`${name}: no token request was counted`)
  if (tokenRequests > bound) {
    broken.push(`${name}: ${tokenRequests} token requests, at most ${bound} are allowed`)
  }
  return broken
}

export function lostOf(lost: Totals['lost']): number {
  return Object.values(lost).reduce((sum, count) => sum + count, 0)
}
