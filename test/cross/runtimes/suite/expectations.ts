/** Throws unless both have the same JSON. */
export function same(actual: unknown, expected: unknown, what: string): void {
  const [got, wanted] = [toJson(actual), toJson(expected)]
  if (got !== wanted) throw new Error(`${what}: expected ${wanted}, got ${got}`)
}

/** Resolves to the error of a promise or of a function. */
export async function rejection(
  work: Promise<unknown> | (() => unknown),
): Promise<Error & { readonly code?: string }> {
  let value: unknown
  try {
    value = await (typeof work === 'function' ? work() : work)
  } catch (error) {
    return error as Error
  }
  throw new Error(`expected an error, got ${toJson(value)}`)
}

/** Expects an error with this code, whose message contains these texts. */
export function isError(
  error: Error & { readonly code?: string },
  code: string,
  ...texts: readonly string[]
): void {
  const { message } = error
  same(error.code ?? String(error), code, 'the error')
  for (const text of texts) same(message.includes(text), true, `'${text}' in '${message}'`)
}

function toJson(value: unknown): string {
  return JSON.stringify(value, (_, member) => (member === undefined ? 'undefined' : member)) ?? ''
}
