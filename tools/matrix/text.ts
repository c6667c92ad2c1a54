import Table from 'cli-table3'
import { isEarly, isShort, type RowCoverage } from './coverage.ts'

/** What is said of the rows, by their ids. */
export interface Told {
  readonly rows: Readonly<Record<string, string>>
  /** Why a row need not have a test yet. */
  readonly notOwed: Readonly<Record<string, string>>
  /** What of a row need not be tested yet. */
  readonly owedInPart: Readonly<Record<string, string>>
}

const columns = 100

/** A line a row, and below them what there is to say about some. */
export function matrixTable(coverage: readonly RowCoverage[], told: Told): string {
  const table = new Table({
    head: ['row', 'result', 'pass/fail', 'test'],
    colWidths: [5, 10, 11, 69],
    style: { head: [], border: [], compact: true },
  })
  for (const row of coverage) table.push([row.id, row.verdict, counts(row), shownTest(row, told)])
  return [table.toString(), '', ...remarks(coverage, told), ...summary(coverage)].join('\n')
}

/** The rows that are owed and not shown by passing tests. */
export function missingRows(coverage: readonly RowCoverage[], { rows }: Told): string {
  const short = coverage.filter(isShort)
  if (short.length === 0) return 'Every row that is owed has passing tests.'
  return short
    .map(({ id, verdict }) => hanging(`${id.padEnd(5)}${verdict.padEnd(9)}`, `${rows[id]}`))
    .join('\n')
}

/** All tests of one row, file by file. */
export function rowDetails(row: RowCoverage, { rows, notOwed, owedInPart }: Told): string {
  const { id, tests, verdict } = row
  const lines = [`${id}: ${rows[id]}.`]
  if (notOwed[id]) lines.push(`Not owed yet: ${notOwed[id]}.`)
  if (owedInPart[id]) lines.push(`Owed in part: ${owedInPart[id]}.`)
  for (const file of new Set(tests.map((test) => test.file))) {
    lines.push(file)
    for (const test of tests) {
      if (test.file === file) lines.push(hanging(`  ${test.status.padEnd(9)}`, test.name))
    }
  }
  return [...lines, `${tests.length} in all: ${verdict}`].join('\n')
}

function counts({ passed, failed, tests }: RowCoverage): string {
  return tests.length === 0 ? '' : `${passed}/${failed}`
}

function shownTest({ id, tests, isOwed, verdict }: RowCoverage, { rows, notOwed }: Told): string {
  const first = tests.find(({ status }) => status === verdict) ?? tests[0]
  if (first !== undefined) return first.title.replace(/\s+/g, ' ')
  return isOwed ? `no test: ${rows[id]}` : `${notOwed[id]}`
}

function remarks(coverage: readonly RowCoverage[], { owedInPart }: Told): string[] {
  const said = Object.entries(owedInPart).map(([id, what]) => `${id} is owed in part: ${what}.`)
  const early = coverage.filter(isEarly).map(({ id }) => id)
  if (early.length > 0) said.push(hanging('Not owed, but passed; may leave the list: ', early))
  return said
}

function summary(coverage: readonly RowCoverage[]): string[] {
  const count = (verdict: RowCoverage['verdict']) =>
    coverage.filter((row) => row.verdict === verdict).length
  const verdicts = (['passed', 'failed', 'missing'] as const).map((one) => `${count(one)} ${one}`)
  const numbers = `${coverage.length} rows: ${verdicts.join(', ')}, ${count('not owed')} not owed yet.`
  const short = coverage.filter(isShort).map(({ id }) => id)
  return short.length === 0 ? [numbers] : [numbers, hanging('Still owed: ', short)]
}

/** Words behind a lead, broken at 100 columns and indented below the first. */
function hanging(lead: string, text: string | readonly string[]): string {
  const words = typeof text === 'string' ? text.split(/\s+/) : text
  const lines: string[] = []
  for (const word of words) {
    const last = lines.at(-1)
    if (last !== undefined && lead.length + last.length + 1 + word.length <= columns)
      lines[lines.length - 1] = `${last} ${word}`
    else lines.push(word)
  }
  return lead + lines.join(`\n${' '.repeat(lead.length)}`)
}
