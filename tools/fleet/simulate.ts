/**
 * `pnpm simulate [--members N] [--seed N] [--case name]`: token providers of a whole fleet on one
 * event loop, under a virtual clock, against a model of Redis and of a token endpoint. Fails when a
 * case makes more token requests than it may, or waits or asks more than 1.25 times as much.
 */
import process from 'node:process'
import { parseArgs } from 'node:util'
import Table from 'cli-table3'
import { cases, simulate } from './simulation.ts'

const { values } = parseArgs({
  options: { members: { type: 'string' }, seed: { type: 'string' }, case: { type: 'string' } },
})
const tolerance = 1.25
const table = new Table({
  head: [
    'case',
    'members',
    'token requests',
    'most',
    'p50/max wait, ms',
    'most',
    'commands',
    'most',
  ],
  style: { head: [], border: [] },
})

for (const [name, scenario] of Object.entries(cases)) {
  if (values.case !== undefined && values.case !== name) continue
  const members = Number(values.members ?? scenario.members ?? 10_000)
  const scale = members / (scenario.members ?? 10_000)
  process.stderr.write(`${scenario.title} …\n`)
  const outcome = await simulate(scenario, { members, seed: Number(values.seed ?? 1) })
  const { requests, wait, commands } = scenario.most
  const mostWait = wait && wait * tolerance
  const mostCommands = commands && commands * tolerance * Math.max(scale, 0.001)
  const isPassed =
    outcome.requests <= requests &&
    outcome.longestWait <= (mostWait ?? Number.POSITIVE_INFINITY) &&
    outcome.commands <= (mostCommands ?? Number.POSITIVE_INFINITY)
  if (!isPassed) process.exitCode = 1
  table.push([
    `${isPassed ? '' : 'x '}${scenario.title}`,
    ...[members, outcome.requests, requests].map(format),
    `${format(outcome.medianWait)}/${format(outcome.longestWait)}`,
    format(mostWait),
    format(outcome.commands),
    format(mostCommands),
  ])
}
console.log(table.toString())

function format(value: number | undefined): string {
  return value === undefined ? '' : Math.round(value).toLocaleString('en')
}
