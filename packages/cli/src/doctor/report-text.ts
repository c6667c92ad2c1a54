import type { Paint } from '../outcome.js'
import { harmless } from '../output.js'
import type { Check } from './check.js'

const marks = { ok: '+', warning: '!', bad: 'x', skipped: '-' } as const
const colours = { ok: 'green', warning: 'yellow', bad: 'red', skipped: 'dim' } as const

/** Returns a line for each check, then the verdict and its hints. Each finding is there once. */
export function reportText(
  {
    ok,
    verdict,
    hints,
    checks,
    requests,
  }: {
    ok: boolean
    verdict: string
    hints: readonly string[]
    checks: readonly Check[]
    requests: number
  },
  paint: Paint,
): string {
  const lines = checks.map(({ status, title, detail }) => {
    const shown = paint(colours[status], `${marks[status]} ${title}`)
    return hints.includes(detail) ? shown : `${shown}: ${harmless(detail)}`
  })
  return [
    ...lines,
    '',
    paint(ok ? 'green' : 'red', harmless(verdict)),
    ...hints.map((hint, index) => `${index + 1}. ${harmless(hint)}`),
    paint('dim', `Token requests made: ${requests}.`),
  ].join('\n')
}
