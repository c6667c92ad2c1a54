/**
 * What is known of refusals (401) of one key's tokens. A token that replaced a refused one is on
 * probation for its first 5 s: refused in them it is kept, or an API that refuses everything
 * would cost a token request a call.
 */
export interface Refusals {
  /** Monotonic. Until then refusals change nothing. */
  readonly coolDownUntil: number
  /** How long the next cool-down lasts. */
  readonly nextCoolDown: number
  /** Monotonic end of the current token's probation, if it replaced a refused one. */
  readonly probationUntil: number | undefined
  readonly isRefused: boolean
}

const probation = 5_000
const firstCoolDown = 5_000
const longestCoolDown = 60_000

export const noRefusals: Refusals = {
  coolDownUntil: Number.NEGATIVE_INFINITY,
  nextCoolDown: firstCoolDown,
  probationUntil: undefined,
  isRefused: false,
}

/** The current token was refused: `dropped`, `kept` with a cool-down, or `ignored` within one. */
export function refuse(
  state: Refusals,
  now: number,
): { action: 'dropped' | 'kept' | 'ignored'; state: Refusals } {
  if (now < state.coolDownUntil) return { action: 'ignored', state }
  if (state.probationUntil !== undefined && now < state.probationUntil) {
    const kept = {
      ...state,
      isRefused: true,
      coolDownUntil: now + state.nextCoolDown,
      nextCoolDown: Math.min(state.nextCoolDown * 2, longestCoolDown),
    }
    return { action: 'kept', state: kept }
  }
  return { action: 'dropped', state: { ...afterProbation(state, now), isRefused: true } }
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

/** A replacement that passed its probation unrefused sets the cool-down back. */
function afterProbation(state: Refusals, now: number): Refusals {
  const passed =
    state.probationUntil !== undefined && now >= state.probationUntil && !state.isRefused
  return passed ? { ...state, nextCoolDown: firstCoolDown, probationUntil: undefined } : state
}
