import { readdir, readFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import process from 'node:process'
import { fileURLToPath } from 'node:url'
import { beforeAll, describe, expect, inject, test } from 'vitest'
import { libraries, names, type PackageName, published, repository } from './published.ts'
import { finished } from './run-program.ts'

const root = fileURLToPath(new URL('../../', import.meta.url))
const inRoot = { cwd: root, env: process.env }

/**
 * What attw is asked to check. `node16` leaves out `node10`, whose resolution knows no exports map:
 * TypeScript with `moduleResolution: "node"` is not supported. `cjs-resolves-to-esm` warns that a
 * `require()` finds an ES module; Node 22.12, the oldest that is supported, loads it. The profile
 * `esm-only` would pass as well, but says nothing of how a CommonJS program finds the types.
 */
const attwArguments = ['--profile', 'node16', '--ignore-rules', 'cjs-resolves-to-esm', '--no-emoji']

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

describe.each(libraries)('%s', (name) => {
  test('attw finds the types of each entry point, for ES modules, CommonJS and bundlers', async () => {
    const attw = join(root, 'node_modules/.bin/attw')
    const said = await finished(attw, [inject('tarballs')[name], ...attwArguments], inRoot)
    for (const resolution of ['node16 (from ESM)', 'node16 (from CJS)', 'bundler']) {
      expect(said).toContain(resolution)
    }
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

  test('its exports map has types and default only, and bundlers may leave out what is not used', async () => {
    const { exports, sideEffects, type, license, engines } = await manifest(name)
    const entryPoints = Object.keys(published[name].entryPoints)
    expect(Object.keys(exports).map((path) => name + path.slice(1))).toEqual(entryPoints)
    for (const conditions of Object.values<object>(exports)) {
      expect(Object.keys(conditions)).toEqual(['types', 'default'])
    }
    expect({ sideEffects, type, license, engines }).toEqual({
      sideEffects: false,
      type: 'module',
      license: 'MIT',
      engines: { node: '>=22.12' },
    })
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
