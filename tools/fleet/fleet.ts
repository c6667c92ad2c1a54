/**
 * `pnpm fleet [--members 16] [--seconds 60] [--lifetime 10] [--only SIGSTOP]`: real processes with
 * axios, 20 requests a second each, with and without a shared Redis, and with faults after a third of
 * the time. `--lifetime` is that of the tokens, in seconds. Needs redis-server.
 * Prints a table and a plot, and writes the plot to test/.report/fleet.svg. Fails when a request
 * fails or the fleet makes too many token requests.
 */
import { type ChildProcess, fork } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { mkdir, writeFile } from 'node:fs/promises'
import process from 'node:process'
import { setTimeout as pause } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { createTestClient, type TestClient } from '@countersign/testing'
import asciichart from 'asciichart'
import Table from 'cli-table3'
import { type RedisServer, startRedis } from '../../test/fleet/servers.ts'
import type { MemberReport } from './member.ts'
import { drawRequests } from './plot.ts'

const { values } = parseArgs({
  options: {
    members: { type: 'string', default: '16' },
    seconds: { type: 'string', default: '60' },
    lifetime: { type: 'string', default: '10' },
    only: { type: 'string', default: '' },
  },
})
const [members, seconds, lifetime] = [values.members, values.seconds, values.lifetime].map(
  Number,
) as [number, number, number]
/** A token is renewed when a fifth of its lifetime is left, at the earliest. */
const lifetimes = Math.ceil(seconds / (lifetime * 0.8))
/** A short token may expire while Redis is gone. Each member then makes a token request of its own. */
const withoutRedis = lifetime > 10 ? 0 : 16

interface Running {
  readonly client: TestClient
  readonly redis: RedisServer | undefined
  readonly fleet: readonly ChildProcess[]
}

interface Scenario {
  readonly title: string
  readonly hasStore: boolean
  /** The most token requests. */
  readonly most: number
  /** Happens after a third of the time. */
  readonly fault?: (running: Running) => Promise<void>
}

const scenarios: readonly Scenario[] = [
  { title: 'without a store', hasStore: false, most: Number.POSITIVE_INFINITY },
  { title: 'with a store', hasStore: true, most: lifetimes + 1 },
  { title: 'kill -9 of the lease holder', hasStore: true, most: lifetimes + 2, fault: killHolder },
  {
    ...{ title: 'SIGSTOP of Redis for 3 s', hasStore: true, most: lifetimes + 1 + withoutRedis },
    fault: async ({ redis }) => {
      redis?.pause()
      await pause(3_000)
      redis?.resume()
    },
  },
  {
    ...{ title: 'restart of Redis, empty', hasStore: true, most: lifetimes + 1 + withoutRedis },
    fault: async ({ redis }) => redis?.restart(),
  },
]

/** Kills the member that makes the next token request, while the server holds the answer. */
async function killHolder({ client, fleet }: Running): Promise<void> {
  const release = client.server.hold()
  const asked = fleet.map(async (member) => {
    for (;;) if ((await once(member, 'message'))[0] === 'token-request') return member
  })
  const holder = await Promise.race(asked)
  holder.kill('SIGKILL')
  release()
}

/** Runs a scenario. `history` has the token requests so far, at each second. */
async function run({ title, hasStore, most, fault }: Scenario) {
  await using client = await createTestClient({}, { lifetimeSeconds: lifetime })
  await using redis = hasStore ? await startRedis() : undefined
  const env = {
    ...{ ...process.env, ...client.env, API_ORIGIN: client.api.origin, SECONDS: String(seconds) },
    ...(redis && { REDIS_PORT: String(redis.port), STORE_KEY: randomBytes(32).toString('base64') }),
  }
  const program = fileURLToPath(new URL('member.ts', import.meta.url))
  const fleet = Array.from({ length: members }, () => fork(program, { env }))
  const reports: MemberReport[] = []
  for (const member of fleet)
    member.on('message', (message: MemberReport | string) => {
      if (typeof message === 'object') reports.push(message)
    })
  const ended = Promise.all(fleet.map((member) => once(member, 'exit')))
  const history: number[] = []
  const progress = setInterval(() => {
    const [requests, calls] = [client.server.requests.length, client.api.requests.length]
    history.push(requests)
    process.stderr.write(
      `\r${title}: ${history.length} s, ${requests} token requests, ${calls} calls `,
    )
  }, 1000)
  await Promise.all([
    ended,
    pause((seconds * 1000) / 3).then(() => fault?.({ client, redis, fleet })),
  ])
  clearInterval(progress)
  process.stderr.write('\n')
  const sum = (of: (report: MemberReport) => number) =>
    reports.reduce((total, report) => total + of(report), 0)
  return {
    ...{ title, most, history, requests: client.server.requests.length },
    ...{ calls: sum(({ calls }) => calls), failed: sum(({ failed }) => failed) },
    slowest: Math.max(...reports.map(({ slowest }) => slowest)),
  }
}

const outcomes: Awaited<ReturnType<typeof run>>[] = []
for (const scenario of scenarios)
  if (scenario.title.includes(values.only)) outcomes.push(await run(scenario))

const table = new Table({
  head: ['scenario', 'token requests', 'most', 'per lifetime', 'calls', 'failed', 'slowest, ms'],
  style: { head: [], border: [] },
})
for (const { title, requests, most, calls, failed, slowest } of outcomes) {
  if (failed > 0 || requests > most) process.exitCode = 1
  const shown = Number.isFinite(most) ? most : ''
  const perLifetime = (requests / lifetimes).toFixed(1)
  table.push([title, requests, shown, perLifetime, calls, failed, Math.round(slowest)])
}
console.log(table.toString())
const [alone, ...shared] = outcomes.map(({ history }) => [...history])
if (alone !== undefined && shared[0] !== undefined)
  console.log(
    `\nToken requests so far, without and with a store:\n${asciichart.plot([alone, shared[0]], { height: 12 })}`,
  )
const folder = new URL('../../test/.report/', import.meta.url)
await mkdir(folder, { recursive: true })
await writeFile(new URL('fleet.svg', folder), drawRequests(outcomes))
