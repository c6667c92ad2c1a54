import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vitest/config'
import { nothingSkipped } from '../../../tools/reporters/nothing-skipped.ts'

/** The packages as they are published: packed, then installed into empty folders. */
export default defineConfig({
  root: fileURLToPath(new URL('.', import.meta.url)),
  test: {
    include: ['*.test.ts'],
    globalSetup: './packed.ts',
    retry: 0,
    // Of an installation on a busy machine; no promise is about time.
    testTimeout: 300_000,
    hookTimeout: 300_000,
    pool: 'forks',
    maxWorkers: 2,
    passWithNoTests: false,
    reporters: ['default', nothingSkipped],
  },
})
