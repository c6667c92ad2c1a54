import { mkdir, rm, writeFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import Table from 'cli-table3'
import type { CaseOutcome } from '../suite/case.ts'
import type { Runtime } from './runtimes.ts'

/** Runtimes by name and version, with what became of each case. */
export type Outcomes = ReadonlyMap<string, readonly CaseOutcome[]>

const file = fileURLToPath(new URL('../../../.report/runtimes.json', import.meta.url))

/** No report of an earlier run is left behind by one that falls over. */
export async function clearReport(): Promise<void> {
  await rm(file, { force: true })
}

/** Read by `pnpm matrix`. */
export async function writeReport(outcomes: Outcomes): Promise<void> {
  await mkdir(new URL('.', `file://${file}`), { recursive: true })
  await writeFile(file, `${JSON.stringify(Object.fromEntries(outcomes), undefined, 2)}\n`)
}

export function runtimeLabel({ name, version }: Runtime): string {
  return `${name} (${version})`
}

/** A case that is owed and was not told is a failure. */
export function completed(
  outcomes: readonly CaseOutcome[],
  owed: readonly string[],
): readonly CaseOutcome[] {
  const told = new Set(outcomes.map(({ name }) => name))
  const missing = owed.filter((name) => !told.has(name))
  return [
    ...outcomes,
    ...missing.map((name) => ({ name, passed: false, reason: 'it did not run' })),
  ]
}

/** A line a case, with a sign for each runtime; the runtimes are told below, by their letters. */
export function outcomeTable(outcomes: Outcomes): string {
  const runtimes = [...outcomes]
  const letters = runtimes.map((_, index) => letter(index)).join('')
  const names = [...new Set(runtimes.flatMap(([, all]) => all.map(({ name }) => name)))]
  const table = new Table({
    head: ['case', letters],
    colWidths: [84, letters.length + 2],
    style: { head: [], border: [], compact: true },
  })
  for (const name of names) table.push([name, runtimes.map(([, all]) => sign(all, name)).join('')])
  const legend = runtimes.map(([runtime, all], index) => {
    const passed = all.filter((outcome) => outcome.passed).length
    return `${letter(index)}  ${runtime}: ${passed} of ${all.length}`
  })
  return [table.toString(), ...legend].join('\n')
}

/** Each failure, with its reason. */
export function failures(outcomes: Outcomes): readonly string[] {
  return [...outcomes].flatMap(([runtime, all]) =>
    all
      .filter(({ passed }) => !passed)
      .map(({ name, reason }) => `FAILED on ${runtime}: ${name}\n${reason}`),
  )
}

function letter(index: number): string {
  return String.fromCharCode(97 + index)
}

/** Nothing where the case is not owed. */
function sign(outcomes: readonly CaseOutcome[], name: string): string {
  const outcome = outcomes.find((one) => one.name === name)
  if (outcome === undefined) return ' '
  return outcome.passed ? '+' : 'X'
}
