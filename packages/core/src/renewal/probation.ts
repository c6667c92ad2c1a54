const probation = 5_000
const firstCoolDown = 5_000
const longestCoolDown = 60_000
const never = Number.NEGATIVE_INFINITY

/**
 * Decides what follows from rejections (401) of one key's tokens. A token that replaced a rejected
 * one is on probation for its first 5 s: if it is rejected in that time it is kept, or an API that
 * rejects everything would cost a token request per call. All times are monotonic.
 */
export function createProbation() {
  let probationUntil = never
  let isRejected = false
  let coolDownUntil = never
  let nextCoolDown = firstCoolDown
  /** Until then uncertain rejections change nothing; certain ones do. */
  let doubtUntil = never
  let nextDoubt = firstCoolDown
  return { noteRejection, noteReplacement, coolDownUntil: () => coolDownUntil }

  /**
   * The current token is `suspect`, or it is `kept` and a cool-down begins, in which rejections
   * change nothing. A report that may be about another request starts a cool-down for such reports;
   * a minute without one resets its length.
   */
  function noteRejection(now: number, isCertain: boolean): 'suspect' | 'kept' | undefined {
    if (now < coolDownUntil || (!isCertain && now < doubtUntil)) return undefined
    if (!isCertain) {
      const pause = now < doubtUntil + longestCoolDown ? nextDoubt : firstCoolDown
      doubtUntil = now + pause
      nextDoubt = lengthen(pause)
      return 'suspect'
    }
    const isOnProbation = now < probationUntil
    endProbation(now)
    isRejected = true
    if (!isOnProbation) return 'suspect'
    coolDownUntil = now + nextCoolDown
    nextCoolDown = lengthen(nextCoolDown)
    return 'kept'
  }

  /** Notes that another token is the current one now. */
  function noteReplacement(now: number): void {
    endProbation(now)
    probationUntil = isRejected ? now + probation : never
    isRejected = false
  }

  /** A replacement that passed its probation without a rejection resets the cool-down. */
  function endProbation(now: number): void {
    if (probationUntil === never || now < probationUntil || isRejected) return
    nextCoolDown = firstCoolDown
    probationUntil = never
  }
}

function lengthen(coolDown: number): number {
  return Math.min(coolDown * 2, longestCoolDown)
}
