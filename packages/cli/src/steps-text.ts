import type { Paint } from './outcome.js'

/** What was done, in lines, and what to do next. */
export function stepsText(
  paint: Paint,
  [done = '', ...particulars]: readonly string[],
  next: readonly string[],
): string {
  const steps = next.map((step, index) => `${index + 1}. ${step}`)
  return [paint('green', done), ...particulars, '', paint('bold', 'Next'), ...steps].join('\n')
}
