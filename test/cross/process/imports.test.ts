// @module-tag P9

import { readdirSync, readFileSync } from 'node:fs'
import { builtinModules } from 'node:module'
import process from 'node:process'
import { fileURLToPath } from 'node:url'
import { createResourceServer } from '@countersign/testing'
import { expect, test } from 'vitest'
import { clientKey } from '../../support/keys.ts'
import { resultOf, runProgram } from '../../support/run-program.ts'
import { startAuthorization } from '../../support/world.ts'

/** What each package may import in addition to its own files. */
const allowed: Readonly<Record<string, readonly RegExp[]>> = {
  core: [/^jose(\/.+)?$/, /^p-memoize$/],
  'axios-interceptor': [/^axios$/, /^@countersign\/core(\/adapter)?$/],
  'ky-hook': [/^ky$/, /^@countersign\/core(\/adapter)?$/],
  'redis-store': [/^@countersign\/core(\/(adapter|stores))?$/],
  opentelemetry: [/^@opentelemetry\/api$/, /^@countersign\/core(\/adapter)?$/],
}

/** Every specifier of a module, however it is imported. */
function imports(code: string): string[] {
  const found = code.matchAll(
    /(?:^|[\s;}])(?:import|export)\s*(?:[\w*{}\s,$]*\bfrom\s*)?["']([^"']+)["']|\b(?:import|require)\s*\(\s*["'`]([^"'`]*)/g,
  )
  return [...found].map(([, fixed, called]) => fixed ?? called ?? '')
}

function isBuiltin(specifier: string): boolean {
  return specifier.startsWith('node:') || builtinModules.includes(specifier)
}

test.each(Object.entries(allowed))(
  'the built %s imports its own files and libraries, and nothing of Node',
  (name, others) => {
    const folder = fileURLToPath(new URL(`../../../packages/${name}/dist/`, import.meta.url))
    const files = readdirSync(folder, { recursive: true, encoding: 'utf8' })
    const specifiers = files
      .filter((file) => /\.[cm]?js$/.test(file))
      .flatMap((file) => imports(readFileSync(folder + file, 'utf8')))
    expect(specifiers.length).toBeGreaterThan(2)
    expect(specifiers.filter(isBuiltin)).toEqual([])
    const foreign = specifiers.filter((specifier) => !/^\.{1,2}\//.test(specifier))
    expect(foreign.length).toBeGreaterThan(1)
    expect(foreign.filter((it) => !others.some((pattern) => pattern.test(it)))).toEqual([])
  },
)

test('the search finds each way of importing', () => {
  const code = `import 'node:a';import b from "fs"
    import * as c from 'node:c'
    export { d } from 'd'
    import { e,
      f as g } from './e.js'
    const h = await import('node:h'), i = require(\`i\`)`
  expect(imports(code)).toEqual(['node:a', 'fs', 'node:c', 'd', './e.js', 'node:h', 'i'])
  expect(imports(code).filter(isBuiltin)).toEqual(['node:a', 'fs', 'node:c', 'node:h'])
})

/** The fetch of Node 22 itself asks for it. */
const missing = process.version.startsWith('v22.') ? [] : ['process']

test.for(missing)('core, fetch and ky work where there is no %s', async () => {
  const { server } = await startAuthorization()
  await using api = await createResourceServer(server)
  const result = await resultOf(
    runProgram(new URL('programs/bare-runtime.ts', import.meta.url), {
      ...{ API_ORIGIN: api.origin, TOKEN_ENDPOINT: server.tokenEndpoint },
      PRIVATE_KEY: clientKey.pem,
    }),
  )
  expect(result).toEqual({ statuses: [200, 200], left: [] })
  expect(server.issued).toBe(1)
})
