import { describe, expect, test } from 'vitest'
import { coverage, type TestResult, testResults } from '../../../tools/matrix/coverage.ts'
import { notOwed, owedInPart, rows } from '../../../tools/matrix/rows.ts'
import { formatMissing, formatRow, formatTable } from '../../../tools/matrix/text.ts'

const ids = ['E1', 'E2', 'V1']

function result(tags: string, status = 'passed', name = 'a reset'): TestResult {
  return { title: name, name, tags: tags.split(' '), status, file: 'a.test.ts' }
}

function cover(...results: TestResult[]) {
  return coverage(ids, notOwed, results)
}

test.each<[string, TestResult[], string[]]>([
  ['needs a test', [], ['owed: missing', 'owed: missing', 'not owed']],
  ['is proved by a passing test', [result('E1 E2 V1')], ['passed', 'passed', 'passed']],
  [
    'is failed by one test, and not proved by a skipped one',
    [result('E1 V1', 'failed'), result('E1 V1'), result('E2', 'skipped')],
    ['owed: failed', 'owed: missing', 'failed'],
  ],
])('a row that is owed %s', (_, results, verdicts) => {
  const rows = cover(...results)
  const shown = rows.map(({ verdict, isShort }) => `${isShort ? 'owed: ' : ''}${verdict}`)
  expect(shown).toEqual(verdicts)
})

test('all reports are read: file names become relative, soak rows get their ID', () => {
  const assertionResults = [{ title: 'a', fullName: 'group a', tags: ['E1'], status: 'failed' }]
  const suite = { testResults: [{ name: '/repo/test/a.test.ts', assertionResults }] }
  const soak = { H1: { passed: true, title: 'many' } }
  const runtimes = { 'Bun (1.2.3)': [{ name: 'E2: a', passed: false }] }
  expect(testResults(suite, { soak, runtimes }, '/repo/')).toEqual([
    { title: 'a', name: 'group a', tags: ['E1'], status: 'failed', file: 'test/a.test.ts' },
    { title: 'H1: many', name: 'H1: many', tags: ['H1'], status: 'passed', file: 'the soak' },
    {
      ...{ title: 'E2: a', name: 'Bun (1.2.3) > E2: a', tags: ['E2'], status: 'failed' },
      file: 'the other runtimes',
    },
  ])
  expect(testResults(suite, {}, '/repo/')).toHaveLength(1)
})

describe('the output', () => {
  const covered = cover(result('E1'), result('E1', 'failed', 'a\nstall'))

  test('has a line per row with the first test of the verdict, and a summary', () => {
    const lines = formatTable(covered).split('\n')
    expect(lines.slice(3, 5)).toEqual([
      `│ E1  │ failed   │ 1/1       │ ${'a stall'.padEnd(67)} │`,
      `│ E2  │ missing  │           │ ${`no test: ${rows.E2}`.slice(0, 66)}… │`,
    ])
    expect(lines.slice(-2)).toEqual([
      '3 rows: 0 passed, 1 failed, 1 missing, 1 not owed.',
      'Still owed: E1 E2',
    ])
  })

  test('lists what is missing, or all tests of one row', () => {
    const [row] = covered
    expect(formatMissing(covered)).toBe(`E1   failed   ${rows.E1}\nE2   missing  ${rows.E2}`)
    expect(formatMissing(coverage(['E1'], {}, [result('E1')]))).toMatch(/^Every row/)
    expect(formatRow(row ?? expect.unreachable())).toBe(
      `E1: ${rows.E1}.\na.test.ts\n  passed   a reset\n  failed   a\nstall\n2 in all: failed`,
    )
  })
})

test('the lists of exceptions name existing rows, each with its reason', () => {
  for (const [id, reason] of Object.entries({ ...notOwed, ...owedInPart })) {
    expect(rows).toHaveProperty(id)
    expect(reason).toMatch(/\w{3}/)
  }
})
