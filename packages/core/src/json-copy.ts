import type { ConfigurationError } from './errors.js'
import { createOptionError } from './options.js'
import { isObject } from './snapshot.js'

/**
 * Returns a copy of a value that JSON can express: what the server reads is what was passed.
 * A member that is undefined is left out, as JSON does.
 *
 * @throws {ConfigurationError} for a BigInt, a function, a symbol, a number that is not finite,
 * undefined in an array, a Map and its kind, and a cycle.
 */
export function copyJson(value: object, option: string): unknown {
  return copy(value, { option, path: option, parents: [] })
}

interface Place {
  readonly option: string
  readonly path: string
  readonly parents: readonly object[]
}

const deepest = 64

function copy(value: unknown, place: Place): unknown {
  if (value === null || typeof value === 'string' || typeof value === 'boolean') return value
  if (typeof value === 'number' && Number.isFinite(value)) return value
  if (!isObject(value)) throw createJsonError(place, nameOf(value))
  if (place.parents.includes(value)) throw createJsonError(place, 'a cycle')
  if (place.parents.length === deepest) throw createJsonError(place, 'nested too deeply')
  const descend = (name: string | number): Place => ({
    ...place,
    path: `${place.path}.${name}`,
    parents: [...place.parents, value],
  })
  if (Array.isArray(value)) return Array.from(value, (item, index) => copy(item, descend(index)))
  const { toJSON } = value as { toJSON?: unknown }
  if (typeof toJSON === 'function')
    // Null is what an invalid date says.
    return copy(toJSON.call(value, '') ?? undefined, descend('toJSON()'))
  // By its tag: an object of another realm has another prototype.
  const tag = Object.prototype.toString.call(value).slice(8, -1)
  if (tag !== 'Object') throw createJsonError(place, `of type ${tag}`)
  const members = Object.entries(value).filter(([, member]) => member !== undefined)
  return Object.fromEntries(members.map(([name, member]) => [name, copy(member, descend(name))]))
}

function nameOf(value: unknown): string {
  if (typeof value === 'number') return 'not a finite number'
  return value === undefined ? 'undefined' : `a ${typeof value}`
}

function createJsonError({ option, path }: Place, what: string): ConfigurationError {
  const shown = path.slice(0, 128).replace(/[^\x20-\x7e]/g, '?')
  return createOptionError(option, `must be JSON: '${shown}' is ${what}`)
}
