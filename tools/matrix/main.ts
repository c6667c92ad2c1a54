/**
 * `pnpm matrix`: every row of the matrix with its tests in the last test run. Fails for a row that
 * is owed and has no passing test, or a failing one.
 *
 *   pnpm matrix             the table
 *   pnpm matrix --missing   the rows that fail
 *   pnpm matrix --row E7    all tests of a row
 */
import { existsSync, readFileSync } from 'node:fs'
import process from 'node:process'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { coverage, type OtherReports, type SuiteReport, testResults } from './coverage.ts'
import { notOwed, rows } from './rows.ts'
import { formatMissing, formatRow, formatTable } from './text.ts'

const root = fileURLToPath(new URL('../../', import.meta.url))

// A reader such as `head` may close the pipe.
process.stdout.on('error', () => {})

const { values } = parseArgs({
  options: { row: { type: 'string' }, missing: { type: 'boolean', default: false } },
})
const suite = readReport<SuiteReport>('results')
if (suite === undefined) throw new Error('There is no report of a test run. Run `pnpm test`.')
const fleet = readReport<SuiteReport>('fleet') ?? { testResults: [] }
const vitest = { testResults: [...suite.testResults, ...fleet.testResults] }
const soak = readReport<OtherReports['soak']>('soak')
const runtimes = readReport<OtherReports['runtimes']>('runtimes')
const covered = coverage(Object.keys(rows), notOwed, testResults(vitest, { soak, runtimes }, root))
const chosen = covered.filter(({ id }) => id === (values.row ?? id))
const [row] = chosen
if (row === undefined) throw new Error(`There is no row ${values.row}.`)
const formatAll = values.missing ? formatMissing : formatTable
console.log(values.row === undefined ? formatAll(covered) : formatRow(row))
if (chosen.some(({ isShort }) => isShort)) process.exitCode = 1

function readReport<Report>(name: string): Report | undefined {
  const file = `${root}test/.report/${name}.json`
  return existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : undefined
}
