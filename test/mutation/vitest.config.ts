import { readFileSync } from 'node:fs'
import process from 'node:process'
import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vitest/config'
import { BaseSequencer, type TestSpecification } from 'vitest/node'
import { type FolderName, folders } from './folders.ts'

const path = (relative: string) => fileURLToPath(new URL(`../../${relative}`, import.meta.url))

const { version } = JSON.parse(readFileSync(path('test/node_modules/ky/package.json'), 'utf8'))
const folder = folders[process.env.MUTATED_FOLDER as FolderName]

/** The first failure ends a run, so what fails soonest goes first. */
class UnitTestsFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const isUnit = ({ moduleId }: TestSpecification) => moduleId.includes('/test/unit/')
    return files.toSorted((a, b) => Number(isUnit(b)) - Number(isUnit(a)))
  }
}

/** The tests of one folder, on the sources instead of what was built of them. */
export default defineConfig({
  root: path('.'),
  resolve: {
    alias: [
      { find: /^#core\//, replacement: path('packages/core/src/') },
      { find: /^@countersign\/core$/, replacement: path('packages/core/src/index.ts') },
      {
        find: /^@countersign\/core\/(fetch|adapter)$/,
        replacement: path('packages/core/src/$1.ts'),
      },
      {
        find: /^@countersign\/(axios-interceptor|ky-hook)$/,
        replacement: path('packages/$1/src/index.ts'),
      },
    ],
  },
  test: {
    include: [...folder.tests],
    setupFiles: [path('test/mutation/light-tests.ts')],
    sequence: { sequencer: UnitTestsFirst },
    retry: 0,
    // A mutant may leave a test waiting for ever; the slowest of them takes half a second.
    testTimeout: 5_000,
    hookTimeout: 5_000,
    env: { KY_VERSION: version },
  },
})
