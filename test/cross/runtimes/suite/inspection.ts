interface Platform {
  readonly Bun?: { inspect(value: unknown): string }
  readonly Deno?: { inspect(value: unknown): string }
}

type Inspect = (value: unknown) => string

/** What this runtime can print a value with, by name. */
export function inspectors(): Readonly<Record<string, Inspect>> {
  const { Bun, Deno } = globalThis as Platform
  const util = globalThis.process?.getBuiltinModule?.('node:util')
  return {
    ...(Bun && { 'Bun.inspect': (value: unknown) => Bun.inspect(value) }),
    ...(Deno && { 'Deno.inspect': (value: unknown) => Deno.inspect(value) }),
    ...(util && {
      'node:util': (value: unknown) =>
        util.inspect(value, { showHidden: true, depth: 10, getters: true }),
    }),
  }
}

/** A value in every text that can be made of it, by how it was made. */
export function printed(value: unknown): Readonly<Record<string, string>> {
  const texts: Record<string, string> = {
    'JSON.stringify': JSON.stringify(value) ?? '',
    'JSON of its members': JSON.stringify({ ...(value as object) }),
    String: String(value),
  }
  if (value instanceof Error) {
    const { message, stack, cause } = value
    texts.stack = `${message} ${stack} ${cause} ${(cause as Error | undefined)?.stack}`
  }
  for (const [name, inspect] of Object.entries(inspectors())) texts[name] = inspect(value)
  return texts
}
