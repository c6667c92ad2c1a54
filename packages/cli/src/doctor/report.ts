import type { Outcome } from '../command.js'
import { createFailure } from '../command-failure.js'

/** The result of one check. */
export interface Check {
  readonly id: string
  readonly title: string
  readonly status: 'ok' | 'warning' | 'bad' | 'skipped'
  /** The finding. If it is bad, also the action to take. */
  readonly detail: string
}

/** Creates the results that one check can have. */
export function createCheck(id: string, title: string) {
  const create = (status: Check['status']) => (detail: string) => ({ id, title, status, detail })
  return {
    ok: create('ok'),
    warning: create('warning'),
    bad: create('bad'),
    skipped: create('skipped'),
    /** Returns the result for an error in what the user configured, and throws any other. */
    async fail(thrown: unknown): Promise<Check> {
      const { code, message } = await createFailure(thrown)
      const isOther = ['ERR_UNEXPECTED', 'ERR_INTERRUPTED', 'ERR_SECRET_ON_COMMAND_LINE']
      if (isOther.includes(code)) throw thrown
      return create('bad')(`${code}: ${message}`)
    },
  }
}

/** The result of the token request, and how many were sent: never more than one. */
export interface LiveRequest {
  readonly check: Check
  readonly requests: number
  /** Why the request failed, most likely first. */
  readonly hints: readonly string[]
  /** The options that the hints are about. */
  readonly options: readonly string[]
}

/**
 * Puts the hints in order: what was found bad before the request is certain. The hints of the
 * response follow, then the warnings, except those that a hint is about.
 */
export function createReport(before: readonly Check[], live?: LiveRequest): Outcome {
  const checks = live === undefined ? before : [...before, live.check]
  const ok = checks.every(({ status }) => status !== 'bad')
  const named = live?.options.map((name) => name.split('.').at(-1)) ?? []
  const isNamed = ({ id, status }: Check) => status === 'warning' && named.includes(id)
  const warnings = before.filter((check) => check.status === 'warning' && !isNamed(check))
  const bad = before.filter(({ status }) => status === 'bad')
  const details = (found: readonly Check[]) => found.map(({ detail }) => detail)
  const hints = [...details(bad), ...(live?.hints ?? []), ...details(warnings)]
  const verdict = verdicts[`${ok} ${live !== undefined}`] ?? ''
  const requests = live?.requests ?? 0
  const lines = [
    // Each finding once: in the line of its check or as a hint.
    ...checks.map((check) => {
      const line = `${marks[check.status]} ${check.title}`
      return hints.includes(check.detail) || isNamed(check) ? line : `${line}: ${check.detail}`
    }),
    '',
    ok && hints.length > 0 ? `${verdict} What may fail elsewhere:` : verdict,
    ...hints.map((hint, index) => `${index + 1}. ${hint}`),
    `Token requests: ${requests}.`,
  ]
  return { json: { ok, verdict, hints, checks, requests }, text: lines, isBad: !ok }
}

const marks = { ok: '+', warning: '!', bad: 'x', skipped: '-' } as const

/** By whether all is well, and whether a token was requested. */
const verdicts: Readonly<Record<string, string>> = {
  'true true': 'A token was issued. Everything works.',
  'true false': 'No fault was found without a token request.',
  'false true': 'No token was issued.',
  'false false': 'This cannot work, so no token was requested.',
}
