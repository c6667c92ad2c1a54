/** Throws unless both are the same as JSON shows them, with `undefined` for what is not there. */
export function same(actual: unknown, expected: unknown, what: string): void {
  const [got, wanted] = [shown(actual), shown(expected)]
  if (got !== wanted) throw new Error(`${what}: expected ${wanted}, got ${got}`)
}

export function holds(condition: boolean, what: string): void {
  if (!condition) throw new Error(what)
}

/** What the promise was rejected with. */
export async function rejection(promise: Promise<unknown>, what: string): Promise<unknown> {
  let value: unknown
  try {
    value = await promise
  } catch (error) {
    return error
  }
  throw new Error(`${what}: expected a rejection, got ${shown(value)}`)
}

/** What the function threw; undefined when it did not. */
export function thrown(work: () => unknown): unknown {
  try {
    work()
  } catch (error) {
    return error
  }
  return undefined
}

/** Code and message of an error, for {@link same}. */
export function codeOf(error: unknown): unknown {
  return error instanceof Error && 'code' in error ? error.code : `no code: ${String(error)}`
}

export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : `no message: ${String(error)}`
}

function shown(value: unknown): string {
  return JSON.stringify(value, (_, member) => (member === undefined ? 'undefined' : member)) ?? ''
}
