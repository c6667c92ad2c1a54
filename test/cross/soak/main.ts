/** `pnpm soak [--minutes N] [--only H2,H4] [--json]`: load on real servers, row by row. */
import { setTimeout as pause } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { createTokenProvider } from '@countersign/core'
import { forkCommands } from '../../support/commands.ts'
import { ecPair } from '../../support/keys.ts'
import { clearReport, formatTable, type Report, writeReport } from './report.ts'
import type { Row, RowOutcome, Stage } from './row.ts'
import { coldBurst } from './rows/cold-burst.ts'
import { outageWithToken } from './rows/outage-with-token.ts'
import { outageWithoutToken } from './rows/outage-without-token.ts'
import { revocations } from './rows/revocations.ts'
import { shortTokens } from './rows/short-tokens.ts'
import { tenants } from './rows/tenants.ts'
import type { ServerCommands } from './servers.ts'

const rows = [coldBurst, shortTokens, revocations, outageWithToken, outageWithoutToken, tenants]

const { values } = parseArgs({
  // pnpm passes on the `--` in front of the script's own arguments.
  args: process.argv.slice(2).filter((argument) => argument !== '--'),
  options: {
    minutes: { type: 'string', default: '0.17' },
    only: { type: 'string', default: rows.map(({ id }) => id).join() },
    json: { type: 'boolean', default: false },
  },
})
const durationMs = Math.max(10_000, Number(values.minutes) * 60_000)
if (!(durationMs <= 3_600_000)) throw new Error('--minutes must be a number up to 60.')
const only = values.only.toUpperCase().split(/\s*,\s*/)
const unknown = only.find((id) => !rows.some((row) => row.id === id))
if (unknown !== undefined) throw new Error(`--only: there is no row ${unknown}.`)

// The exit ends the process of the servers.
process.once('SIGINT', () => process.exit(130))
process.once('SIGTERM', () => process.exit(143))

const say = (line: string) => {
  if (!values.json) console.log(line)
}
const chosen = rows.filter(({ id }) => only.includes(id))
const clients = new Map(
  chosen
    .flatMap((row) => Object.entries(row.clients(durationMs)))
    .map(([clientId, tokenLifetimeSeconds]) => {
      const { privateKey, publicJwk } = ecPair()
      const publicKey = { kty: 'EC', ...publicJwk }
      const client = { clientId, algorithm: 'ES256', publicKey, tokenLifetimeSeconds } as const
      return [clientId, { client, privateKey }]
    }),
)

await clearReport()
const servers = forkCommands<ServerCommands>(new URL('servers.ts', import.meta.url))
const { tokenEndpoint, apiOrigin, resource } = await servers.run(
  'start',
  [...clients.values()].map(({ client }) => client),
)
const stage: Stage = {
  ...{ durationMs, servers, apiOrigin },
  provider(clientId, options) {
    const key = clients.get(clientId)?.privateKey
    // Long enough for a busy machine: the rows are not about it.
    const timeout = 60_000
    return createTokenProvider({ clientId, tokenEndpoint, key, resource, timeout, ...options })
  },
}

const report: Report = {}
for (const row of chosen) {
  say(`${row.id}: ${row.title}`)
  const outcome = await runRow(row)
  report[row.id] = { passed: outcome.broken.length === 0, title: row.title, ...outcome }
  for (const note of outcome.notes) say(`    ${note}`)
  for (const broken of outcome.broken) console.error(`    ${row.id} BROKEN: ${broken}`)
}
await servers.close()
await writeReport(report)
if (values.json) console.log(JSON.stringify(report, undefined, 2))
say(`\n${formatTable(report)}`)
const failed = Object.keys(report).filter((id) => !report[id]?.passed)
say(failed.length === 0 ? 'Every row passed.' : `Not passed: ${failed.join(', ')}`)
process.exit(failed.length === 0 ? 0 : 1)

/** Runs a row. A row that throws, or takes over twice its time and three minutes, is broken. */
async function runRow(row: Row): Promise<RowOutcome> {
  const limit = 2 * durationMs + 180_000
  const late = pause(limit, undefined, { ref: false }).then(() => {
    throw new Error(`the row did not end within ${limit / 1000} s`)
  })
  try {
    return await Promise.race([row.run(stage), late])
  } catch (error) {
    return { runs: [], broken: [`threw: ${error}`], notes: [] }
  }
}
