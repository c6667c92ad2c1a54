import { execFile } from 'node:child_process'
import { env } from 'node:process'
import { fileURLToPath } from 'node:url'
import type { CaseOutcome } from '../suite/case.ts'
import type { ProgramRuntime } from './runtimes.ts'

const program = fileURLToPath(new URL('../hosts/program.ts', import.meta.url))
const denoCache = fileURLToPath(new URL('../node_modules/.cache/deno', import.meta.url))

/**
 * Runs the suite in a process of the runtime; besides what it tells, only failures are given.
 * What it has not told when the signal ends it is missing.
 */
export async function runProgram(
  { command, version, traits }: ProgramRuntime,
  stage: string,
  signal: AbortSignal,
): Promise<readonly CaseOutcome[]> {
  const [executable, ...before] = command
  const args = [...before, program, stage, JSON.stringify(traits)]
  const { output, problem } = await executed(executable, args, signal)
  const [first, ...outcomes] = output
    .split('\n')
    .filter(isJson)
    .map((line) => JSON.parse(line))
  const broken = [
    ...(problem === undefined ? [] : [failure('runs the suite and ends by itself', problem)]),
    ...(first?.version === version
      ? []
      : [failure(`is version ${version}`, `it is ${first?.version ?? 'silent'}`)]),
  ]
  return [...outcomes, ...broken]
}

function executed(
  executable: string,
  args: readonly string[],
  signal: AbortSignal,
): Promise<{ output: string; problem: string | undefined }> {
  // Little of the environment: none of it may change what a runtime does.
  const { PATH, HOME } = env
  const options = {
    signal,
    maxBuffer: 2 ** 26,
    env: { PATH, HOME, DENO_DIR: denoCache, DENO_NO_UPDATE_CHECK: '1' },
  }
  return new Promise((resolve) => {
    const child = execFile(executable, args, options, (error, stdout, stderr) => {
      const problem = error === null ? undefined : `${error.message}\n${stderr}`
      resolve({ output: stdout, problem })
    })
    child.stdin?.end()
  })
}

function failure(name: string, reason: string): CaseOutcome {
  return { name, passed: false, reason }
}

function isJson(line: string): boolean {
  return line.startsWith('{')
}
