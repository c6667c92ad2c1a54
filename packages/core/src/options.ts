import { ConfigurationError } from './errors.js'

type Options<K extends string> = Partial<Record<K, unknown>>

/**
 * The own members of an options object under the names that are known, on an object without a
 * prototype: what stands on `Object.prototype` is never an option, and an unknown name throws.
 */
export function readOptions<K extends string>(
  options: unknown,
  known: readonly K[],
  owner = '',
): Options<K> {
  if (typeof options !== 'object' || options === null || Array.isArray(options)) {
    const what = owner === '' ? 'The options' : `The option '${owner}'`
    throw invalidOption(`${what} must be an object.`, owner === '' ? undefined : owner)
  }
  const read: Options<K> = Object.create(null)
  for (const [name, value] of Object.entries(options)) {
    if (name === '__proto__') continue
    if (!known.includes(name as K)) throw unknownOption(name, known, owner)
    read[name as K] = value
  }
  return read
}

export function invalidOption(message: string, option?: string): ConfigurationError {
  return new ConfigurationError('ERR_INVALID_OPTION', message, option)
}

/** A finite number within bounds; `whole` asks for an integer. */
export function readNumber(
  value: unknown,
  option: string,
  {
    fallback,
    least,
    most,
    whole,
  }: { fallback: number; least: number; most: number; whole: boolean },
): number {
  if (value === undefined) return fallback
  const fits = typeof value === 'number' && value >= least && value <= most
  if (!fits || (whole && !Number.isInteger(value))) {
    const kind = whole ? 'a whole number' : 'a number'
    throw invalidOption(`The option '${option}' must be ${kind} from ${least} to ${most}.`, option)
  }
  return value
}

export function readFunction<T>(value: unknown, option: string): T | undefined {
  if (value === undefined || typeof value === 'function') return value as T | undefined
  throw invalidOption(`The option '${option}' must be a function.`, option)
}

export function readBoolean(value: unknown, option: string): boolean {
  if (value === undefined || typeof value === 'boolean') return value === true
  throw invalidOption(`The option '${option}' must be true or false.`, option)
}

/** An object that has all the methods, such as a clock or a store. */
export function readMethods<T>(
  value: unknown,
  option: string,
  methods: readonly string[],
): T | undefined {
  if (value === undefined) return undefined
  const missing = methods.filter(
    (name) => typeof (value as Record<string, unknown> | null)?.[name] !== 'function',
  )
  if (missing.length === 0) return value as T
  throw invalidOption(`The option '${option}' lacks the method ${missing.join(', ')}.`, option)
}

function unknownOption(name: string, known: readonly string[], owner: string): ConfigurationError {
  const path = (member: string) => (owner === '' ? member : `${owner}.${member}`)
  const shown = printable(name)
  const near = known.find((candidate) => isNear(candidate.toLowerCase(), name.toLowerCase()))
  const hint = near === undefined ? `Known: ${known.join(', ')}.` : `Did you mean '${path(near)}'?`
  return invalidOption(`There is no option '${path(shown)}'. ${hint}`, path(shown))
}

/** At most two letters apart (Levenshtein), and not merely short. */
function isNear(a: string, b: string): boolean {
  if (Math.abs(a.length - b.length) > 2) return false
  let row = Array.from({ length: b.length + 1 }, (_, column) => column)
  for (const letter of a) {
    const above = row
    row = [(above[0] as number) + 1]
    for (let column = 1; column <= b.length; column++) {
      const change = (above[column - 1] as number) + (letter === b[column - 1] ? 0 : 1)
      row[column] = Math.min(change, (above[column] as number) + 1, (row[column - 1] as number) + 1)
    }
  }
  return (row[b.length] as number) <= Math.min(2, a.length - 1)
}

function printable(name: string): string {
  return name.slice(0, 64).replace(/[^\x20-\x7e]/g, '?')
}
