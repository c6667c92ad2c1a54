/**
 * `pnpm test:runtimes`: one suite in every runtime that is promised. Fails for a case that fails,
 * a case that did not run, and a runtime that is not the one it should be.
 */
import process from 'node:process'
import { runProgram } from './stage/programs.ts'
import {
  clearReport,
  completed,
  failures,
  outcomeTable,
  runtimeLabel,
  writeReport,
} from './stage/report.ts'
import { programRuntimes, type Runtime, workerRuntimes } from './stage/runtimes.ts'
import { openStage } from './stage/stage.ts'
import { stories } from './stage/stories.ts'
import { runWorkers } from './stage/workers.ts'
import type { CaseOutcome } from './suite/case.ts'
import { cases } from './suite/cases.ts'

const suite = cases.map(({ name }) => name)
const suiteAndStories = [...suite, ...stories.map(({ name }) => name)]

/** The run takes a tenth of this; what it has not done by then hangs. */
const overdue = AbortSignal.timeout(180_000)

// What hosts workerd has been seen to leave a timer behind, which would keep this process.
process.exit((await allPassed()) ? 0 : 1)

async function allPassed(): Promise<boolean> {
  await clearReport()
  await using stage = await openStage()
  const [programs, workers] = await Promise.all([
    runPrograms(stage.url),
    runWorkers(workerRuntimes, stage.url, overdue).catch(nothingRan),
  ])
  const outcomes = new Map([
    ...programRuntimes.map((runtime) => told(runtime, programs.get(runtime), suite)),
    ...workerRuntimes.map((runtime) => told(runtime, workers.get(runtime), suiteAndStories)),
  ])
  await writeReport(outcomes)
  console.log(outcomeTable(outcomes))
  const failed = failures(outcomes)
  for (const failure of failed) console.error(`\n${failure}`)
  const count = [...outcomes.values()].flat().length
  console.log(
    `\n${outcomes.size} runtimes, ${count - failed.length} passed, ${failed.length} failed`,
  )
  return failed.length === 0
}

/** Each of its cases is missing then. */
function nothingRan(error: unknown): ReadonlyMap<Runtime, readonly CaseOutcome[]> {
  console.error(error)
  return new Map()
}

/** One after the other, beside the workers. */
async function runPrograms(stage: string): Promise<ReadonlyMap<Runtime, readonly CaseOutcome[]>> {
  const outcomes = new Map<Runtime, readonly CaseOutcome[]>()
  for (const runtime of programRuntimes)
    outcomes.set(runtime, await runProgram(runtime, stage, overdue))
  return outcomes
}

function told(
  runtime: Runtime,
  outcomes: readonly CaseOutcome[] = [],
  owed: readonly string[],
): [string, readonly CaseOutcome[]] {
  return [runtimeLabel(runtime), completed(outcomes, owed)]
}
