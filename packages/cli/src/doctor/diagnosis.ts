import type { Check } from './check.js'

/** What came of the one token request. */
export interface LiveOutcome {
  readonly isIssued: boolean
  /** Why not, most likely first. */
  readonly hints: readonly string[]
  /** The names of the options that these hints are about. */
  readonly options: readonly string[]
}

/** The end of an examination. */
export interface Diagnosis {
  readonly ok: boolean
  readonly verdict: string
  /** Most likely first. */
  readonly hints: readonly string[]
}

/**
 * What was found bad before the request comes first, for it is certain; then what the refusal
 * tells; then what was only suspicious, unless the refusal tells that, too.
 */
export function diagnosis(checks: readonly Check[], live: LiveOutcome | undefined): Diagnosis {
  const of = (status: Check['status']) =>
    checks.filter((one) => one.status === status).map(({ detail }) => detail)
  if (live?.isIssued) {
    const warnings = of('warning')
    const but = warnings.length === 0 ? '' : ' What may fail elsewhere:'
    return {
      ok: true,
      verdict: `A token was issued: all of it fits together.${but}`,
      hints: warnings,
    }
  }
  const named = live?.options.map((name) => name.split('.').at(-1)) ?? []
  const suspicious = checks.filter(({ id, status }) => status === 'warning' && !named.includes(id))
  const hints = [...of('bad'), ...(live?.hints ?? []), ...suspicious.map(({ detail }) => detail)]
  if (live !== undefined) return { ok: false, verdict: 'No token was issued.', hints }
  const isBad = of('bad').length > 0
  return {
    ok: !isBad,
    verdict: isBad
      ? 'This cannot work, so no token was asked for.'
      : 'Nothing is wrong as far as can be told without asking for a token.',
    hints,
  }
}
