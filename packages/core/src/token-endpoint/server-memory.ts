import type { KeyIdentity } from '../diagnosis/evidence.js'

export type ServerMemory = ReturnType<typeof createServerMemory>

/** Remembers what one provider has learnt about its authorization server, for all its scopes. */
export function createServerMemory() {
  let correction = 0
  return {
    /** The key of the last assertion that got a token: a newer key may not be known yet. */
    acceptedKey: undefined as KeyIdentity | undefined,
    /** Whether the shared store was not used yet: its client may still be connecting. */
    isFirst: true,
    /** By how much the clock is corrected for assertions: server minus local, in milliseconds. */
    correction: () => correction,
    /** Corrects the clock. */
    learn(offset: number): void {
      correction = offset
    },
    /** Sets this correction back to 0, unless another response has replaced it. */
    forget(forgotten: number): boolean {
      if (forgotten === 0 || forgotten !== correction) return false
      correction = 0
      return true
    },
  }
}
