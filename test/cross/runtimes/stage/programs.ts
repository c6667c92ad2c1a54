import { execFile } from 'node:child_process'
import { env } from 'node:process'
import { fileURLToPath } from 'node:url'
import type { CaseOutcome } from '../suite/case.ts'
import type { ProgramRuntime } from './runtimes.ts'

const program = fileURLToPath(new URL('../hosts/program.ts', import.meta.url))
const denoCache = fileURLToPath(new URL('../node_modules/.cache/deno', import.meta.url))

/** Runs the suite in a process of the runtime. Cases that it does not report are missing. */
export async function runProgram(
  { command: [executable, ...before], version, traits }: ProgramRuntime,
  stage: string,
  signal: AbortSignal,
): Promise<readonly CaseOutcome[]> {
  // No variable of the environment may change what a runtime does.
  const { PATH, HOME } = env
  const options = {
    signal,
    maxBuffer: 2 ** 26,
    env: { PATH, HOME, DENO_DIR: denoCache, DENO_NO_UPDATE_CHECK: '1' },
  }
  const args = [...before, program, stage, JSON.stringify(traits)]
  const { output, problem } = await new Promise<{ output: string; problem: string }>((resolve) => {
    const child = execFile(executable, args, options, (error, stdout, stderr) => {
      resolve({ output: stdout, problem: error === null ? '' : `${error.message}\n${stderr}` })
    })
    child.stdin?.end()
  })
  const lines = output.split('\n').filter((line) => line.startsWith('{'))
  const [first, ...outcomes] = lines.map((line) => JSON.parse(line))
  const failures = [
    { name: 'runs the suite and exits', reason: problem },
    {
      name: `is version ${version}`,
      reason: first?.version === version ? '' : `it is ${first?.version}`,
    },
  ]
  return [
    ...outcomes,
    ...failures
      .filter(({ reason }) => reason !== '')
      .map((failure) => ({ ...failure, passed: false })),
  ]
}
