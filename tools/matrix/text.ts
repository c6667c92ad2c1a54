import Table from 'cli-table3'
import type { RowCoverage } from './coverage.ts'
import { notOwed, owedInPart, rows } from './rows.ts'

const texts: Readonly<Record<string, string>> = rows
const reasons: Readonly<Record<string, string | undefined>> = notOwed
const exceptions: Readonly<Record<string, string | undefined>> = owedInPart

/** Returns a table with a line per row, and a summary. */
export function formatTable(coverage: readonly RowCoverage[]): string {
  const table = new Table({
    head: ['row', 'result', 'pass/fail', 'test'],
    colWidths: [5, 10, 11, 69],
    style: { head: [], border: [], compact: true },
  })
  for (const { id, verdict, passed, failed, tests } of coverage) {
    const first = tests.find(({ status }) => status === verdict) ?? tests[0]
    const text = first?.title.replace(/\s+/g, ' ') ?? reasons[id] ?? `no test: ${texts[id]}`
    table.push([id, verdict, tests.length === 0 ? '' : `${passed}/${failed}`, text])
  }
  const counts = (['passed', 'failed', 'missing', 'not owed'] as const).map(
    (verdict) => `${coverage.filter((row) => row.verdict === verdict).length} ${verdict}`,
  )
  const short = coverage.filter(({ isShort }) => isShort).map(({ id }) => id)
  const owed = short.length === 0 ? [] : [`Still owed: ${short.join(' ')}`]
  return [table, '', `${coverage.length} rows: ${counts.join(', ')}.`, ...owed].join('\n')
}

/** Returns the rows that no passing test proves. */
export function formatMissing(coverage: readonly RowCoverage[]): string {
  const short = coverage.filter(({ isShort }) => isShort)
  if (short.length === 0) return 'Every row that is owed has passing tests.'
  return short
    .map(({ id, verdict }) => `${id.padEnd(5)}${verdict.padEnd(9)}${texts[id]}`)
    .join('\n')
}

/** Returns all tests of one row, file by file. */
export function formatRow({ id, tests, verdict }: RowCoverage): string {
  const lines = [`${id}: ${texts[id]}.`]
  if (reasons[id]) lines.push(`Not owed yet: ${reasons[id]}.`)
  if (exceptions[id]) lines.push(`Owed in part: ${exceptions[id]}.`)
  for (const file of new Set(tests.map((test) => test.file))) {
    const own = tests.filter((test) => test.file === file)
    lines.push(file, ...own.map(({ status, name }) => `  ${status.padEnd(9)}${name}`))
  }
  return [...lines, `${tests.length} in all: ${verdict}`].join('\n')
}
