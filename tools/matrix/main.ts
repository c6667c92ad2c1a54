/**
 * `pnpm matrix`: every row of the matrix with what the last test run says of it. Fails for a row
 * that is owed and has no passing test, or a failing one.
 *
 *   pnpm matrix             the table
 *   pnpm matrix --missing   the rows that fail, with what they say
 *   pnpm matrix --row E7    all tests of a row
 */
import { existsSync, readFileSync } from 'node:fs'
import process from 'node:process'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { coverage, isShort } from './coverage.ts'
import { notOwed, owedInPart, rows } from './rows.ts'
import {
  type RuntimesReport,
  type SoakReport,
  type SuiteReport,
  testResults,
} from './test-results.ts'
import { matrixTable, missingRows, rowDetails, type Told } from './text.ts'

const root = fileURLToPath(new URL('../../', import.meta.url))
const suiteFile = `${root}test/.report/results.json`
const soakFile = `${root}test/.report/soak.json`
const runtimesFile = `${root}test/.report/runtimes.json`
const told: Told = { rows, notOwed, owedInPart }

// The reader of a pipe may have seen enough.
process.stdout.on('error', () => {})

try {
  const { values } = parseArgs({
    options: { row: { type: 'string' }, missing: { type: 'boolean', default: false } },
  })
  const { text, isGood } = run(values)
  console.log(text)
  if (!isGood) process.exitCode = 1
} catch (error) {
  console.error(error instanceof Error ? error.message : error)
  process.exitCode = 1
}

function run({ row, missing }: { row?: string; missing: boolean }): {
  text: string
  isGood: boolean
} {
  const results = readResults()
  const covered = coverage(Object.keys(rows), notOwed, results)
  if (row !== undefined) {
    const found = covered.find(({ id }) => id === row)
    if (found === undefined) throw new Error(`There is no row ${row}.`)
    return { text: rowDetails(found, told), isGood: !isShort(found) }
  }
  const files = new Set(results.map(({ file }) => file)).size
  const source = `From ${results.length} tests in ${files} files.`
  const text = missing ? missingRows(covered, told) : `${matrixTable(covered, told)}\n${source}`
  return { text, isGood: !covered.some(isShort) }
}

function readResults() {
  const suite = readReport<SuiteReport>(suiteFile)
  if (suite === undefined) throw new Error('There is no report of a test run: run `pnpm test`.')
  const soak = readReport<SoakReport>(soakFile)
  const runtimes = readReport<RuntimesReport>(runtimesFile)
  return testResults(suite, { soak, runtimes }, root)
}

function readReport<Report>(file: string): Report | undefined {
  return existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : undefined
}
