/**
 * What is known of rejections (401) of one key's tokens. A token that replaced a rejected one is
 * on probation for its first 5 s: if it is rejected in that time it is kept, or an API that rejects
 * everything would cost a token request per call.
 */
export interface Probation {
  /** Monotonic. Until then rejections change nothing. */
  readonly coolDownUntil: number
  /** How long the next cool-down lasts. */
  readonly nextCoolDown: number
  /** Monotonic end of the current token's probation, if it replaced a rejected one. */
  readonly probationUntil: number | undefined
  readonly isRejected: boolean
  /** Monotonic. Until then uncertain rejections change nothing; certain ones do. */
  readonly doubtUntil: number
  readonly nextDoubt: number
}

const probation = 5_000
const firstCoolDown = 5_000
const longestCoolDown = 60_000

export const noRejections: Probation = {
  coolDownUntil: Number.NEGATIVE_INFINITY,
  nextCoolDown: firstCoolDown,
  probationUntil: undefined,
  isRejected: false,
  doubtUntil: Number.NEGATIVE_INFINITY,
  nextDoubt: firstCoolDown,
}

/** The current token is `suspect`, or it is `kept` and a cool-down begins. */
interface Verdict {
  readonly action: 'suspect' | 'kept'
  readonly state: Probation
}

/** Returns what follows from a rejection of the current token; `undefined` within a cool-down. */
export function noteRejection(state: Probation, now: number): Verdict | undefined {
  if (now < state.coolDownUntil) return undefined
  const passed = endProbation(state, now)
  if (state.probationUntil === undefined || now >= state.probationUntil)
    return { action: 'suspect', state: { ...passed, isRejected: true } }
  const coolDownUntil = now + state.nextCoolDown
  const nextCoolDown = lengthen(state.nextCoolDown)
  return { action: 'kept', state: { ...state, isRejected: true, coolDownUntil, nextCoolDown } }
}

/**
 * Returns what follows from a report that may be about another request. Each report that changes
 * something starts a cool-down for such reports. A minute without one resets its length.
 */
export function noteDoubt(state: Probation, now: number): Verdict | undefined {
  if (now < state.coolDownUntil || now < state.doubtUntil) return undefined
  const pause = now < state.doubtUntil + longestCoolDown ? state.nextDoubt : firstCoolDown
  const doubted = { ...state, doubtUntil: now + pause, nextDoubt: lengthen(pause) }
  return { action: 'suspect', state: doubted }
}

/** Notes that another token is the current one now. */
export function noteReplacement(state: Probation, now: number): Probation {
  const probationUntil = state.isRejected ? now + probation : undefined
  return { ...endProbation(state, now), probationUntil, isRejected: false }
}

/** A replacement that passed its probation without a rejection resets the cool-down. */
function endProbation(state: Probation, now: number): Probation {
  const { probationUntil, isRejected } = state
  const hasPassed = probationUntil !== undefined && now >= probationUntil && !isRejected
  return hasPassed ? { ...state, nextCoolDown: firstCoolDown, probationUntil: undefined } : state
}

function lengthen(coolDown: number): number {
  return Math.min(coolDown * 2, longestCoolDown)
}
