import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { beforeAll, expect, test } from 'vitest'
import type { Ended } from '../../support/run-program.ts'
import { type Installation, installation } from './installation.ts'
import { names, published } from './published.ts'

const programs = fileURLToPath(new URL('programs/', import.meta.url))

let installed: Installation

beforeAll(async () => {
  installed = await installation('installed', [...names, 'axios@1', 'ky@2', '@opentelemetry/api@1'])
  const files = await readdir(programs)
  for (const file of files) {
    await installed.write({ [file]: await readFile(join(programs, file), 'utf8') })
  }
})

/** The peers of each package. Those of the workspace come from their tarballs. */
const beside: Record<(typeof names)[number], readonly string[]> = {
  '@countersign/core': [],
  '@countersign/axios-interceptor': ['@countersign/core', 'axios@1'],
  '@countersign/ky-hook': ['@countersign/core', 'ky@2'],
  '@countersign/opentelemetry': ['@countersign/core', '@opentelemetry/api@1'],
  '@countersign/redis-store': ['@countersign/core'],
  '@countersign/testing': ['@countersign/core'],
  countersign: ['@countersign/core', '@countersign/testing'],
}

test.each(names)('%s works with its peers only', async (name) => {
  const folder = `alone-${name.replace('@countersign/', '')}`
  const alone = await installation(folder, [name, ...beside[name]])
  await alone.write({
    'entry-points.cjs': await readFile(join(programs, 'entry-points.cjs'), 'utf8'),
  })
  for (const [specifier, exported] of Object.entries(published[name].entryPoints)) {
    const { stdout } = succeeded(await alone.run(`node entry-points.cjs '${specifier}'`))
    expect(JSON.parse(stdout)[specifier]?.imported).toContain(exported)
  }
})

test('every entry point can be imported and required, and gives the same names', async () => {
  const entries = names.map((name) => published[name].entryPoints)
  const wanted: Record<string, string> = Object.assign({}, ...entries)

  const found = await entryPoints(Object.keys(wanted))

  for (const [specifier, name] of Object.entries(wanted)) {
    expect(found[specifier]?.imported).toContain(name)
    expect(found[specifier]?.required).toEqual(found[specifier]?.imported)
  }
})

test.each(names)('no file of %s can be imported or required by its path', async (name) => {
  const files = await readdir(join(installed.folder, 'node_modules', name), { recursive: true })
  const deeper = files.filter((file) => /\.[a-z]+$/.test(file)).map((file) => `${name}/${file}`)
  expect(deeper).toContain(`${name}/${published[name].built}`)

  const found = await entryPoints(deeper)

  const refused = 'ERR_PACKAGE_PATH_NOT_EXPORTED'
  for (const specifier of deeper) {
    expect([specifier, found[specifier]]).toEqual([
      specifier,
      { imported: refused, required: refused },
    ])
  }
})

test.each([
  ['ES modules', 'three-hosts.mjs'],
  ['CommonJS', 'three-hosts.mjs require'],
])(
  'axios, ky and fetch share one token in %s, and a revoked one is renewed once',
  async (_, program) => {
    const { stdout } = succeeded(await installed.run(`node ${program}`))

    const { answers, ...seen } = JSON.parse(stdout)
    expect(seen).toEqual({ tokenRequests: 2, node: expect.stringMatching(/^22\./) })
    expect(answers.toSorted()).toEqual([
      ...Array(3).fill('/first 200'),
      ...Array(3).fill('/second 200'),
      ...Array(3).fill('/second 401'),
    ])
  },
)

test('two copies of core in one process work together, and each has one copy of its classes', async () => {
  const { stdout } = succeeded(await installed.run('node copies.mjs'))

  const one = {
    ...{ isOwnClass: true, isOtherClass: false, isRecognizedByOther: true },
    ...Object.fromEntries(
      ['module', 'commonJs'].flatMap((adapter) => [
        [`${adapter} adapter, module axios`, 200],
        [`${adapter} adapter, commonJs axios`, 200],
        [`${adapter} fetch`, 200],
      ]),
    ),
  }
  expect(JSON.parse(stdout)).toEqual({ module: one, commonJs: one, tokenRequests: 2 })
})

test('a CommonJS program loads one copy of axios, and nothing of jose or p-memoize', async () => {
  const script = "require('@countersign/axios-interceptor'); Object.keys(require.cache).join()"
  const { stdout } = succeeded(await installed.run(`node -p "${script}"`))

  expect(stdout.match(/node_modules\/axios\//g)).toHaveLength(1)
  expect(stdout).not.toMatch(/node_modules\/(?:jose|p-memoize)\//)
})

test('the command runs', async () => {
  const { version } = JSON.parse(
    await readFile(join(installed.folder, 'node_modules/countersign/package.json'), 'utf8'),
  )
  expect(succeeded(await installed.run('npx countersign --version')).stdout).toBe(`${version}\n`)
  const { stdout } = succeeded(await installed.run('npx countersign keygen --out key --json'))
  expect(JSON.parse(stdout)).toMatchObject({ kid: expect.stringMatching(/^[\w-]{43}$/) })
})

async function entryPoints(
  specifiers: readonly string[],
): Promise<Record<string, { imported: string | string[]; required: string | string[] }>> {
  const { stdout } = succeeded(
    await installed.run(`node entry-points.cjs ${specifiers.map((one) => `'${one}'`).join(' ')}`),
  )
  return JSON.parse(stdout)
}

function succeeded(ended: Ended): Ended {
  expect(ended).toMatchObject({ code: 0, stderr: '' })
  return ended
}
