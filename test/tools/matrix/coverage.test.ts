import { describe, expect, test } from 'vitest'
import { coverage, rowIds, type TestResult, testResults } from '../../../tools/matrix/coverage.ts'
import { notOwed, owedInPart, rows } from '../../../tools/matrix/rows.ts'
import { formatMissing, formatRow, formatTable } from '../../../tools/matrix/text.ts'

const ids = ['E1', 'E2', 'V1']

function result(name: string, status = 'passed'): TestResult {
  return { title: name, name, status, file: 'a.test.ts' }
}

function cover(...results: TestResult[]) {
  return coverage(ids, notOwed, results)
}

describe("a row's ID in the name of a test", () => {
  test.each([
    ['E7: a reset', ['E7']],
    ['10 E19 U22: an abort', ['E19', 'U22']],
    ['group (C2) and C2 again', ['C2']],
    ['X1, X2/X3; X4.', ['X1', 'X2', 'X3', 'X4']],
    ['signs with ES256 and a P-256 key; H2O, e7, U+2028, UTF8', []],
    ['E100 and AE1 and E1a, E1-like, non-E1, _E1, E1_', []],
  ])('is found as a word (%#)', (name, found) => {
    expect(rowIds(name)).toEqual(found)
  })

  test('is not found in a longer one', () => {
    const [one, ten] = coverage(['R1', 'R10'], {}, [result('R10: a type')])
    expect([one?.verdict, ten?.verdict]).toEqual(['missing', 'passed'])
  })
})

test.each<[string, TestResult[], [string, boolean][]]>([
  [
    'needs a test',
    [],
    [
      ['missing', true],
      ['missing', true],
      ['not owed', false],
    ],
  ],
  [
    'is proved by a passing test',
    [result('E1 E2 V1: all')],
    [
      ['passed', false],
      ['passed', false],
      ['passed', false],
    ],
  ],
  [
    'is failed by one test, and not proved by a skipped one',
    ['failed', 'passed']
      .map((status) => result('E1 V1: a', status))
      .concat(result('E2', 'skipped')),
    [
      ['failed', true],
      ['missing', true],
      ['failed', false],
    ],
  ],
])('a row that is owed %s', (_, results, verdicts) => {
  expect(cover(...results).map((row) => [row.verdict, row.isShort])).toEqual(verdicts)
})

test('all reports are read: file names become relative, soak rows get their ID', () => {
  const assertionResults = [{ title: 'E1: a', fullName: 'group E1: a', status: 'failed' }]
  const suite = { testResults: [{ name: '/repo/test/a.test.ts', assertionResults }] }
  const soak = { H1: { passed: true, title: 'many' } }
  const runtimes = { 'Bun (1.2.3)': [{ name: 'E2: a', passed: false }] }
  expect(testResults(suite, { soak, runtimes }, '/repo/')).toEqual([
    { title: 'E1: a', name: 'group E1: a', status: 'failed', file: 'test/a.test.ts' },
    { title: 'H1: many', name: 'H1: many', status: 'passed', file: 'the soak' },
    {
      ...{ title: 'E2: a', name: 'Bun (1.2.3) > E2: a', status: 'failed' },
      file: 'the other runtimes',
    },
  ])
  expect(testResults(suite, {}, '/repo/')).toHaveLength(1)
})

describe('the output', () => {
  const covered = cover(result('E1: a'), result('E1: b\nc', 'failed'))

  test('has a line per row with the first test of the verdict, and a summary', () => {
    const lines = formatTable(covered).split('\n')
    expect(lines.slice(3, 5)).toEqual([
      `│ E1  │ failed   │ 1/1       │ ${'E1: b c'.padEnd(67)} │`,
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
    expect(formatMissing(coverage(['E1'], {}, [result('E1: a')]))).toMatch(/^Every row/)
    expect(formatRow(row ?? expect.unreachable())).toBe(
      `E1: ${rows.E1}.\na.test.ts\n  passed   E1: a\n  failed   E1: b\nc\n2 in all: failed`,
    )
  })
})

test('the lists of exceptions name existing rows, each with its reason', () => {
  for (const [id, reason] of Object.entries({ ...notOwed, ...owedInPart })) {
    expect(rows).toHaveProperty(id)
    expect(reason).toMatch(/\w{3}/)
  }
})
