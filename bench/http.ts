/**
 * The cost of each adapter over real HTTP on loopback, compared with the same library and a constant
 * `Authorization` header: `pnpm bench:http [--rounds N] [client …]`. The table goes to stderr, the
 * result as JSON to stdout.
 */
import { fork } from 'node:child_process'
import { once } from 'node:events'
import process from 'node:process'
import { parseArgs } from 'node:util'
import { type Measured, measureWays, median, type Round } from './measure.ts'

const clients = ['axios', 'axios-cjs', 'ky', 'fetch']
const { values, positionals } = parseArgs({
  options: { rounds: { type: 'string', default: '15' } },
  allowPositionals: true,
})
const rounds = Number(values.rounds)
if (!(Number.isInteger(rounds) && rounds > 0)) throw new Error('--rounds must be a whole number.')
const unknown = positionals.find((name) => !clients.includes(name))
if (unknown !== undefined) throw new Error(`Unknown client '${unknown}'. Valid: ${clients.join()}.`)
const chosen = positionals.length === 0 ? clients : positionals
/** V8 optimizes a program differently in each process, so every few rounds use new ones. */
const plan = { rounds: 3, warmUps: 2, requests: 8000 }

const server = fork(new URL('http-server.ts', import.meta.url))
const results = []
try {
  const [{ url }] = (await once(server, 'message')) as [{ url: string }]
  console.error(
    `Node ${process.version}, ${rounds} interleaved rounds of ${plan.requests} requests, 32 in flight, new processes every ${plan.rounds}.\n` +
      'Ratios of medians, adapter to constant header; spread is (max - min) / median with the adapter.\n',
  )
  for (const client of chosen) {
    for (const request of ['GET', 'POST, 1 kB']) {
      let measured: Measured = { constant: [], ours: [] }
      while (measured.ours.length < rounds) {
        const more = await measureWays([client, request, url], plan)
        measured = {
          constant: [...measured.constant, ...more.constant],
          ours: [...measured.ours, ...more.ours],
        }
      }
      const throughput = compare(measured, ({ requestsPerSecond }) => requestsPerSecond)
      const cpu = compare(measured, ({ cpuMicros }) => cpuMicros)
      console.error(
        `${client} ${request}`.padEnd(24) +
          `requests/s ${throughput.ratio.toFixed(3)} (spread ${throughput.spread.toFixed(2)})   ` +
          `CPU ${cpu.ratio.toFixed(3)} (spread ${cpu.spread.toFixed(2)})`,
      )
      results.push({ client, request, throughput, cpu })
    }
  }
} finally {
  server.disconnect()
}
console.log(
  JSON.stringify(
    { node: process.version, rounds, requestsPerRound: plan.requests, results },
    null,
    2,
  ),
)

function compare(measured: Measured, figure: (round: Round) => number) {
  const constant = median(measured.constant.map(figure))
  const figures = measured.ours.map(figure)
  const ours = median(figures)
  const spread = (Math.max(...figures) - Math.min(...figures)) / ours
  return { constant, ours, ratio: ours / constant, spread }
}
