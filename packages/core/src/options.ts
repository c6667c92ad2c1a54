import { ConfigurationError } from './errors.js'
import { isObject, snapshot } from './snapshot.js'

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
  if (!isObject(options) || Array.isArray(options)) {
    if (owner !== '') throw invalidOption(owner, 'must be an object')
    throw new ConfigurationError('ERR_INVALID_OPTION', 'The options must be an object.')
  }
  const read: Options<K> = snapshot(options)
  Reflect.deleteProperty(read, '__proto__')
  const unknown = Object.keys(read).find((name) => !known.includes(name as K))
  if (unknown !== undefined) throw unknownOption(unknown, known, owner)
  return read
}

/** `what` is the rest of the sentence, such as `must be a function`. */
export function invalidOption(
  option: string,
  what: string,
  code: ConfigurationError['code'] = 'ERR_INVALID_OPTION',
): ConfigurationError {
  return new ConfigurationError(code, `The option '${option}' ${what}.`, option)
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
    throw invalidOption(option, `must be ${kind} from ${least} to ${most}`)
  }
  return value
}

export function readFunction<T>(value: unknown, option: string): T | undefined {
  if (value === undefined || typeof value === 'function') return value as T | undefined
  throw invalidOption(option, 'must be a function')
}

export function readBoolean(value: unknown, option: string): boolean {
  if (value === undefined || typeof value === 'boolean') return value === true
  throw invalidOption(option, 'must be true or false')
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
  throw invalidOption(option, `lacks the method ${missing.join(', ')}`)
}

function unknownOption(name: string, known: readonly string[], owner: string): ConfigurationError {
  const path = (member: string) => (owner === '' ? member : `${owner}.${member}`)
  const shown = printable(name)
  const near = known.find((candidate) => isNear(candidate, name))
  const hint = near === undefined ? `Known: ${known.join(', ')}.` : `Did you mean '${path(near)}'?`
  return new ConfigurationError(
    'ERR_INVALID_OPTION',
    `There is no option '${path(shown)}'. ${hint}`,
    path(shown),
  )
}

/** The same but for case, or longer or shorter at the end: `tokenEndPoint`, `scopes`. */
function isNear(a: string, b: string): boolean {
  const [one, other] = [a.toLowerCase(), b.toLowerCase()]
  return one.startsWith(other) || other.startsWith(one)
}

function printable(name: string): string {
  return name.slice(0, 64).replace(/[^\x20-\x7e]/g, '?')
}
