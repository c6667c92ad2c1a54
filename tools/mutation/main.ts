/**
 * Mutates a folder's sources in a scratch copy of the last commit and runs the tests that are about
 * it, on each mutant. `node tools/mutation/main.ts <folder> …`; each folder has a
 * least score.
 */
import { execFileSync, spawnSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import process from 'node:process'
import { fileURLToPath } from 'node:url'
import { type FolderName, folders } from './folders.ts'
import { scratchCopy } from './scratch-copy.ts'
import { complaints, tally } from './stryker-report.ts'

const threeHours = 10_800_000
const report = 'test/.report/mutation.json'

const root = fileURLToPath(new URL('../..', import.meta.url))
const wanted = process.argv.slice(2)
const known = Object.keys(folders)
if (wanted.length === 0 || !wanted.every((name): name is FolderName => known.includes(name))) {
  throw new Error(`Which of these: ${known.join(', ')}?`)
}

const commit = git('rev-parse', '--short', 'HEAD').trim()
const scratch = scratchCopy(root, commit)
run('npx', ['--yes', 'pnpm@12', 'install', '--frozen-lockfile'])
run('npx', ['--yes', 'pnpm@12', 'build'])

function mutate(folder: FolderName): void {
  const settings = join(scratch, 'stryker.config.json')
  writeFileSync(settings, JSON.stringify(strykerSettings(folder)))
  run('node_modules/.bin/stryker', ['run', settings], { MUTATED_FOLDER: folder })
  const outcome = tally(JSON.parse(readFileSync(join(scratch, report), 'utf8')))
  for (const survivor of outcome.survived) console.log(`survived: ${survivor}`)
  for (const complaint of complaints(outcome, folders[folder].leastScore)) {
    console.error(`${folder}: ${complaint}`)
    process.exitCode = 1
  }
  const { score, mutants, disabled } = outcome
  console.log(`${folder}: ${score.toFixed(1)} % of ${mutants} mutants, ${disabled.length} disabled`)
}

const vitestRunner = {
  testRunner: 'vitest',
  plugins: ['@stryker-mutator/vitest-runner'],
  vitest: { configFile: 'tools/mutation/vitest.config.ts', related: false },
  coverageAnalysis: 'perTest',
}

const commandRunner = {
  testRunner: 'command',
  buildCommand: 'tsc -b packages',
  commandRunner: { command: 'vitest run --bail 1 --config tools/mutation/vitest.config.ts' },
}

/** In place, because pnpm's links in the packages do not outlive a copy. */
function strykerSettings(folder: FolderName): object {
  return {
    mutate: folders[folder].mutate,
    inPlace: true,
    ...(folders[folder].startsProcesses ? commandRunner : vitestRunner),
    concurrency: 2,
    timeoutMS: 10_000,
    timeoutFactor: 2,
    reporters: ['clear-text', 'progress-append-only', 'json'],
    clearTextReporter: { reportTests: false, reportMutants: false },
    jsonReporter: { fileName: report },
    allowConsoleColors: false,
  }
}

function run(command: string, args: readonly string[], variables: Record<string, string> = {}) {
  const PATH = `${join(scratch, 'node_modules/.bin')}:${process.env.PATH}`
  const { status } = spawnSync(command, args, {
    cwd: scratch,
    env: { ...process.env, PATH, CI: '', ...variables },
    stdio: ['ignore', 'inherit', 'inherit'],
    timeout: threeHours,
  })
  if (status !== 0) throw new Error(`${command} ${args.join(' ')} failed`)
}

function git(...args: readonly string[]): string {
  return execFileSync('git', args, { cwd: root, encoding: 'utf8' })
}

for (const folder of wanted) mutate(folder)
