import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vitest/config'
import { tags } from '../../tools/matrix/rows.ts'
import { nothingSkipped } from '../../tools/reporters/nothing-skipped.ts'

/** `pnpm test:fleet`: stores on real servers, which Debian's packages provide. */
export default defineConfig({
  root: fileURLToPath(new URL('.', import.meta.url)),
  test: {
    tags,
    include: ['*.test.ts'],
    retry: 0,
    // Long enough for servers on a busy machine. No promise is about time.
    testTimeout: 60_000,
    hookTimeout: 60_000,
    pool: 'forks',
    maxWorkers: 2,
    passWithNoTests: false,
    reporters: ['default', 'json', nothingSkipped],
    outputFile: { json: fileURLToPath(new URL('../.report/fleet.json', import.meta.url)) },
  },
})
