import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'
import { cases } from '../suite/cases.ts'
import { completed, failures, outcomeTable } from './report.ts'
import { programRuntimes, workerRuntimes } from './runtimes.ts'
import { stories } from './stories.ts'

const passed = { name: 'one', passed: true }
const failed = { name: 'two', passed: false, reason: 'it is broken' }

describe('the report of the run on other runtimes', () => {
  test('counts a case that did not run as failed', () => {
    expect(completed([passed], ['one', 'two'])).toEqual([
      passed,
      { name: 'two', passed: false, reason: 'it did not run' },
    ])
    expect(completed([passed, failed], ['one', 'two'])).toEqual([passed, failed])
  })

  test('keeps a failure that is none of the cases', () => {
    expect(completed([failed], [])).toEqual([failed])
  })

  test('tells each failure with runtime, name and reason', () => {
    const outcomes = new Map([
      ['Bun (1)', [passed, failed]],
      ['Deno (2)', [passed]],
    ])
    expect(failures(outcomes)).toEqual(['FAILED on Bun (1): two\nit is broken'])
  })

  test('is a table with a line a case and a sign for each runtime that owes it', () => {
    const outcomes = new Map([
      ['Bun (1)', [passed, failed]],
      ['Deno (2)', [passed]],
    ])
    expect(outcomeTable(outcomes).split('\n').slice(3)).toEqual([
      `│ one ${' '.repeat(78)} │ ++ │`,
      `│ two ${' '.repeat(78)} │ X  │`,
      expect.stringMatching(/^└/),
      'a  Bun (1): 1 of 2',
      'b  Deno (2): 1 of 1',
    ])
  })
})

test('no two cases have one name', () => {
  const names = [...cases, ...stories].map(({ name }) => name)
  expect(new Set(names).size).toBe(names.length)
})

test('the compatibility page lists the versions that run', () => {
  const page = new URL('../../../../docs/reference/compatibility.md', import.meta.url)
  const text = readFileSync(fileURLToPath(page), 'utf8')
  const rowOf = (runtime: string) =>
    new RegExp(`^\\| ${runtime} +\\|(.*)\\|$`, 'm').exec(text)?.[1]?.trim()
  const versions = (runtime: string) =>
    programRuntimes.filter(({ name }) => name === runtime).map(({ version }) => version)
  expect(rowOf('Node\\.js')).toBe(
    versions('Node')
      .join(', ')
      .replace(/,( \S+)$/, ' and$1'),
  )
  expect(rowOf('Bun')).toBe(versions('Bun').join())
  expect(rowOf('Deno')).toBe(versions('Deno').join())
  const dates = new Set(workerRuntimes.map(({ compatibilityDate }) => compatibilityDate))
  expect(rowOf('Cloudflare Workers')).toContain([...dates].join(' and '))
})
