/**
 * What is known of rejections (401) of one key's tokens. A token that replaced a rejected one is
 * on probation for its first 5 s: if it is rejected in that time it is kept, or an API that rejects
 * everything would cost a token request per call.
 */
export interface Refusals {
  /** Monotonic. Until then rejections change nothing. */
  readonly coolDownUntil: number
  /** How long the next cool-down lasts. */
  readonly nextCoolDown: number
  /** Monotonic end of the current token's probation, if it replaced a rejected one. */
  readonly probationUntil: number | undefined
  readonly isRefused: boolean
  /** Monotonic. Until then uncertain rejections change nothing; certain ones do. */
  readonly doubtUntil: number
  readonly nextDoubt: number
}

const probation = 5_000
const firstCoolDown = 5_000
const longestCoolDown = 60_000

export const noRefusals: Refusals = {
  coolDownUntil: Number.NEGATIVE_INFINITY,
  nextCoolDown: firstCoolDown,
  probationUntil: undefined,
  isRefused: false,
  doubtUntil: Number.NEGATIVE_INFINITY,
  nextDoubt: firstCoolDown,
}

/** The current token was rejected: `suspect`, `kept` with a cool-down, or `ignored` within one. */
export function refuse(
  state: Refusals,
  now: number,
): { action: 'suspect' | 'kept' | 'ignored'; state: Refusals } {
  if (now < state.coolDownUntil) return { action: 'ignored', state }
  if (state.probationUntil !== undefined && now < state.probationUntil) {
    const kept = {
      ...state,
      isRefused: true,
      coolDownUntil: now + state.nextCoolDown,
      nextCoolDown: nextAfter(state.nextCoolDown),
    }
    return { action: 'kept', state: kept }
  }
  return { action: 'suspect', state: { ...afterProbation(state, now), isRefused: true } }
}

/**
 * The current token may have been rejected. Each such report that changes something starts a
 * cool-down for further ones; a quiet minute after it sets its length back.
 */
export function doubt(
  state: Refusals,
  now: number,
): { action: 'suspect' | 'ignored'; state: Refusals } {
  if (now < state.coolDownUntil || now < state.doubtUntil) return { action: 'ignored', state }
  const pause = now < state.doubtUntil + longestCoolDown ? state.nextDoubt : firstCoolDown
  const doubted = { ...state, doubtUntil: now + pause, nextDoubt: nextAfter(pause) }
  return { action: 'suspect', state: doubted }
}

/** Another token is the current one now. */
export function replace(state: Refusals, now: number): Refusals {
  const before = afterProbation(state, now)
  return {
    ...before,
    probationUntil: before.isRefused ? now + probation : undefined,
    isRefused: false,
  }
}

/** A replacement that passed its probation without a rejection sets the cool-down back. */
function afterProbation(state: Refusals, now: number): Refusals {
  const passed =
    state.probationUntil !== undefined && now >= state.probationUntil && !state.isRefused
  return passed ? { ...state, nextCoolDown: firstCoolDown, probationUntil: undefined } : state
}

function nextAfter(coolDown: number): number {
  return Math.min(coolDown * 2, longestCoolDown)
}
