import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { defineConfig, type Plugin } from 'vitest/config'
import { tags } from './tools/matrix/rows.ts'
import { conformanceTable } from './tools/reporters/conformance-table.ts'
import { nothingSkipped } from './tools/reporters/nothing-skipped.ts'

const path = (relative: string) => fileURLToPath(new URL(relative, import.meta.url))

/** ky says its version nowhere else. */
const kyVersion = (folder: string): string =>
  JSON.parse(readFileSync(path(`./test/node_modules/${folder}/package.json`), 'utf8')).version

/**
 * Older releases in place of the newest, for the tests and for what the built packages import. Of
 * plugins with one name vitest would take the first for all projects.
 */
const insteadOf = (folders: Record<string, string>): Plugin => ({
  name: `instead-of-${Object.values(folders).join()}`,
  enforce: 'pre',
  resolveId(id) {
    const [library = ''] = id.split('/')
    const folder = folders[library]
    return folder && this.resolve(folder + id.slice(library.length), path('./test/package.json'))
  },
})

/** The oldest versions that the packages' ranges allow. For p-memoize this is the newest, too. */
const oldest = insteadOf({ axios: 'axios-1.12.0', ky: 'ky-2.0.0', jose: 'jose-6.2.13' })

/** The CommonJS builds of this project and of axios, in place of the ES modules. */
const commonJs: Plugin = {
  name: 'commonjs',
  enforce: 'pre',
  resolveId(id) {
    const ours = /^@countersign\/(core|axios-interceptor|testing)(?:\/(\w+))?$/.exec(id)
    if (ours) return path(`./packages/${ours[1]}/dist/${ours[2] ?? 'index'}.cjs`)
    return id === 'axios' ? path('./test/node_modules/axios/dist/node/axios.cjs') : undefined
  },
}

const axiosTests = [
  'test/axios-interceptor/*.test.ts',
  'test/cross/conformance/{axios*,host-versions}.test.ts',
  'test/cross/neighbours/{axios-retry,axios-mock-adapter,axios-auth-refresh,msw,nock}.test.ts',
]
const kyTests = ['test/ky-hook/*.test.ts', 'test/cross/{conformance/ky*,neighbours/ky}.test.ts']
const joseTests = [
  'test/core/{assertion/{assertion,jti,key-import},keys/{keys,crypto-keys}}.test.ts',
]

export default defineConfig({
  resolve: { alias: [{ find: /^#core\//, replacement: path('./packages/core/src/') }] },
  test: {
    // A test with an unknown tag fails.
    tags,
    retry: 0,
    // For a machine that is busy; no promise is about time.
    testTimeout: 20_000,
    pool: 'forks',
    maxWorkers: 2,
    // As strict as Node can be about a rejection that nobody handles; the run fails for one.
    execArgv: ['--unhandled-rejections=strict'],
    passWithNoTests: false,
    reporters: ['default', 'json', conformanceTable, nothingSkipped],
    outputFile: { json: 'test/.report/results.json' },
    projects: [
      {
        extends: true,
        test: {
          name: 'newest',
          include: ['test/**/*.test.ts'],
          // Commands of their own, `pnpm test:packages` and `test:clients`: they install packages.
          exclude: ['**/node_modules/**', 'test/{cross/packages,clients,fleet}/**'],
          env: { HOSTS: 'newest', KY_VERSION: kyVersion('ky') },
        },
      },
      {
        extends: true,
        plugins: [oldest],
        test: {
          name: 'oldest',
          include: [...axiosTests, ...kyTests, ...joseTests],
          env: { HOSTS: 'oldest', KY_VERSION: kyVersion('ky-2.0.0') },
        },
      },
      {
        extends: true,
        plugins: [commonJs],
        test: {
          name: 'commonjs',
          include: [
            'test/axios-interceptor/*.test.ts',
            'test/core/resource/fetch-peculiar.test.ts',
            'test/cross/conformance/{axios,fetch}*.test.ts',
          ],
          // There an instance of another copy of axios is one of the ES module.
          exclude: ['test/axios-interceptor/commonjs.test.ts'],
          env: { HOSTS: 'newest', KY_VERSION: kyVersion('ky') },
        },
      },
    ],
  },
})
