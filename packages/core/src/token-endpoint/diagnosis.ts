import { answerCauses } from './answer-causes.js'
import { assertionCauses } from './assertion-causes.js'
import type { Cause } from './cause.js'
import type { Evidence } from './evidence.js'

const causes = [...assertionCauses, ...answerCauses]

/**
 * What may be the cause of a refusal, most likely first, three at the most. Where the server's own
 * words name one, what is merely usual is left out.
 */
export function diagnose(evidence: Evidence): readonly string[] {
  return likelyCauses(evidence).map(({ say }) => say(evidence))
}

/** The names of the options that these causes are about. */
export function optionsToCheck(evidence: Evidence): readonly string[] {
  return likelyCauses(evidence).flatMap(({ option = [] }) => option)
}

function likelyCauses(evidence: Evidence): readonly Cause[] {
  const weighed = causes
    .map((cause) => ({ cause, weight: cause.weight(evidence) }))
    .sort((one, other) => other.weight - one.weight)
  const least = weighed[0]?.weight === 3 ? 2 : 1
  return weighed
    .filter(({ weight }) => weight >= least)
    .slice(0, 3)
    .map(({ cause }) => cause)
}
