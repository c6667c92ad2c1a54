import { readFile } from 'node:fs/promises'
import { expect, test } from 'vitest'
import { root } from './documented-program.ts'

/** The names of the options that an object or interface declares at one depth of indentation. */
function declaredAt(indentation: number, text: string): string[] {
  const member = new RegExp(`^ {${indentation}}(\\w+)\\??:`, 'gm')
  return [...text.matchAll(member)].map(([, name = '']) => name)
}

test('the options page has a heading for every option of createTokenProvider', async () => {
  const page = await readFile(new URL('docs/reference/options.md', root), 'utf8')
  const source = await readFile(
    new URL('packages/core/src/token-provider-options.ts', root),
    'utf8',
  )
  const [, declaration = ''] = source.split('export interface TokenProviderOptions {')
  const [members = ''] = declaration.split('\n}\n')
  const groups = ['assertion', 'renewal']
  const options = [
    ...declaredAt(2, members).filter((name) => !groups.includes(name)),
    ...groups.flatMap((group) => {
      const [, inner = ''] = members.split(`\n  ${group}?:`)
      return declaredAt(8, inner.split('\n      }\n')[0] as string).map(
        (name) => `${group}.${name}`,
      )
    }),
  ]

  const [described = ''] = page.split('## What the provider returns')
  const headings = [...described.matchAll(/^### `([\w.]+)`$/gm)].map(([, name = '']) => name)

  expect(options.length).toBeGreaterThan(20)
  expect(headings.toSorted()).toEqual(options.toSorted())
})
