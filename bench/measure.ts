import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'

/** The figures of one round of requests in a child process. */
export interface Round {
  readonly requestsPerSecond: number
  readonly cpuMicros: number
}

/** Starts a program that calls `serveRounds`. */
export async function startProgram(file: string, ...args: readonly string[]) {
  const program = fork(new URL(file, import.meta.url), [...args])
  await nextRound(program)
  return program
}

export function runRound(program: ChildProcess, requests: number): Promise<Round> {
  program.send({ requests })
  return nextRound(program)
}

async function nextRound(program: ChildProcess): Promise<Round> {
  const done = new AbortController()
  const { signal } = done
  const exit = once(program, 'exit', { signal }).then(([code]) => {
    throw new Error(`A program exited with code ${code}.`)
  })
  exit.catch(() => {})
  try {
    const [round] = await Promise.race([once(program, 'message', { signal }), exit])
    return round as Round
  } finally {
    done.abort()
  }
}

export function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1] ?? Number.NaN
}

export function formatRow(name: string, cells: readonly string[], nameWidth = 20): string {
  return name.padEnd(nameWidth) + cells.map((cell) => cell.padStart(13)).join('')
}
