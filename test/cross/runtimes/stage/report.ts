import { mkdir, rm, writeFile } from 'node:fs/promises'
import Table from 'cli-table3'
import type { CaseOutcome } from '../suite/case.ts'

/** The outcomes of each runtime, by its name and version. */
export type Outcomes = ReadonlyMap<string, readonly CaseOutcome[]>

const folder = new URL('../../../.report/', import.meta.url)
const file = new URL('runtimes.json', folder)

/** Removes the report of an earlier run. */
export async function clearReport(): Promise<void> {
  await rm(file, { force: true })
}

/** Writes the file that `pnpm matrix` reads. */
export async function writeReport(outcomes: Outcomes): Promise<void> {
  await mkdir(folder, { recursive: true })
  await writeFile(file, `${JSON.stringify(Object.fromEntries(outcomes), undefined, 2)}\n`)
}

/** Adds each expected case that did not run as a failure. */
export function addMissing(
  outcomes: readonly CaseOutcome[],
  expected: readonly string[],
): readonly CaseOutcome[] {
  const missing = expected.filter((name) => !outcomes.some((outcome) => outcome.name === name))
  return [
    ...outcomes,
    ...missing.map((name) => ({ name, passed: false, reason: 'it did not run' })),
  ]
}

/** Returns a table with a line per case and a column per runtime, and the names of the columns. */
export function formatTable(outcomes: Outcomes): string {
  const runtimes = [...outcomes]
  const letter = (index: number) => String.fromCharCode(97 + index)
  const sign = (all: readonly CaseOutcome[], name: string) => {
    const outcome = all.find((one) => one.name === name)
    return outcome === undefined ? ' ' : outcome.passed ? '+' : 'X'
  }
  const letters = runtimes.map((_, index) => letter(index)).join('')
  const table = new Table({
    head: ['case', letters],
    colWidths: [84, letters.length + 2],
    style: { head: [], border: [], compact: true },
  })
  for (const name of new Set(runtimes.flatMap(([, all]) => all.map((one) => one.name)))) {
    table.push([name, runtimes.map(([, all]) => sign(all, name)).join('')])
  }
  const legend = runtimes.map(([runtime, all], index) => {
    const passed = all.filter((outcome) => outcome.passed).length
    return `${letter(index)}  ${runtime}: ${passed} of ${all.length}`
  })
  return [table.toString(), ...legend].join('\n')
}

/** Describes each failure, with its reason. */
export function describeFailures(outcomes: Outcomes): readonly string[] {
  return [...outcomes].flatMap(([runtime, all]) =>
    all
      .filter(({ passed }) => !passed)
      .map(({ name, reason }) => `FAILED on ${runtime}: ${name}\n${reason}`),
  )
}
