import { readFileSync } from 'node:fs'
import { matchesGlob } from 'node:path'
import process from 'node:process'
import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vitest/config'
import { BaseSequencer, type TestSpecification } from 'vitest/node'
import { tags } from '../matrix/rows.ts'
import { folders, type MutatedFolder } from './folders.ts'

const path = (relative: string) => fileURLToPath(new URL(`../../${relative}`, import.meta.url))

const { version } = JSON.parse(readFileSync(path('test/node_modules/ky/package.json'), 'utf8'))
const folder = folders[process.env.MUTATED_FOLDER ?? ''] as MutatedFolder

class AsListed extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const rank = ({ moduleId }: TestSpecification) =>
      folder.tests.findIndex((glob) => matchesGlob(moduleId, path(glob)))
    return files.toSorted((a, b) => rank(a) - rank(b))
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
        find: /^@countersign\/core\/(fetch|adapter|keys|env|stores)$/,
        replacement: path('packages/core/src/$1.ts'),
      },
      {
        find: /^@countersign\/(axios-interceptor|ky-hook|opentelemetry|redis-store|testing)$/,
        replacement: path('packages/$1/src/index.ts'),
      },
    ],
  },
  test: {
    tags,
    include: [...folder.tests],
    setupFiles: [path('tools/mutation/light-tests.ts')],
    sequence: { sequencer: AsListed },
    retry: 0,
    // A mutant may leave a test waiting for ever; the slowest of them takes half a second.
    testTimeout: 5_000,
    hookTimeout: 5_000,
    env: { KY_VERSION: version },
  },
})
