import { mkdir, rm, writeFile } from 'node:fs/promises'
import Table from 'cli-table3'
import type { Row } from './row.ts'
import { lostOf, type RowOutcome } from './run.ts'

export interface ReportedRow extends RowOutcome {
  passed: boolean
  title: string
}

/** By row id, for tools that read which rows passed. */
export type Report = Record<string, ReportedRow>

const folder = new URL('../../.report/', import.meta.url)
const file = new URL('soak.json', folder)

/** So that nobody takes an earlier run's report for this one's. */
export async function clearReport(): Promise<void> {
  await rm(file, { force: true })
}

export async function writeReport(report: Report): Promise<void> {
  await mkdir(folder, { recursive: true })
  await writeFile(file, `${JSON.stringify(report, undefined, 2)}\n`)
}

export function reported({ title }: Row, outcome: RowOutcome): ReportedRow {
  return { passed: outcome.broken.length === 0, title, ...outcome }
}

/** A line for each load. */
export function tableOf(report: Report): string {
  const table = new Table({
    head: [
      ...['row', 'load', 'requests', 'answered\n200', 'without\ntoken', 'lost'],
      ...['token\nrequests', 'bound', 'p50', 'p99', 'passed'],
    ],
    style: { head: [], border: [] },
    colAligns: ['left', 'left', ...Array<'right'>(8).fill('right'), 'left'],
  })
  for (const [id, { runs, passed }] of Object.entries(report)) {
    const lines = (cell: (run: RowOutcome['runs'][number]) => unknown) => runs.map(cell).join('\n')
    table.push([
      id,
      lines(({ name }) => name),
      lines(({ requests }) => requests),
      lines(({ answered200 }) => answered200),
      lines(({ withoutToken }) => withoutToken),
      lines(({ lost }) => lostOf(lost)),
      lines(({ tokenRequests }) => tokenRequests),
      lines(({ bound }) => bound),
      lines(({ p50Ms }) => `${p50Ms.toFixed(1)} ms`),
      lines(({ p99Ms }) => `${p99Ms.toFixed(1)} ms`),
      passed ? 'yes' : 'NO',
    ])
  }
  return table.toString()
}
