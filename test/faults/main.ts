/**
 * Puts each fault of `test/matrix/faults.md` into a scratch copy of the last commit, runs the tests
 * of its rows, and expects red. `node test/faults/main.ts [row …]`; without rows all of them, and
 * the outcome is written to `test/matrix/faults-outcome.md`.
 */
import { execFileSync, spawnSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import process from 'node:process'
import { fileURLToPath } from 'node:url'
import { scratchCopy } from '../scratch-copy.ts'
import { applyFault, type Fault, parseFaults } from './fault-list.ts'

type Outcome = 'noticed' | 'not noticed' | 'no test' | 'does not compile'

const root = fileURLToPath(new URL('../..', import.meta.url))
const wanted = process.argv.slice(2)
const faults = parseFaults(readFileSync(join(root, 'test/matrix/faults.md'), 'utf8')).filter(
  ({ rows }) => wanted.length === 0 || rows.some((row) => wanted.includes(row)),
)
const commit = git('rev-parse', 'HEAD').trim()
const scratch = scratchCopy(root, commit)
run('npx', ['--yes', 'pnpm@12', 'install', '--frozen-lockfile'])
if (!build()) throw new Error('The last commit does not build.')

const outcomes: [Fault, Outcome][] = []
for (const fault of faults) {
  const outcome = judge(fault)
  outcomes.push([fault, outcome])
  console.log(`${fault.rows.join(' ').padEnd(12)} ${outcome.padEnd(18)} ${fault.file}`)
}
const missed = outcomes.filter(([, outcome]) => outcome !== 'noticed')
console.log(`${outcomes.length - missed.length} of ${outcomes.length} faults noticed.`)
if (missed.length > 0) process.exitCode = 1
if (wanted.length === 0) {
  const page = join(root, 'test/matrix/faults-outcome.md')
  writeFileSync(page, report(outcomes))
  execFileSync('node_modules/.bin/biome', ['format', '--write', page], { cwd: root })
}

function judge(fault: Fault): Outcome {
  const path = join(scratch, fault.file)
  const source = readFileSync(path, 'utf8')
  writeFileSync(path, applyFault(fault, source))
  try {
    if (!build()) return 'does not compile'
    return test(fault.rows)
  } finally {
    writeFileSync(path, source)
  }
}

/** Only the tests whose names have one of the rows as a word of its own, in the files that name it. */
function test(rows: readonly string[]): Outcome {
  const pattern = `(^|[^A-Za-z0-9])(${rows.join('|')})([^A-Za-z0-9]|$)`
  const files = testFiles(new RegExp(pattern))
  if (files.length === 0) return 'no test'
  const { status } = run('node_modules/.bin/vitest', [
    'run',
    '--bail',
    '1',
    '-t',
    pattern,
    ...files,
  ])
  const report = readFileSync(join(scratch, 'test/.report/results.json'), 'utf8')
  const { numPassedTests, numFailedTests } = JSON.parse(report)
  if (numPassedTests + numFailedTests === 0) return 'no test'
  return status === 0 ? 'not noticed' : 'noticed'
}

/** The parts of the adapters' suite are run by its hosts. */
function testFiles(pattern: RegExp): string[] {
  const all = git('ls-files', 'test')
    .split('\n')
    .filter((file) => file.endsWith('.ts'))
  const named = all.filter((file) => pattern.test(readFileSync(join(scratch, file), 'utf8')))
  const isPart = (file: string) => file.startsWith('test/conformance/adapter/')
  const hosts = named.some(isPart) ? ['axios-http', 'axios-fetch', 'ky', 'fetch'] : []
  return [
    ...named.filter((file) => file.endsWith('.test.ts')),
    ...hosts.map((host) => `test/conformance/${host}.test.ts`),
  ]
}

function build(): boolean {
  return run('node_modules/.bin/node', ['--run', 'build']).status === 0
}

function run(command: string, args: readonly string[]): { status: number | null } {
  const PATH = `${join(scratch, 'node_modules/.bin')}:${process.env.PATH}`
  const env = { ...process.env, PATH, CI: '' }
  return spawnSync(command, args, {
    ...{ cwd: scratch, env, encoding: 'utf8', timeout: 300_000 },
    maxBuffer: 2 ** 28,
  })
}

function git(...args: readonly string[]): string {
  return execFileSync('git', args, { cwd: root, encoding: 'utf8' })
}

function report(all: readonly (readonly [Fault, Outcome])[]): string {
  const rows = all.map(
    ([{ rows, file }, outcome]) => `| ${rows.join(' ')} | ${file} | ${outcome} |`,
  )
  return [
    '# What the tests noticed',
    '',
    `Written by \`pnpm faults\` for commit ${commit}: each fault of [faults.md](faults.md), alone.`,
    '',
    '| rows | file | outcome |',
    '| --- | --- | --- |',
    ...rows,
    '',
  ].join('\n')
}
