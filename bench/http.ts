/**
 * The cost of each adapter over real HTTP on loopback, compared with the same library and a constant
 * `Authorization` header: `pnpm bench:http [--rounds N] [client …]`. The table goes to stderr, the
 * result as JSON to stdout.
 */
import { fork } from 'node:child_process'
import { once } from 'node:events'
import process from 'node:process'
import { parseArgs } from 'node:util'
import { median, type Round, runRound, startProgram } from './measure.ts'

const clients = ['axios-esm', 'axios-cjs', 'ky', 'fetch']
const { values, positionals } = parseArgs({
  options: { rounds: { type: 'string', default: '15' } },
  allowPositionals: true,
})
const rounds = Number(values.rounds)
if (!(Number.isInteger(rounds) && rounds > 0)) throw new Error('--rounds must be a whole number.')
const unknown = positionals.find((name) => !clients.includes(name))
if (unknown !== undefined) throw new Error(`Unknown client '${unknown}'. Valid: ${clients.join()}.`)
const chosen = positionals.length === 0 ? clients : positionals
const ways = ['constant', 'ours'] as const
const requestsPerRound = 8000
/** V8 optimizes a program differently in each process, so every few rounds use new ones. */
const roundsPerProcess = 3

type Measured = Record<(typeof ways)[number], Round[]>

const server = fork(new URL('http-server.ts', import.meta.url))
const results = []
try {
  const [{ url }] = (await once(server, 'message')) as [{ url: string }]
  console.error(
    `Node ${process.version}, ${rounds} interleaved rounds of ${requestsPerRound} requests, 32 in flight, new processes every ${roundsPerProcess}.\n` +
      'Ratios of medians, adapter to constant header; spread is (max - min) / median with the adapter.\n',
  )
  for (const client of chosen) {
    for (const method of ['GET', 'POST']) {
      const measured: Measured = { constant: [], ours: [] }
      while (measured.ours.length < rounds) await measureProcesses([client, method, url], measured)
      const throughput = compare(measured, ({ requestsPerSecond }) => requestsPerSecond)
      const cpu = compare(measured, ({ cpuMicros }) => cpuMicros)
      console.error(
        `${client} ${method}`.padEnd(22) +
          `requests/s ${throughput.ratio.toFixed(3)} (spread ${throughput.spread.toFixed(2)})   ` +
          `CPU ${cpu.ratio.toFixed(3)} (spread ${cpu.spread.toFixed(2)})`,
      )
      results.push({ client, method, throughput, cpu })
    }
  }
} finally {
  server.disconnect()
}
console.log(JSON.stringify({ node: process.version, rounds, requestsPerRound, results }, null, 2))

async function measureProcesses(
  [client, method, url]: readonly [string, string, string],
  measured: Measured,
): Promise<void> {
  const start = (way: string) => startProgram('http-client.ts', client, way, method, url)
  const programs = { constant: await start('constant'), ours: await start('ours') }
  try {
    for (let round = -2; round < roundsPerProcess; round += 1) {
      for (const way of round % 2 === 0 ? ways : ways.toReversed()) {
        const result = await runRound(programs[way], requestsPerRound)
        // The first rounds warm up the compiler.
        if (round >= 0) measured[way].push(result)
      }
    }
  } finally {
    for (const program of Object.values(programs)) program.disconnect()
  }
}

function compare(measured: Measured, figure: (round: Round) => number) {
  const constant = median(measured.constant.map(figure))
  const figures = measured.ours.map(figure)
  const ours = median(figures)
  const spread = (Math.max(...figures) - Math.min(...figures)) / ours
  return { constant, ours, ratio: ours / constant, spread }
}
