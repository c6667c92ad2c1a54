/** Colours a text, on a terminal that wants it. */
export type Paint = (format: Format, text: string) => string
type Format = 'bold' | 'dim' | 'green' | 'yellow' | 'red'

/** What a command found or did. What failed outright is thrown as a `CommandFailure` instead. */
export interface Outcome {
  /** What `--json` prints. */
  readonly json: unknown
  /** What is printed without `--json`. */
  readonly text: (paint: Paint) => string
  /** Said beside the result, on a terminal only. */
  readonly note?: string
  /** Whether something was found bad: exit code 1. */
  readonly isBad?: boolean
}

/** What was done, in lines, and what to do next. */
export function stepsText(
  paint: Paint,
  [done = '', ...particulars]: readonly string[],
  next: readonly string[],
): string {
  const steps = next.map((step, index) => `${index + 1}. ${step}`)
  return [paint('green', done), ...particulars, '', paint('bold', 'Next'), ...steps].join('\n')
}
