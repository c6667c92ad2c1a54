/** How a lease is held, waited for and done without, as numbers. All durations are milliseconds. */

/** Returns the duration of a lease: whole milliseconds from 1,000 to 5,000. */
export function computeLeaseDuration(timeout: number): number {
  return Math.ceil(Math.min(5_000, Math.max(1_000, timeout / 4)))
}

/** Returns how long a member waits for another one's lease: longer than the lease lasts. */
export function computePatience(timeout: number, random: number): number {
  return timeout * (0.7 + 0.05 * random)
}

/** Returns the pause before the next look at the store: 100 ms, doubling to 1 s, spread. */
export function computePoll(look: number, random: number): number {
  return Math.min(1_000, 100 * 2 ** look) * (0.75 + 0.5 * random)
}

/** Returns the pause before a postponed renewal is tried again: 1 to 5 s, or a quarter of the spare. */
export function computePostponement(spare: number, random: number): number {
  return Math.min(1_000 + 4_000 * random, spare / 4)
}

const whileCallersWait = 250
const withTimeToSpare = 1_000

/** Returns the time limit of one call of the store. A client may still be connecting at first. */
export function computeStoreLimit({ spare, isFirst }: { spare: number; isFirst: boolean }): number {
  return spare > 0 || isFirst ? withTimeToSpare : whileCallersWait
}

/**
 * Whether a member without an answer of the store makes a token request of its own. As long as its
 * token lasts it tries the store again later, until a quarter to a half of the window is left.
 */
export function goesAlone(
  { spare, window }: { spare: number; window: number },
  random: number,
): boolean {
  return spare <= window * (0.25 + 0.25 * random)
}
