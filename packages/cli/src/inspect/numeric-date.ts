/** A NumericDate (RFC 7519 section 2) as people read it. */
export interface ReadDate {
  readonly seconds: number
  readonly utc: string
  /** Negative: past. */
  readonly secondsFromNow: number
}

/** Above this a number is in milliseconds: as seconds it would be the year 5138. */
const latestSeconds = 1e11

/** The claims that are dates and can be read as such. `now` is in seconds. */
export function readDates(
  claims: Readonly<Record<string, unknown>>,
  now: number,
): Readonly<Record<string, ReadDate>> {
  const dates: Record<string, ReadDate> = {}
  for (const name of ['iat', 'nbf', 'exp', 'auth_time']) {
    const seconds = dateClaim(claims, name)
    if (typeof seconds !== 'number') continue
    const utc = `${new Date(seconds * 1000).toISOString().slice(0, 19).replace('T', ' ')} UTC`
    dates[name] = { seconds, utc, secondsFromNow: Math.round(seconds - now) }
  }
  return dates
}

/** The seconds of a date claim, or what is wrong with it. */
export function dateClaim(
  claims: Readonly<Record<string, unknown>>,
  name: string,
): number | 'missing' | 'milliseconds' | 'not a number' {
  const value = Object.hasOwn(claims, name) ? claims[name] : undefined
  if (value === undefined) return 'missing'
  if (typeof value !== 'number' || !Number.isFinite(value)) return 'not a number'
  if (Math.abs(value) > latestSeconds) return 'milliseconds'
  return value
}

/** Such as `in 55 s` or `2 h 5 min ago`. */
export function distance(seconds: number): string {
  const away = Math.abs(seconds)
  const units = [
    ['d', Math.floor(away / 86_400)],
    ['h', Math.floor((away % 86_400) / 3600)],
    ['min', Math.floor((away % 3600) / 60)],
    ['s', Math.floor(away % 60)],
  ] as const
  const first = units.findIndex(([, amount]) => amount > 0)
  const shown = units
    .slice(first < 0 ? 3 : first, first < 0 ? 4 : first + 2)
    .filter(([unit, amount]) => amount > 0 || unit === 's')
    .map(([unit, amount]) => `${amount} ${unit}`)
    .join(' ')
  return seconds < 0 ? `${shown} ago` : `in ${shown}`
}
