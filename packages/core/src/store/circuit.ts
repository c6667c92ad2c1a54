import type { Clock } from '../clock.js'
import type { TokenStore } from './token-store.js'

/** Silences in a row that open the circuit. */
const mostSilences = 3
const pause = 5_000
/** Commands without an answer that may be pending while nobody knows whether the store answers. */
const mostPending = 4
/** How long one answer shows that the store answers. */
const trust = 100

/** A call that the circuit did not pass on. */
export class CircuitOpen extends Error {
  readonly code = 'circuit-open'
}

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
   * Runs one call of the store. Callers wait while a few others are
   * about to find out whether it answers at all.
   *
   * @throws {CircuitOpen} without running it.
   */
  async function run<T>(
    { clock, random }: { clock: Clock; random: () => number },
    work: () => Promise<T>,
    isSilence: (error: unknown) => boolean,
  ): Promise<T> {
    while (isUnsure(clock) && pending >= mostPending) {
      await new Promise<void>((resolve) => waiting.push(resolve))
    }
    const isOpen = silences >= mostSilences
    if (isOpen && (clock.monotonic() < openUntil || pending > 0)) throw new CircuitOpen()
    pending += 1
    try {
      const result = await work()
      noteAnswer(clock)
      return result
    } catch (error) {
      if (isSilence(error)) noteSilence(clock, random())
      else noteAnswer(clock)
      throw error
    } finally {
      pending -= 1
      for (const resume of waiting.splice(0)) resume()
    }
  }

  function isUnsure(clock: Clock): boolean {
    return silences < mostSilences && clock.monotonic() - answeredAt > trust
  }

  function noteAnswer(clock: Clock): void {
    silences = 0
    answeredAt = clock.monotonic()
  }

  function noteSilence(clock: Clock, random: number): void {
    silences += 1
    if (silences >= mostSilences) openUntil = clock.monotonic() + pause * (0.8 + 0.4 * random)
  }
}

/** All providers that use one store object share its circuit. */
const circuits = new WeakMap<TokenStore, Circuit>()

export function findCircuit(store: TokenStore): Circuit {
  const known = circuits.get(store) ?? createCircuit()
  circuits.set(store, known)
  return known
}
