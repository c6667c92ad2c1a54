import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vitest/config'

/** `pnpm test:clients`: every snippet of docs/guides/clients.md against real servers. */
export default defineConfig({
  root: fileURLToPath(new URL('.', import.meta.url)),
  test: {
    include: ['clients.test.ts'],
    globalSetup: ['generate.ts'],
    testTimeout: 30_000,
    reporters: ['default'],
  },
})
