import type { KeyIdentity } from '../diagnosis/evidence.js'

export type ServerMemory = ReturnType<typeof createServerMemory>

/** Remembers what one provider has learnt about its authorization server, for all its scopes. */
export function createServerMemory() {
  /** Oldest first, so that taking one back restores the one before. */
  let learnt: readonly { readonly offset: number }[] = []
  return {
    /** The key of the last assertion that got a token: a newer key may not be known yet. */
    acceptedKey: undefined as KeyIdentity | undefined,
    /** Whether the shared store was not used yet: its client may still be connecting. */
    isFirst: true,
    correction,
    /** Corrects the clock. The returned function takes back only this correction. */
    learn(offset: number): () => void {
      const one = { offset }
      learnt = [...learnt.slice(-9), one]
      return () => {
        learnt = learnt.filter((other) => other !== one)
      }
    },
    /** Sets this correction back to 0, unless another response has replaced it. */
    forget(forgotten: number): boolean {
      if (forgotten === 0 || forgotten !== correction()) return false
      learnt = []
      return true
    },
  }

  /** By how much the clock is corrected for assertions: server minus local, in milliseconds. */
  function correction(): number {
    return learnt.at(-1)?.offset ?? 0
  }
}
