import type { Clock } from '../clock.js'
import type { TokenStore } from './token-store.js'

/** Silences in a row that open the circuit. */
const mostSilences = 3
const pause = 5_000
/** Commands without an answer that may be pending while nobody knows whether the store answers. */
const mostPending = 4
/** How long one answer shows that the store answers. */
const trust = 100

/** The store was silent, or was not called because it is. */
export const noAnswer: unique symbol = Symbol('no answer')

type Circuit = ReturnType<typeof createCircuit>

/**
 * Keeps a store that does not answer from being called: three silences in a row open it for about
 * five seconds, then one call tries the store. An error is an answer.
 */
function createCircuit() {
  let silences = 0
  let openUntil = Number.NEGATIVE_INFINITY
  let answeredAt = Number.NEGATIVE_INFINITY
  let pending = 0
  const waiting: (() => void)[] = []
  return { run }

  /**
   * Runs one call of the store, which must not reject. Callers wait while a few others are about to
   * find out whether it answers at all.
   */
  async function run<T>(
    { clock, random }: { clock: Clock; random: () => number },
    work: () => Promise<T>,
  ): Promise<T | typeof noAnswer> {
    while (isUnsure(clock) && pending >= mostPending) {
      await new Promise<void>((resolve) => waiting.push(resolve))
    }
    const isOpen = silences >= mostSilences
    if (isOpen && (clock.monotonic() < openUntil || pending > 0)) return noAnswer
    pending += 1
    const result = await work()
    pending -= 1
    const now = clock.monotonic()
    if (result === noAnswer) {
      silences += 1
      openUntil = now + pause * (0.8 + 0.4 * random())
    } else {
      silences = 0
      answeredAt = now
    }
    for (const resume of waiting.splice(0)) resume()
    return result
  }

  function isUnsure(clock: Clock): boolean {
    return silences < mostSilences && clock.monotonic() - answeredAt > trust
  }
}

/** All providers that use one store object share its circuit. */
const circuits = new WeakMap<TokenStore, Circuit>()

export function findCircuit(store: TokenStore): Circuit {
  const known = circuits.get(store) ?? createCircuit()
  circuits.set(store, known)
  return known
}
