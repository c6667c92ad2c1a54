import type { JwtFinding } from '@countersign/testing'
import type { Inspection } from './inspection.js'

/** Formats header, claims and findings; never the signature, with which the JWT could be used. */
export function formatInspection(inspection: Inspection): readonly string[] {
  const { kind, source, header, claims, findings } = inspection
  const sections: Readonly<Record<string, readonly string[]>> = {
    Header: formatMembers(header, inspection),
    Claims: formatMembers(claims, inspection),
    Findings: findings.map(formatFinding),
  }
  return [
    `${kind === 'access-token' ? 'Access token' : 'Client assertion'} (${source})`,
    ...Object.entries(sections).flatMap(([title, rows]) => [
      ...['', title],
      ...rows.map((row) => `  ${row}`),
    ]),
  ]
}

function formatMembers(values: Readonly<Record<string, unknown>>, { times }: Inspection): string[] {
  const names = Object.keys(values)
  const width = Math.min(16, Math.max(0, ...names.map((name) => name.length)))
  return names.map((name) => {
    const time = Object.hasOwn(times, name) ? times[name] : undefined
    const date = time === undefined ? '' : `  ${time.utc}, ${formatDistance(time.secondsFromNow)}`
    return `${name.padEnd(width)}  ${JSON.stringify(values[name])}${date}`
  })
}

function formatFinding({ level, message, reference }: JwtFinding): string {
  return `${level.padEnd(7)}  ${message} ${reference}`
}

/** Returns a text such as `in 55 s` or `2 h 5 min ago`, in the two largest units. */
function formatDistance(seconds: number): string {
  const away = Math.abs(seconds)
  const amounts = [
    [Math.floor(away / 86_400), 'd'],
    [Math.floor((away % 86_400) / 3600), 'h'],
    [Math.floor((away % 3600) / 60), 'min'],
    [away % 60, 's'],
  ] as const
  const first = amounts.findIndex(([amount]) => amount > 0)
  const shown = amounts
    .slice(...(first < 0 ? [3] : [first, first + 2]))
    .filter(([amount, unit]) => amount > 0 || unit === 's')
    .map((amount) => amount.join(' '))
    .join(' ')
  return seconds < 0 ? `${shown} ago` : `in ${shown}`
}
