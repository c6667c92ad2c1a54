/** What Stryker's JSON report says, as far as it is read here. */
export interface StrykerReport {
  readonly files: Readonly<Record<string, { readonly mutants: readonly Mutant[] }>>
}

interface Mutant {
  readonly mutatorName: string
  readonly replacement?: string
  readonly status: string
  readonly statusReason?: string
  readonly location: { readonly start: { readonly line: number } }
}

/** The outcome of one folder. */
export interface Tally {
  /** All but those that no test can tell apart from a broken program: they do not count. */
  readonly mutants: number
  readonly killed: number
  readonly timeout: number
  readonly survived: readonly string[]
  readonly disabled: readonly { readonly place: string; readonly reason: string | undefined }[]
  /** In percent, of all that were not disabled. */
  readonly score: number
}

/** What Stryker writes for a comment without a reason. */
const noReason = 'Ignored using a comment'

export function tally({ files }: StrykerReport): Tally {
  const all = Object.entries(files).flatMap(([file, { mutants }]) =>
    mutants.map((mutant) => ({ ...mutant, place: `${file}:${mutant.location.start.line}` })),
  )
  const having = (...wanted: readonly string[]) =>
    all.filter(({ status }) => wanted.includes(status))
  const survived = having('Survived', 'NoCoverage').map(
    ({ place, mutatorName, replacement }) => `${place} ${mutatorName} ${replacement ?? ''}`,
  )
  const disabled = having('Ignored').map(({ place, statusReason }) => ({
    place,
    reason: statusReason === noReason ? undefined : statusReason,
  }))
  const killed = having('Killed').length
  const timeout = having('Timeout').length
  const tried = killed + timeout + survived.length
  const score = tried === 0 ? 0 : (100 * (killed + timeout)) / tried
  return { mutants: tried + disabled.length, killed, timeout, survived, disabled, score }
}

/** Returns why this outcome is not good enough; empty when it is. */
export function complaints({ score, mutants, disabled }: Tally, leastScore: number): string[] {
  const most = Math.floor(mutants * mostDisabled)
  return [
    ...(score < leastScore ? [`The score is below ${leastScore} %.`] : []),
    ...(disabled.length > most ? [`${disabled.length} mutants are disabled, ${most} may be.`] : []),
    ...disabled.flatMap(({ place, reason }) => (reason ? [] : [`${place} is disabled, why?`])),
  ]
}

const mostDisabled = 0.03
