import { ConfigurationError } from './errors.js'
import { isObject, snapshot } from './snapshot.js'

/** Checks the value of one option, and returns what applies: the value or its default. */
export type ReadOption<T> = (value: unknown, option: string) => T

/** One row for each option of an options object; its names, checks, defaults and types. */
export type OptionTable<Options> = {
  readonly [Name in keyof Options]-?: ReadOption<unknown>
}

/** What {@link readOptions} returns for a table. */
export type Settings<Table> = {
  -readonly [Name in keyof Table]: Table[Name] extends ReadOption<infer Value> ? Value : never
}

/**
 * Reads an options object by its table. Only own members count, and an unknown name throws. `owner`
 * is the option that contains a nested object, and `pointers` has a sentence for each name that is
 * often looked for here.
 *
 * @throws {ConfigurationError} naming the option.
 */
export function readOptions<Table extends Readonly<Record<string, ReadOption<unknown>>>>(
  options: unknown,
  table: Table,
  { owner = '', pointers = {} }: { owner?: string; pointers?: Record<string, string> } = {},
): Settings<Table> {
  const isRight = isObject(options) && !Array.isArray(options)
  if (owner === '') requireArgument(isRight, 'options', 'must be an object')
  if (!isRight) throw createOptionError(owner, 'must be an object')
  const path = (name: string) => (owner === '' ? name : `${owner}.${name}`)
  const given = snapshot(options) as Record<string, unknown>
  // What JSON.parse makes of such a member is no option.
  Reflect.deleteProperty(given, '__proto__')
  for (const name of Object.keys(given)) {
    if (Object.hasOwn(table, name)) continue
    const shown = path(showName(name))
    const hint = snapshot(pointers)[name] ?? suggestName(name, Object.keys(table), path)
    throw new ConfigurationError('ERR_INVALID_OPTION', `Unknown option '${shown}'. ${hint}`, shown)
  }
  const settings = snapshot({}) as Record<string, unknown>
  for (const [name, read] of Object.entries(table)) settings[name] = read(given[name], path(name))
  return settings as Settings<Table>
}

/** Returns a name from outside in one short line. */
export function showName(name: string): string {
  return name.slice(0, 64).replace(/[^\x20-\x7e]/g, '?')
}

/** Finds a name that differs in case only, or is longer or shorter: `tokenEndPoint`, `scopes`. */
function suggestName(
  name: string,
  known: readonly string[],
  path: (name: string) => string,
): string {
  const lower = name.toLowerCase()
  const near = known.find((candidate) => {
    const other = candidate.toLowerCase()
    return other.startsWith(lower) || lower.startsWith(other)
  })
  return near === undefined
    ? `Known options: ${known.join(', ')}.`
    : `Did you mean '${path(near)}'?`
}

/** `what` is the rest of the sentence, such as `must be a function`. */
export function createOptionError(
  option: string,
  what: string,
  code: ConfigurationError['code'] = 'ERR_INVALID_OPTION',
): ConfigurationError {
  return new ConfigurationError(code, `Option '${option}' ${what}.`, option)
}

/**
 * Requires that an argument of a public function is of the right kind.
 *
 * @param isRight - Whether it is.
 * @param name - The name of the parameter.
 * @param what - The rest of the sentence, such as `must be a token provider`.
 * @throws {ConfigurationError} naming the argument.
 * @example
 * ```ts
 * requireArgument(typeof client?.use === 'function', 'client', 'must be a client')
 * ```
 */
export function requireArgument(isRight: boolean, name: string, what: string): asserts isRight {
  if (isRight) return
  throw new ConfigurationError('ERR_INVALID_OPTION', `Argument '${name}' ${what}.`, name)
}

/** For an option that is checked together with another one. */
export function acceptAny(value: unknown): unknown {
  return value
}

interface NumberRange {
  readonly from: number
  readonly to: number
  readonly default: number
}

export function wholeNumber({ from, to, default: fallback }: NumberRange): ReadOption<number> {
  return (value = fallback, option) => {
    if (isWithin(value, from, to) && Number.isInteger(value)) return value
    throw createOptionError(option, `must be a whole number from ${from} to ${to}`)
  }
}

/** A duration. A small one was probably meant in seconds. */
export function milliseconds({ from, to, default: fallback }: NumberRange): ReadOption<number> {
  return (value = fallback, option) => {
    if (isWithin(value, Number.MIN_VALUE, 99)) {
      const what = `is ${value}, which looks like seconds: pass milliseconds, such as ${value * 1000}`
      throw createOptionError(option, what)
    }
    if (isWithin(value, from, to)) return value
    throw createOptionError(option, `must be a number of milliseconds from ${from} to ${to}`)
  }
}

function isWithin(value: unknown, from: number, to: number): value is number {
  return typeof value === 'number' && value >= from && value <= to
}

/** A string that is not empty; a `URL` counts as its text. */
export function text(value: unknown, option: string): string | undefined {
  const read = readUrlText(value)
  if (read === undefined || (typeof read === 'string' && read !== '')) return read
  throw createOptionError(option, 'must be a string that is not empty')
}

/** Returns the text of a `URL` of any realm, and anything else as it is. */
export function readUrlText(value: unknown): unknown {
  return Object.prototype.toString.call(value) === '[object URL]' ? String(value) : value
}

/** `true` or `false`, which is the default. */
export function flag(value: unknown, option: string): boolean {
  if (value === undefined || typeof value === 'boolean') return value === true
  throw createOptionError(option, 'must be true or false')
}

export function oneOf<T extends string>(...allowed: readonly [T, ...T[]]): ReadOption<T> {
  return (value = allowed[0], option) => {
    if (allowed.includes(value as T)) return value as T
    throw createOptionError(option, `must be ${allowed.map((one) => `'${one}'`).join(' or ')}`)
  }
}

export function callback<T>(): ReadOption<T | undefined> {
  return (value, option) => {
    if (value === undefined || typeof value === 'function') return value as T | undefined
    throw createOptionError(option, 'must be a function')
  }
}

/** An object with methods, such as a clock or a store. */
export function objectWith<T>(
  ...methods: readonly (keyof T & string)[]
): ReadOption<T | undefined> {
  return (value, option) => {
    if (value === undefined) return undefined
    const members = Object(value) as Record<string, unknown>
    const missing = methods.filter((name) => typeof members[name] !== 'function')
    if (missing.length === 0) return value as T
    throw createOptionError(option, `must have the method '${missing[0]}'`)
  }
}
