import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { addMissing, describeFailures, formatTable } from './report.ts'
import { programRuntimes, workerRuntimes } from './runtimes.ts'

const passed = { name: 'one', passed: true }
const failed = { name: 'two', passed: false, reason: 'it is broken' }
const outcomes = new Map([
  ['Bun (1)', [passed, failed]],
  ['Deno (2)', [passed]],
])

test('a case that did not run counts as failed, and a failure outside the cases is kept', () => {
  const missing = { name: 'three', passed: false, reason: 'it did not run' }
  expect(addMissing([passed, failed], ['one', 'three'])).toEqual([passed, failed, missing])
})

test('a failure is reported with its runtime, name and reason', () => {
  expect(describeFailures(outcomes)).toEqual(['FAILED on Bun (1): two\nit is broken'])
})

test('the table has a line per case and a sign for each runtime that runs it', () => {
  expect(formatTable(outcomes).split('\n').slice(3)).toEqual([
    `│ one ${' '.repeat(78)} │ ++ │`,
    `│ two ${' '.repeat(78)} │ X  │`,
    expect.stringMatching(/^└/),
    'a  Bun (1): 1 of 2',
    'b  Deno (2): 1 of 1',
  ])
})

test('the compatibility page lists the versions that run', () => {
  const page = new URL('../../../../docs/reference/compatibility.md', import.meta.url)
  const text = readFileSync(fileURLToPath(page), 'utf8')
  const rowOf = (runtime: string) =>
    new RegExp(`^\\| ${runtime} +\\|(.*)\\|$`, 'm').exec(text)?.[1]?.trim()
  const versions = (runtime: string) =>
    programRuntimes.filter(({ name }) => name === runtime).map(({ version }) => version)
  const node = versions('Node').join(', ')
  expect(rowOf('Node\\.js')).toBe(node.replace(/,( \S+)$/, ' and$1'))
  expect(rowOf('Bun')).toBe(versions('Bun').join())
  expect(rowOf('Deno')).toBe(versions('Deno').join())
  const dates = new Set(workerRuntimes.map(({ compatibilityDate }) => compatibilityDate))
  expect(rowOf('Cloudflare Workers')).toContain([...dates].join(' and '))
})
