import { readdir, readFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import process from 'node:process'
import { fileURLToPath } from 'node:url'
import { beforeAll, describe, expect, inject, test } from 'vitest'
import { names, type PackageName, published, repository } from './published.ts'
import { finished } from './run-program.ts'

const root = fileURLToPath(new URL('../../../', import.meta.url))
const inRoot = { cwd: root, env: process.env }

/** ky is an ES module only, so its hooks are too. */
const moduleOnly: PackageName = '@countersign/ky-hook'

/** Where each tarball's content lies. */
const unpacked = (name: PackageName) => join(inject('scratch'), 'unpacked', published[name].folder)

const manifest = async (name: PackageName) =>
  JSON.parse(await readFile(join(unpacked(name), 'package.json'), 'utf8'))

beforeAll(async () => {
  for (const name of names) {
    await finished('mkdir', ['-p', unpacked(name)], inRoot)
    const tarball = inject('tarballs')[name]
    await finished('tar', ['xzf', tarball, '-C', unpacked(name), '--strip-components=1'], inRoot)
  }
})

test('every package of the workspace is among the published', async () => {
  const entries = await readdir(join(root, 'packages'), { withFileTypes: true })
  const folders = entries.filter((entry) => entry.isDirectory()).map(({ name }) => name)
  expect(names.map((name) => published[name].folder).toSorted()).toEqual(folders.toSorted())
})

describe.each(names)('%s', (name) => {
  test('attw finds the types of each entry point, for every kind of resolution', async () => {
    const attw = join(root, 'node_modules/.bin/attw')
    const profile = name === moduleOnly ? ['--profile', 'esm-only'] : []
    const args = [inject('tarballs')[name], ...profile, '--no-emoji']

    const output = await finished(attw, args, inRoot)

    expect(output).toContain(name === moduleOnly ? 'OK (ESM)' : 'No problems found')
    expect(output).toContain('bundler')
  })
})

describe.each(names)('%s', (name) => {
  test('publint has nothing to say, in its strict mode', async () => {
    const publint = join(root, 'node_modules/.bin/publint')
    const said = await finished(publint, [inject('tarballs')[name], '--strict'], inRoot)
    expect(said).toContain('All good!')
  })

  test('it brings its README, CHANGELOG and LICENSE, and what was built from which sources', async () => {
    const files = await readdir(unpacked(name))
    expect(files.toSorted()).toEqual(
      ['CHANGELOG.md', 'LICENSE', 'README.md', 'dist', 'package.json', 'src'].toSorted(),
    )
    const { version } = await manifest(name)
    const changelog = await readFile(join(unpacked(name), 'CHANGELOG.md'), 'utf8')
    expect(changelog).toMatch(`# ${name}\n\n## ${version}\n`)
  })

  test('its source maps point to files that are there', async () => {
    const files = await readdir(unpacked(name), { recursive: true })
    // What an earlier build has left in `dist` has no source any more.
    const maps = files.filter((file) => file.endsWith('.map'))
    expect(maps).not.toEqual([])
    for (const map of maps) {
      const { sources } = JSON.parse(await readFile(join(unpacked(name), map), 'utf8'))
      const wanted = sources.map((source: string) => join(dirname(map), source))
      expect(files).toEqual(expect.arrayContaining(wanted))
    }
  })

  test('its exports map has types for each module system, and bundlers may leave out what is not used', async () => {
    const { exports, sideEffects, type, license, engines } = await manifest(name)
    const entryPoints = Object.keys(published[name].entryPoints)
    expect(Object.keys(exports).map((path) => name + path.slice(1))).toEqual(entryPoints)
    for (const conditions of Object.values<Record<string, object>>(exports)) {
      const systems = name === moduleOnly ? [conditions] : Object.values(conditions)
      for (const system of systems) expect(Object.keys(system)).toEqual(['types', 'default'])
      if (name !== moduleOnly) expect(Object.keys(conditions)).toEqual(['import', 'require'])
    }
    expect({ sideEffects, type, license, engines }).toEqual({
      sideEffects: false,
      type: 'module',
      license: 'MIT',
      engines: { node: '>=22.12' },
    })
  })

  test('its notices name every package whose code is bundled, with version and licence', async () => {
    const bundled = {
      '@countersign/core': ['jose', 'mimic-function', 'p-memoize'],
      '@countersign/testing': ['jose'],
    }
    const expected = Object.hasOwn(bundled, name) ? bundled[name as keyof typeof bundled] : []
    const file = join(unpacked(name), 'dist/THIRD-PARTY-NOTICES')

    const notices = await readFile(file, 'utf8').catch(() => '')

    const headings = [...notices.matchAll(/^(\S+) \d+\.\d+\.\d+ \(MIT\)$/gm)]
    expect(headings.map(([, found]) => found)).toEqual(expected)
  })

  test('links to the repository, in its manifest and in its README', async () => {
    const { homepage, bugs, repository: source } = await manifest(name)
    const directory = `packages/${published[name].folder}`
    expect({ homepage, bugs, source }).toEqual({
      homepage: repository,
      bugs: { url: `${repository}/issues` },
      source: { type: 'git', url: `git+${repository}.git`, directory },
    })
    const readme = await readFile(join(unpacked(name), 'README.md'), 'utf8')
    const links = [...readme.matchAll(/\]\(([^)\s]+)/g)].map(([, link]) => link)
    for (const link of links) expect(link).toMatch(/^(https:|#)/)
  })

  test('its README links to the pages of its release', async () => {
    const source = await readFile(
      join(root, 'packages', published[name].folder, 'README.md'),
      'utf8',
    )
    const readme = await readFile(join(unpacked(name), 'README.md'), 'utf8')
    const { version } = await manifest(name)
    const pages = [...source.matchAll(/\]\(\.\.\/\.\.\/([^)\s]+)/g)].map(([, page]) => page)
    for (const page of pages) {
      expect(readme).toContain(`](${repository}/blob/v${version}/${page})`)
    }
  })

  test('its ranges are those of a registry', async () => {
    const { dependencies = {}, peerDependencies = {} } = await manifest(name)
    for (const range of Object.values({ ...dependencies, ...peerDependencies })) {
      expect(range).toMatch(/^(\^|>=)\d+\.\d+\.\d+$/)
    }
  })
})
