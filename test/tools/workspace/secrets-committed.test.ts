// @module-tag L12

import { readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { clientKey } from '../../support/keys.ts'
import { startAuthorization } from '../../support/world.ts'

const root = fileURLToPath(new URL('../../../', import.meta.url))
/** Folders that are neither committed nor published. Built files are published, with source maps. */
const leftOut = new Set(['.git', 'node_modules', 'coverage', '.vitest', '.report', '.stryker-tmp'])

/** The patterns of secrets, real or not. */
const secrets: Readonly<Record<string, RegExp>> = {
  'a private key in PEM': /-----BEGIN [A-Z ]*PRIVATE KEY-----(\\[rn]|\s)*[A-Za-z0-9+/]{40}/,
  'the private member of a JWK': /\bd["']?\s*:\s*["'][\w-]{42,}["']/,
  'a JWT': /\beyJ[\w-]{8,}\.[\w-]{8,}\.[\w-]{16,}/,
  'an Authorization header': /\b(Bearer|Basic|DPoP) +[\w.~+/-]{32,}/,
}

function filesOf(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = `${folder}${entry.name}`
    if (leftOut.has(entry.name)) return []
    return entry.isDirectory() ? filesOf(`${path}/`) : entry.isFile() ? [path] : []
  })
}

function found(text: string): string[] {
  return Object.entries(secrets).flatMap(([name, look]) => (look.test(text) ? [name] : []))
}

test('no file of the repository and of the built packages contains a secret', () => {
  const files = filesOf(root)
  for (const part of ['README.md', 'docs/guides/axios.md', 'packages/core/dist/index.d.ts.map']) {
    expect(files).toContain(root + part)
  }
  const suspects = files.flatMap((file) =>
    found(readFileSync(file, 'utf8')).map((what) => `${file.slice(root.length)}: ${what}`),
  )
  expect(suspects).toEqual([])
})

test('the search finds each of them, in source, JSON and an environment file', async () => {
  const { pem, jwk } = clientKey
  expect(found(pem)).toEqual(['a private key in PEM'])
  expect(found(JSON.stringify({ pem }))).toEqual(['a private key in PEM'])
  expect(found(`PRIVATE_KEY="${pem.replaceAll('\n', '\\n')}"`)).toEqual(['a private key in PEM'])
  expect(found(JSON.stringify(jwk, null, 2))).toEqual(['the private member of a JWK'])
  expect(found(`const key = { kty: 'EC', d: '${jwk.d}' }`)).toEqual(['the private member of a JWK'])

  for (const [format, looks] of [
    ['jwt', ['a JWT', 'an Authorization header']],
    ['opaque', ['an Authorization header']],
  ] as const) {
    const { provider } = await startAuthorization({ format })
    const { authorization } = await provider().getAccessToken()
    expect(found(`{ authorization: '${authorization}' }`)).toEqual(looks)
  }
})
