import type { Finding } from './finding.js'
import type { Inspection } from './inspection.js'
import { distance } from './numeric-date.js'

/** Header, claims and findings; never the signature, with which the JWT could be used. */
export function inspectionText(inspection: Inspection): readonly string[] {
  const { kind, source, header, claims, findings } = inspection
  return [
    `${kind === 'access-token' ? 'Access token' : 'Client assertion'} (${source})`,
    ...section('Header', members(header, inspection)),
    ...section('Claims', members(claims, inspection)),
    ...section('Findings', findings.map(findingRow)),
  ]
}

function section(title: string, rows: readonly string[]): string[] {
  return ['', title, ...rows.map((row) => `  ${row}`)]
}

function members(values: Readonly<Record<string, unknown>>, { times }: Inspection): string[] {
  const names = Object.keys(values)
  const width = Math.min(16, Math.max(0, ...names.map((name) => name.length)))
  return names.map((name) => {
    const time = Object.hasOwn(times, name) ? times[name] : undefined
    const date = time === undefined ? '' : `  ${time.utc}, ${distance(time.secondsFromNow)}`
    return `${name.padEnd(width)}  ${JSON.stringify(values[name])}${date}`
  })
}

function findingRow({ level, message, reference }: Finding): string {
  return `${level.padEnd(7)}  ${message} ${reference}`
}
