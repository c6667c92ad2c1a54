/**
 * What each adapter costs over real HTTP on loopback, against the same library with a constant
 * `Authorization` header: `pnpm bench:http [--rounds N] [client …]`. The table goes to stderr, the
 * result as JSON to stdout.
 */
import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import process from 'node:process'
import { parseArgs } from 'node:util'
import { clients, isClient, type Way, ways } from './http-ways.ts'

const { values, positionals } = parseArgs({
  options: { rounds: { type: 'string', default: '15' } },
  allowPositionals: true,
})
const rounds = Number(values.rounds)
if (!(Number.isInteger(rounds) && rounds > 0)) throw new Error('--rounds must be a whole number.')
const unknown = positionals.find((name) => !isClient(name))
if (unknown !== undefined) throw new Error(`Unknown client '${unknown}'. Valid: ${clients.join()}.`)
const chosen = clients.filter((name) => positionals.length === 0 || positionals.includes(name))
const methods = ['GET', 'POST'] as const
const requestsPerRound = 8000
/** What V8 makes of a program differs between its processes, so every few rounds begin new ones. */
const roundsPerProcess = 3

interface Round {
  readonly requestsPerSecond: number
  readonly cpuMicros: number
}

const server = fork(new URL('http-server.ts', import.meta.url))
const results = []
try {
  const [{ url }] = (await once(server, 'message')) as [{ url: string }]
  console.error(
    `Node ${process.version}, ${rounds} interleaved rounds of ${requestsPerRound} requests, 32 in flight, new processes every ${roundsPerProcess}.\n` +
      'Ratios of medians, ours to constant header; spread is (max - min) / median of ours.\n',
  )
  for (const client of chosen) {
    for (const method of methods) {
      const result = { client, method, ...(await measure(client, method, url)) }
      const { throughput, cpu } = result
      console.error(
        `${client} ${method}`.padEnd(22) +
          `requests/s ${throughput.ratio.toFixed(3)} (spread ${throughput.spread.toFixed(2)})   ` +
          `CPU ${cpu.ratio.toFixed(3)} (spread ${cpu.spread.toFixed(2)})`,
      )
      results.push(result)
    }
  }
} finally {
  server.disconnect()
}
console.log(JSON.stringify({ node: process.version, rounds, requestsPerRound, results }, null, 2))

async function measure(client: string, method: string, url: string) {
  const measured: Record<Way, Round[]> = { constant: [], ours: [] }
  while (measured.ours.length < rounds) await measureProcesses(client, { method, url, measured })
  return {
    throughput: compare(measured, ({ requestsPerSecond }) => requestsPerSecond),
    cpu: compare(measured, ({ cpuMicros }) => cpuMicros),
  }
}

async function measureProcesses(
  client: string,
  { method, url, measured }: { method: string; url: string; measured: Record<Way, Round[]> },
): Promise<void> {
  const programs = {
    constant: await start(client, 'constant', method, url),
    ours: await start(client, 'ours', method, url),
  }
  try {
    for (let round = -2; round < roundsPerProcess; round += 1) {
      for (const way of round % 2 === 0 ? ways : ways.toReversed()) {
        programs[way].send({ requests: requestsPerRound })
        const result = await nextRound(programs[way])
        // The first rounds warm the compiler up.
        if (round >= 0) measured[way].push(result)
      }
    }
  } finally {
    for (const program of Object.values(programs)) program.disconnect()
  }
}

async function start(client: string, way: Way, method: string, url: string) {
  const program = fork(new URL('http-client.ts', import.meta.url), [client, way, method, url])
  await nextRound(program)
  return program
}

async function nextRound(program: ChildProcess): Promise<Round> {
  const done = new AbortController()
  const { signal } = done
  const exit = once(program, 'exit', { signal }).then(([code]) => {
    throw new Error(`A client exited with code ${code}.`)
  })
  exit.catch(() => {})
  try {
    const [round] = await Promise.race([once(program, 'message', { signal }), exit])
    return round as Round
  } finally {
    done.abort()
  }
}

function compare(measured: Record<Way, readonly Round[]>, figure: (round: Round) => number) {
  const constant = measured.constant.map(figure).toSorted((a, b) => a - b)
  const ours = measured.ours.map(figure).toSorted((a, b) => a - b)
  return {
    constant: median(constant),
    ours: median(ours),
    ratio: median(ours) / median(constant),
    spread: ((ours.at(-1) ?? Number.NaN) - (ours[0] ?? Number.NaN)) / median(ours),
  }
}

function median(sorted: readonly number[]): number {
  return sorted[sorted.length >> 1] ?? Number.NaN
}
