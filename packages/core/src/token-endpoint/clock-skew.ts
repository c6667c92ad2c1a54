/** A smaller distance, in milliseconds, is the network's and not the clock's. */
export const leastSkew = 5_000

/**
 * A larger one is reported, and not corrected: a false `Date` could ask for assertions that are
 * valid for a day.
 */
export const largestCorrection = 3_600_000

/** By how much a provider corrects its clock for its assertions; all its scopes share one. */
export interface ClockSkew {
  /** Server minus local, in milliseconds; 0 until it is learnt. */
  correction(): number
  /** Corrects by that from now on. What it returns takes that back, whatever was learnt since. */
  learn(offset: number): () => void
  /** Sets the correction back to 0. */
  forget(): void
}

export function clockSkew(): ClockSkew {
  /** Oldest first; what was taken back is not fallen back to. */
  let learnt: readonly { readonly offset: number }[] = []
  return {
    correction: () => learnt.at(-1)?.offset ?? 0,
    forget() {
      learnt = []
    },
    learn(offset) {
      const one = { offset }
      learnt = [...learnt.slice(-9), one]
      return () => {
        learnt = learnt.filter((other) => other !== one)
      }
    },
  }
}

/**
 * How far the server's `Date`, which is a whole second, lies outside the time between sending and
 * receiving, in milliseconds: 0 within it, undefined for what is no date (RFC 9110 section 5.6.7).
 */
export function clockOffset(
  date: string | null,
  sentAt: number,
  receivedAt: number,
): number | undefined {
  const second = date?.endsWith(' GMT') ? Date.parse(date) : Number.NaN
  if (Number.isNaN(second)) return undefined
  if (second > receivedAt) return second - receivedAt
  return Math.min(0, second + 999 - sentAt)
}
