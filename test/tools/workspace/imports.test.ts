import { globSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseSync, Visitor } from 'oxc-parser'
import { expect, test } from 'vitest'

const root = fileURLToPath(new URL('../../../packages/', import.meta.url))

/**
 * The modules that each folder or file may import in addition to the files of its own row. The longest
 * matching row counts. Another row is named by its key, a module by its name.
 */
const allowed: Readonly<Record<string, readonly string[]>> = {
  // The stages of core know what lies in its root, and not each other.
  'core/': [],
  'core/keys/': ['core/', 'jose'],
  'core/assertion/': ['core/', 'core/keys/', 'jose'],
  'core/diagnosis/': ['core/'],
  'core/token-endpoint/': ['core/', 'core/diagnosis/'],
  'core/store/': ['core/'],
  'core/renewal/': ['core/', 'p-memoize'],
  'core/resource/': ['core/'],
  // Only the provider connects the stages. Nothing imports an entry point.
  'core/token-provider-options.ts': ['core/', 'a stage'],
  'core/obtain-token.ts': ['core/', 'a stage', 'core/token-provider-options.ts'],
  'core/token-provider.ts': [
    ...['core/', 'a stage'],
    ...['core/obtain-token.ts', 'core/token-provider-options.ts'],
  ],
  'core/index.ts': ['core/', 'a stage', 'core/token-provider-options.ts', 'core/token-provider.ts'],
  'core/fetch.ts': ['core/', 'a stage'],
  'core/adapter.ts': ['core/', 'a stage'],
  'core/keys.ts': ['core/', 'a stage'],
  'core/stores.ts': ['core/', 'a stage'],
  'core/env.ts': ['core/', 'a stage', 'core/token-provider-options.ts'],
  // Each adapter knows one HTTP client, and no module of Node.js.
  'axios-interceptor/': ['@countersign/core', '@countersign/core/adapter', 'axios'],
  'ky-hook/': ['@countersign/core', '@countersign/core/adapter', 'ky'],
  'opentelemetry/': [
    ...['@countersign/core', '@countersign/core/adapter'],
    ...['@opentelemetry/api', 'node:async_hooks'],
  ],
  'redis-store/': ['@countersign/core', '@countersign/core/adapter', '@countersign/core/stores'],
  'testing/': ['@countersign/core', '@countersign/core/keys', 'jose', 'node:*'],
  // Only these files know commander.
  'cli/': [
    ...['cli/command-failure.ts', 'cli/options.ts', 'cli/output.ts', 'cli/command.ts'],
    '@countersign/core',
    '@countersign/core/keys',
    '@countersign/testing',
    'asn1js',
    'jose',
    'node:*',
  ],
  'cli/options.ts': ['cli/', 'commander'],
  'cli/command-failure.ts': ['cli/options.ts', '@countersign/core', 'commander'],
  'cli/command.ts': ['cli/', 'cli/command-failure.ts', 'cli/options.ts'],
  'cli/output.ts': ['cli/command.ts', 'cli/command-failure.ts', 'commander', 'node:*'],
  'cli/bin.ts': ['cli/main.ts'],
  'cli/main.ts': [
    ...['cli/', 'cli/command.ts', 'cli/command-failure.ts', 'cli/options.ts', 'cli/output.ts'],
    ...['commander', 'node:*'],
  ],
}

/** Every source and what it imports, types and `import()` included; paths without `src/`. */
const imports = new Map(
  globSync('*/src/**/*.{ts,mts,cts}', { cwd: root }).map((file) => {
    const text = readFileSync(join(root, file), 'utf8')
    return [file.replace('/src/', '/'), importsOf(file, text)]
  }),
)

function importsOf(file: string, text: string): string[] {
  const { module, program } = parseSync(file, text)
  const specifiers = [
    ...module.staticImports.map(({ moduleRequest }) => moduleRequest.value),
    ...module.staticExports.flatMap(({ entries }) =>
      entries.flatMap(({ moduleRequest }) => moduleRequest?.value ?? []),
    ),
  ]
  new Visitor({
    ImportExpression({ source }) {
      specifiers.push(source.type === 'Literal' ? String(source.value) : '(computed)')
    },
    TSImportType: ({ source }) => void specifiers.push(source.value),
  }).visit(program)
  return specifiers.map((specifier) =>
    specifier.startsWith('.')
      ? join(dirname(file), specifier)
          .replace('/src/', '/')
          .replace(/\.(c?)js$/, '.$1ts')
      : specifier,
  )
}

/** The row of a file: the longest key that its path starts with. */
function rowOf(file: string): string {
  const rows = Object.keys(allowed).filter((key) => file.startsWith(key))
  return rows.sort((a, b) => b.length - a.length)[0] ?? ''
}

function isAllowed(file: string, imported: string): boolean {
  const row = rowOf(file)
  const place = imports.has(imported) ? rowOf(imported) : imported
  const stage = /^core\/[\w-]+\/$/.test(place) ? 'a stage' : place
  const library = /^(@|node:)/.test(place) ? place : place.split('/')[0]
  const names = [place, stage, library, place.startsWith('node:') ? 'node:*' : place]
  return place === row || names.some((name) => name !== undefined && allowed[row]?.includes(name))
}

test('imports only what the table allows', () => {
  const wrong = [...imports].flatMap(([file, imported]) =>
    imported.filter((one) => !isAllowed(file, one)).map((one) => `${file} imports ${one}`),
  )
  expect(imports.size).toBeGreaterThan(50)
  expect(wrong).toEqual([])
})

test('has a row for every source file', () => {
  expect([...imports.keys()].filter((file) => rowOf(file) === '')).toEqual([])
})

test.each([
  ['core/store/memory-store.ts', 'core/renewal/token-cache.ts'],
  ['core/errors.ts', 'core/assertion/client-assertion.ts'],
  ['core/errors.ts', 'core/index.ts'],
  ['core/keys.ts', 'jose'],
  ['core/sha256.ts', 'node:crypto'],
  ['core/assertion/client-assertion.ts', 'p-memoize'],
  ['ky-hook/index.ts', '@countersign/core/keys'],
  ['cli/commands/token.ts', 'commander'],
])('rejects that %s imports %s', (file, imported) => {
  expect(imports.has(file)).toBe(true)
  expect(isAllowed(file, imported)).toBe(false)
})
