import { mkdir, rm, writeFile } from 'node:fs/promises'
import Table from 'cli-table3'
import { type RowOutcome, type Run, sumLost } from './row.ts'

interface ReportedRow extends RowOutcome {
  readonly passed: boolean
  readonly title: string
}

/** Rows by their IDs. */
export type Report = Record<string, ReportedRow>

const folder = new URL('../../.report/', import.meta.url)
const file = new URL('soak.json', folder)

/** Removes the report of an earlier run. */
export async function clearReport(): Promise<void> {
  await rm(file, { force: true })
}

/** Writes the file that `pnpm matrix` reads. */
export async function writeReport(report: Report): Promise<void> {
  await mkdir(folder, { recursive: true })
  await writeFile(file, `${JSON.stringify(report, undefined, 2)}\n`)
}

const columns: Readonly<Record<string, (run: Run) => unknown>> = {
  load: ({ name }) => name,
  requests: ({ requests }) => requests,
  'answered\n200': ({ answered200 }) => answered200,
  'without\ntoken': ({ withoutToken }) => withoutToken,
  lost: ({ lost }) => sumLost(lost),
  'token\nrequests': ({ tokenRequests }) => tokenRequests,
  bound: ({ bound }) => bound,
  p50: ({ p50Ms }) => `${p50Ms.toFixed(1)} ms`,
  p99: ({ p99Ms }) => `${p99Ms.toFixed(1)} ms`,
}

/** Returns a table with a line per load. */
export function formatTable(report: Report): string {
  const table = new Table({
    head: ['row', ...Object.keys(columns), 'passed'],
    style: { head: [], border: [] },
    colAligns: ['left', 'left', ...Array<'right'>(8).fill('right'), 'left'],
  })
  for (const [id, { runs, passed }] of Object.entries(report)) {
    const cells = Object.values(columns).map((cell) => runs.map(cell).join('\n'))
    table.push([id, ...cells, passed ? 'yes' : 'NO'])
  }
  return table.toString()
}
