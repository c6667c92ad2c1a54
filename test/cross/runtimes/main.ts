/**
 * `pnpm test:runtimes`: one suite in every supported runtime. Fails for a case that fails or did
 * not run, and for a runtime of another version.
 */
import process from 'node:process'
import { runProgram } from './stage/programs.ts'
import {
  addMissing,
  clearReport,
  describeFailures,
  formatTable,
  writeReport,
} from './stage/report.ts'
import { programRuntimes, type Runtime, workerRuntimes } from './stage/runtimes.ts'
import { openStage } from './stage/servers.ts'
import { stories } from './stage/stories.ts'
import { runWorkers } from './stage/workers.ts'
import { type CaseOutcome, cases } from './suite/case.ts'

type Outcomes = ReadonlyMap<Runtime, readonly CaseOutcome[]>

const suite = Object.keys(cases)
const suiteAndStories = [...suite, ...stories.map(({ name }) => name)]

/** The run takes a tenth of this. */
const overdue = AbortSignal.timeout(180_000)

// miniflare has been seen to leave a timer behind, which would keep this process alive.
process.exit((await runAll()) ? 0 : 1)

async function runAll(): Promise<boolean> {
  await clearReport()
  await using stage = await openStage()
  const [programs, workers] = await Promise.all([
    runPrograms(stage.url),
    runWorkers(workerRuntimes, stage.url, overdue).catch((error): Outcomes => {
      console.error(error)
      return new Map()
    }),
  ])
  const complete = (all: Outcomes, runtime: Runtime, expected: readonly string[]) =>
    [`${runtime.name} (${runtime.version})`, addMissing(all.get(runtime) ?? [], expected)] as const
  const outcomes = new Map([
    ...programRuntimes.map((runtime) => complete(programs, runtime, suite)),
    ...workerRuntimes.map((runtime) => complete(workers, runtime, suiteAndStories)),
  ])
  await writeReport(outcomes)
  console.log(formatTable(outcomes))
  const failed = describeFailures(outcomes)
  for (const failure of failed) console.error(`\n${failure}`)
  const count = [...outcomes.values()].flat().length
  console.log(
    `\n${outcomes.size} runtimes, ${count - failed.length} passed, ${failed.length} failed`,
  )
  return failed.length === 0
}

/** Runs one program after the other, in parallel with the workers. */
async function runPrograms(stage: string): Promise<Outcomes> {
  const outcomes = new Map<Runtime, readonly CaseOutcome[]>()
  for (const runtime of programRuntimes) {
    outcomes.set(runtime, await runProgram(runtime, stage, overdue))
  }
  return outcomes
}
