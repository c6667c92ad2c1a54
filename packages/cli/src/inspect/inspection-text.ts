import type { Paint } from '../outcome.js'
import { harmless } from '../output.js'
import type { Finding } from './finding.js'
import type { Inspection } from './inspection.js'
import { distance } from './numeric-date.js'

const colours = { ok: 'green', warning: 'yellow', error: 'red' } as const

/** Header, claims and findings; never the signature, with which the JWT could be used. */
export function inspectionText(inspection: Inspection, paint: Paint): string {
  const { kind, source, header, claims, findings } = inspection
  return [
    `${paint('bold', kind === 'access-token' ? 'Access token' : 'Client assertion')} (${source})`,
    ...section('Header', members(header, inspection), paint),
    ...section('Claims', members(claims, inspection), paint),
    ...section('Findings', findings.map(findingRow(paint)), paint),
  ].join('\n')
}

function section(title: string, rows: readonly string[], paint: Paint): string[] {
  return ['', paint('bold', title), ...rows.map((row) => `  ${row}`)]
}

function members(values: Readonly<Record<string, unknown>>, { times }: Inspection): string[] {
  const names = Object.keys(values)
  const width = Math.min(16, Math.max(0, ...names.map((name) => name.length)))
  return names.map((name) => {
    const time = Object.hasOwn(times, name) ? times[name] : undefined
    const date = time === undefined ? '' : `  ${time.utc}, ${distance(time.secondsFromNow)}`
    return `${harmless(name).padEnd(width)}  ${harmless(JSON.stringify(values[name]))}${date}`
  })
}

function findingRow(paint: Paint): (finding: Finding) => string {
  return ({ level, message, reference }) =>
    `${paint(colours[level], level.padEnd(7))}  ${harmless(message)} ${paint('dim', reference)}`
}
