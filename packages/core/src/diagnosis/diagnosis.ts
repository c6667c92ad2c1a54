import { answerCauses } from './answer-causes.js'
import { assertionCauses } from './assertion-causes.js'
import type { Evidence } from './evidence.js'

const causes = [...assertionCauses, ...answerCauses]

/**
 * What may be the cause of a refusal, most likely first, three at the most. Where the server's own
 * words name one, what is merely usual is left out.
 */
export function diagnose(evidence: Evidence): readonly string[] {
  const weighed = causes
    .map(({ weight, say }) => ({ say, weight: weight(evidence) }))
    .sort((one, other) => other.weight - one.weight)
  const least = weighed[0]?.weight === 3 ? 2 : 1
  return weighed
    .filter(({ weight }) => weight >= least)
    .slice(0, 3)
    .map(({ say }) => say(evidence))
}
