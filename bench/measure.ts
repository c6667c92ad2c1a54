import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'

/** The figures of one round of requests in a child process. */
export interface Round {
  readonly requestsPerSecond: number
  readonly cpuMicros: number
}

const ways = ['constant', 'ours'] as const
export type Measured = Record<(typeof ways)[number], readonly Round[]>

interface Plan {
  readonly rounds: number
  readonly warmUps: number
  /** The requests of a round, at first. */
  readonly requests: number
  /** The CPU time that a round should take. The warm-up adjusts the number of requests to it. */
  readonly roundMicros?: number
}

/** Measures a library with a constant header and with its adapter, in turn, in two new processes. */
export async function measureWays(
  [library, ...rest]: readonly [string, ...string[]],
  { rounds, warmUps, requests, roundMicros }: Plan,
): Promise<Measured> {
  const start = async (way: string) => {
    const program = fork(new URL('client.ts', import.meta.url), [library, way, ...rest])
    await nextRound(program)
    return program
  }
  const programs = { constant: await start('constant'), ours: await start('ours') }
  const measured: Record<keyof Measured, Round[]> = { constant: [], ours: [] }
  let count = requests
  try {
    for (let round = -warmUps; round < rounds; round += 1) {
      for (const way of round % 2 === 0 ? ways : ways.toReversed()) {
        programs[way].send({ requests: count })
        const result = await nextRound(programs[way])
        if (round >= 0) measured[way].push(result)
        else if (way === 'constant' && roundMicros !== undefined)
          count = Math.max(100, Math.round(roundMicros / result.cpuMicros))
      }
    }
  } finally {
    for (const program of Object.values(programs)) program.disconnect()
  }
  return measured
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
