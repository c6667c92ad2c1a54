import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vitest/config'
import { conformanceTable } from './test/reporters/conformance-table.ts'
import { nothingSkipped } from './test/reporters/nothing-skipped.ts'

const path = (relative: string) => fileURLToPath(new URL(relative, import.meta.url))

/** ky says its version nowhere else. */
const kyVersion = (folder: string): string =>
  JSON.parse(readFileSync(path(`./test/node_modules/${folder}/package.json`), 'utf8')).version

/** The oldest host libraries that are supported, in place of the newest. */
const oldestHosts = [
  { find: /^axios$/, replacement: path('./test/node_modules/axios-1.12.0/index.js') },
  { find: /^ky$/, replacement: path('./test/node_modules/ky-2.0.0/distribution/index.js') },
]

export default defineConfig({
  resolve: { alias: [{ find: /^#core\//, replacement: path('./packages/core/src/') }] },
  test: {
    retry: 0,
    // For a machine that is busy; no promise is about time.
    testTimeout: 20_000,
    pool: 'forks',
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
          env: { KY_VERSION: kyVersion('ky') },
        },
      },
      {
        extends: true,
        resolve: { alias: oldestHosts },
        test: {
          name: 'oldest',
          include: [
            'test/conformance/{axios,ky}*.test.ts',
            'test/neighbours/{axios-retry,axios-mock-adapter,axios-auth-refresh,ky,msw,nock}.test.ts',
          ],
          env: { KY_VERSION: kyVersion('ky-2.0.0') },
        },
      },
    ],
  },
})
