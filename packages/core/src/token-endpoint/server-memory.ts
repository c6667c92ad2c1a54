import type { ShownKey } from '../diagnosis/sent-assertion.js'

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

/** Remembers the key of the last assertion that got a token: a key that is new may not be known yet. */
export interface AcceptedKey {
  last(): ShownKey | undefined
  note(key: ShownKey): void
}

export function acceptedKey(): AcceptedKey {
  let last: ShownKey | undefined
  return {
    last: () => last,
    note({ kid, thumbprint }) {
      last = { kid, thumbprint }
    },
  }
}
