import { setTimeout as pause } from 'node:timers/promises'
import { createTokenProvider } from '@countersign/core'
import { readArguments, type SoakArguments } from './arguments.ts'
import { makeClient } from './clients.ts'
import { clearReport, type Report, reported, tableOf, writeReport } from './report.ts'
import type { Row, Stage } from './row.ts'
import { coldBurst } from './rows/cold-burst.ts'
import { outageWithToken } from './rows/outage-with-token.ts'
import { outageWithoutToken } from './rows/outage-without-token.ts'
import { revocations } from './rows/revocations.ts'
import { shortTokens } from './rows/short-tokens.ts'
import { tenants } from './rows/tenants.ts'
import type { RowOutcome } from './run.ts'
import { forkServers } from './servers.ts'

const rows = [coldBurst, shortTokens, revocations, outageWithToken, outageWithoutToken, tenants]

/** Of a flight: a busy machine that holds up the process is not what the rows are about. */
const patientMs = 60_000

const { durationMs, only, json } = argumentsGiven()
// The exit ends the process of the servers.
process.once('SIGINT', () => process.exit(130))
process.once('SIGTERM', () => process.exit(143))

const say = (line: string) => {
  if (!json) console.log(line)
}
const chosen = rows.filter(({ id }) => only.includes(id))
const clients = new Map(
  chosen
    .flatMap((row) => row.clients(durationMs))
    .map((wanted) => [wanted.clientId, makeClient(wanted)]),
)

await clearReport()
await using servers = await forkServers([...clients.values()].map((client) => client.registration))

const stage: Stage = {
  durationMs,
  servers,
  provider: (clientId, options) =>
    createTokenProvider({
      clientId,
      tokenEndpoint: servers.tokenEndpoint,
      key: clients.get(clientId)?.privateKey,
      resource: servers.resource,
      timeout: patientMs,
      ...options,
    }),
}

function argumentsGiven(): SoakArguments {
  try {
    return readArguments(
      process.argv.slice(2),
      rows.map(({ id }) => id),
    )
  } catch (error) {
    console.error(error instanceof Error ? error.message : error)
    process.exit(1)
  }
}

/** A row that falls over, or takes more than twice its time and three minutes, is broken. */
async function outcomeOf(row: Row): Promise<RowOutcome> {
  const ended = new AbortController()
  const limit = 2 * durationMs + 180_000
  const late = pause(limit, undefined, { signal: ended.signal }).then(() => {
    throw new Error(`it did not end within ${limit / 1000} s`)
  })
  try {
    return await Promise.race([row.run(stage), late])
  } catch (error) {
    return { runs: [], broken: [`fell over: ${error}`], notes: [] }
  } finally {
    ended.abort()
    late.catch(() => {})
  }
}

const report: Report = {}
for (const row of chosen) {
  say(`${row.id}: ${row.title}`)
  const outcome = await outcomeOf(row)
  report[row.id] = reported(row, outcome)
  for (const note of outcome.notes) say(`    ${note}`)
  for (const broken of outcome.broken) console.error(`    ${row.id} BROKEN: ${broken}`)
}

await writeReport(report)
if (json) console.log(JSON.stringify(report, undefined, 2))
say(`\n${tableOf(report)}`)
const failed = Object.keys(report).filter((id) => !report[id]?.passed)
say(failed.length === 0 ? 'Every row passed.' : `Not passed: ${failed.join(', ')}`)
process.exitCode = failed.length === 0 ? 0 : 1
