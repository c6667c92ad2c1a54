import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { lint } from '../../tools/prose/lint.ts'

const modules = new URL('../../tools/prose/node_modules/', import.meta.url)

test.each([
  ['a page', 'page.md', 'There is no token to be had.'],
  ['a heading', 'page.md', '## When no token is to be had'],
  ['a list item', 'page.md', '- The file is no JWK Set.'],
  ['a doc comment', 'source.ts', '/** Of an encrypted key. */\nexport const a = 1'],
  [
    'a comment of two lines',
    'source.ts',
    '// The error that a caller\n// is told of.\nexport const a = 1',
  ],
  ['a message', 'source.ts', "throw new Error('The key is refused.')"],
  ['a message with values', 'source.ts', 'throw new Error(`The key $' + '{kid} is refused.`)'],
  ['the name of a test', 'source.test.ts', "test('sends the request once more', () => {})"],
])('finds a phrase in %s', async (_, file, source) => {
  const findings = await lint(file, source)

  expect(findings).not.toEqual([])
  for (const { rule } of findings) expect(rule).toBe('phrases')
})

test('states the line, the phrase and what to write', async () => {
  expect(await lint('source.ts', "\n\nthrow new Error('The key is refused.')")).toEqual([
    { rule: 'phrases', line: 3, message: 'is refused => is rejected' },
  ])
})

test('finds a sentence of 26 words in a page', async () => {
  const words = (count: number) => `${Array(count).fill('Word').join(' ')}.`

  expect(await lint('page.md', `${words(25)} ${words(25)}`)).toEqual([])
  expect((await lint('page.md', words(26))).map(({ rule }) => rule)).toEqual(['sentence-length'])
})

test.each([
  ['code of a page', 'page.md', '```\nThe key is refused.\n```'],
  ['an identifier', 'source.ts', 'export const is_refused = 1'],
  ['data of a test', 'source.test.ts', "expect('The key is refused.').toBe(1)"],
])('skips %s', async (_, file, source) => {
  expect(await lint(file, source)).toEqual([])
})

test.each(['ky/readme.md', 'oauth4webapi/README.md'])('finds no phrase in %s', async (page) => {
  const findings = await lint(
    'page.md',
    await readFile(fileURLToPath(new URL(page, modules)), 'utf8'),
  )

  expect(findings.filter(({ rule }) => rule === 'phrases')).toEqual([])
})
