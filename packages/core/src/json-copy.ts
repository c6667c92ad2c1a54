import { createOptionError, showName } from './options.js'

/**
 * Returns a copy of a value that JSON can express: what the server reads is what was passed.
 * A member that is undefined is left out, as JSON does.
 *
 * @throws {ConfigurationError} for a BigInt, a function, a symbol, a number that is not finite,
 * undefined in an array, a Map and its kind, and a cycle.
 */
export function copyJson(value: object, option: string): Readonly<Record<string, unknown>> {
  let path = option
  let problem: string | undefined
  try {
    return JSON.parse(
      JSON.stringify(value, function (this: unknown, name, member: unknown) {
        if (this === value) path = `${option}.${showName(name)}`
        problem = describeUnfit(member, Array.isArray(this))
        if (problem === undefined) return member
        throw new TypeError(problem)
      }),
    )
  } catch {
    const what = problem ?? 'a cycle or too many levels'
    throw createOptionError(option, `must be JSON: '${path}' contains ${what}`)
  }
}

function describeUnfit(member: unknown, isItem: boolean): string | undefined {
  if (member === undefined) return isItem ? 'undefined' : undefined
  if (typeof member === 'number') return Number.isFinite(member) ? undefined : 'a non-finite number'
  if (/^(bigint|function|symbol)$/.test(typeof member)) return `a ${typeof member}`
  // By its tag: an object of another realm has another prototype.
  const tag = Object.prototype.toString.call(member).slice(8, -1)
  return /^(Null|String|Boolean|Array|Object)$/.test(tag) ? undefined : `a ${tag}`
}
