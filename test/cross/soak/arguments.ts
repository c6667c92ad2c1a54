import { parseArgs } from 'node:util'

export interface SoakArguments {
  /** Of each row's load. */
  durationMs: number
  /** Ids of the rows to run. */
  only: readonly string[]
  json: boolean
}

const defaultMs = 10_000
const mostMinutes = 60

/** Reads `--minutes N`, `--only H2,H4` and `--json`; throws for anything else. */
export function readArguments(given: readonly string[], known: readonly string[]): SoakArguments {
  const { values } = parseArgs({
    // pnpm hands over the `--` with which its users set their own arguments apart.
    args: given.filter((argument) => argument !== '--'),
    options: {
      minutes: { type: 'string' },
      only: { type: 'string' },
      json: { type: 'boolean', default: false },
    },
  })
  const only = values.only?.split(',').map((id) => id.trim().toUpperCase()) ?? known
  const unknown = only.find((id) => !known.includes(id))
  if (unknown !== undefined) throw new Error(`--only: '${unknown}' is none of ${known.join(', ')}`)
  return { durationMs: durationOf(values.minutes), only, json: values.json }
}

function durationOf(minutes: string | undefined): number {
  if (minutes === undefined) return defaultMs
  const ms = Number(minutes) * 60_000
  if (ms >= defaultMs && ms <= mostMinutes * 60_000) return ms
  throw new Error(`--minutes: a number from ${(defaultMs / 60_000).toFixed(2)} to ${mostMinutes}`)
}
