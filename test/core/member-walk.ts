/** Members whose contents are documented to hold the token. */
type IsDocumented = (path: string) => boolean

/**
 * Walks every own member of a value (hidden and symbol members, entries of maps and sets, and
 * prototypes' getters excluded) and returns the paths that lead to a text that matches.
 */
export function findMembers(
  root: unknown,
  isIn: (text: string) => boolean,
  isDocumented: IsDocumented = () => false,
): string[] {
  const found: string[] = []
  const seen = new Set<unknown>()
  const queue: [string, unknown][] = [['', root]]
  for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
    const [path, value] = next
    if (isDocumented(path)) continue
    if (typeof value === 'string') {
      if (isIn(value)) found.push(path)
      continue
    }
    if (ArrayBuffer.isView(value)) {
      if (isIn(Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString('latin1')))
        found.push(path)
      continue
    }
    if ((typeof value !== 'object' && typeof value !== 'function') || value === null) continue
    if (seen.has(value)) continue
    seen.add(value)
    for (const [name, member] of membersOf(value)) {
      if (isIn(name)) found.push(`${path}.${name} (name)`)
      queue.push([path === '' ? name : `${path}.${name}`, member])
    }
  }
  return found
}

function membersOf(value: object): [string, unknown][] {
  const members: [string, unknown][] = []
  for (const key of Reflect.ownKeys(value)) {
    // The static members of a platform's class lead to all of the platform.
    if (typeof value === 'function' && typeof key === 'string') continue
    members.push([String(key), read(value, key)])
  }
  if (value instanceof Map || value instanceof Set) {
    members.push(['<entries>', [...value].flat()])
  }
  if (value instanceof Headers) members.push(['<headers>', [...value].flat()])
  return members
}

/** A getter that throws shows what it throws. */
function read(value: object, key: PropertyKey): unknown {
  try {
    return Reflect.get(value, key)
  } catch (error) {
    return error
  }
}
