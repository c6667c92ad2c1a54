import { describe, expect, test } from 'vitest'
import { coverage, isEarly, isShort } from '../../../tools/matrix/coverage.ts'
import { rowIds } from '../../../tools/matrix/row-ids.ts'
import { notOwed, owedInPart, rows } from '../../../tools/matrix/rows.ts'
import { type TestResult, testResults } from '../../../tools/matrix/test-results.ts'
import { matrixTable, missingRows, rowDetails } from '../../../tools/matrix/text.ts'

const told = { rows: { E1: 'One', E2: 'Two', E3: 'Three' }, notOwed: { E3: 'later' } }
const ids = ['E1', 'E2', 'E3']

function result(name: string, status = 'passed'): TestResult {
  return { title: name, name, status, file: 'a.test.ts' }
}

function verdicts(...results: TestResult[]) {
  return coverage(ids, told.notOwed, results).map((row) => [row.verdict, isShort(row)])
}

describe("a row's id in the name of a test", () => {
  test.each([
    ['E7: a reset', ['E7']],
    ['10 E19 U22: an abort', ['E19', 'U22']],
    ['group (C2) and C2 again', ['C2']],
    ['H1', ['H1']],
    ['X1, X2/X3; X4.', ['X1', 'X2', 'X3', 'X4']],
  ])('is found in %#', (name, found) => {
    expect(rowIds(name)).toEqual(found)
  })

  test.each([
    'signs with ES256, PS256 and RS256',
    'a P-256 key and SHA-256',
    'H2O, e7, U+2028, UTF8',
    'E100 and AE1 and E1a',
    'E1-like, non-E1, _E1, E1_',
  ])('is not found in other words (%#)', (name) => {
    expect(rowIds(name)).toEqual([])
  })

  test('is not found in a longer one', () => {
    const [one, ten] = coverage(['R1', 'R10'], {}, [result('R10: a type')])
    expect([one?.verdict, ten?.verdict]).toEqual(['missing', 'passed'])
  })
})

describe('a row', () => {
  test('that is owed needs a test that passes', () => {
    expect(verdicts()).toEqual([
      ['missing', true],
      ['missing', true],
      ['not owed', false],
    ])
    expect(verdicts(result('E1 E2: both'))).toEqual([
      ['passed', false],
      ['passed', false],
      ['not owed', false],
    ])
  })

  test('is failed by one test among others, and not helped by a skipped one', () => {
    expect(
      verdicts(result('E1: a'), result('E1: b', 'failed'), result('E2: c', 'skipped')),
    ).toEqual([
      ['failed', true],
      ['missing', true],
      ['not owed', false],
    ])
  })

  test('that is not owed may pass, which is told, or fail, which is not held against it', () => {
    const [, , passed] = coverage(ids, told.notOwed, [result('E3: a')])
    expect(passed && [isEarly(passed), isShort(passed)]).toEqual([true, false])
    const [, , failed] = coverage(ids, told.notOwed, [result('E3: a', 'failed')])
    expect(failed && [failed.verdict, isEarly(failed), isShort(failed)]).toEqual([
      'failed',
      false,
      false,
    ])
  })
})

test('all reports are read: names of files become relative, soak rows get their id', () => {
  const assertionResults = [{ title: 'E1: a', fullName: 'group E1: a', status: 'failed' }]
  const suite = { testResults: [{ name: '/repo/test/a.test.ts', assertionResults }] }
  const soak = { H1: { passed: true, title: 'many' }, H2: { passed: false, title: 'H2: more' } }
  const runtimes = {
    'Node (22.1.0)': [{ name: 'E2: a', passed: true }],
    'Bun (1.2.3)': [{ name: 'E2: a', passed: false }],
  }
  expect(testResults(suite, { soak, runtimes }, '/repo/')).toEqual([
    { title: 'E1: a', name: 'group E1: a', status: 'failed', file: 'test/a.test.ts' },
    { title: 'H1: many', name: 'H1: many', status: 'passed', file: 'the soak run' },
    { title: 'H2: more', name: 'H2: more', status: 'failed', file: 'the soak run' },
    {
      ...{ title: 'E2: a', name: 'Node (22.1.0) > E2: a', status: 'passed' },
      file: 'the run on other runtimes',
    },
    {
      ...{ title: 'E2: a', name: 'Bun (1.2.3) > E2: a', status: 'failed' },
      file: 'the run on other runtimes',
    },
  ])
  expect(testResults(suite, {}, '/repo/')).toHaveLength(1)
})

describe('what is printed', () => {
  const long = `E1: ${'很長 word '.repeat(20)}`
  const covered = coverage(ids, told.notOwed, [
    result(long),
    result('E1: b\nc', 'failed'),
    result('E3: a'),
  ])

  test('is a line a row, of 100 columns, with the first test of the verdict', () => {
    const text = matrixTable(covered, { ...told, owedInPart: { E2: 'half waits' } })
    expect(text.split('\n').slice(3, 6)).toEqual([
      `│ E1  │ failed   │ 1/1       │ ${'E1: b c'.padEnd(67)} │`,
      `│ E2  │ missing  │           │ ${'no test: Two'.padEnd(67)} │`,
      `│ E3  │ passed   │ 1/0       │ ${'E3: a'.padEnd(67)} │`,
    ])
    expect(text.split('\n').slice(-4)).toEqual([
      'E2 is owed in part: half waits.',
      'Not owed, but passed; may leave the list: E3',
      '3 rows: 1 passed, 1 failed, 1 missing, 0 not owed yet.',
      'Still owed: E1 E2',
    ])
  })

  test('cuts what is too long for a line, and breaks what is not in the table', () => {
    const wide = coverage(ids, told.notOwed, [result(long.replaceAll('很長', 'long'))])
    const table = matrixTable(wide, { ...told, owedInPart: {} })
    const details = rowDetails(wide[0] ?? expect.unreachable(), { ...told, owedInPart: {} })
    for (const line of `${table}\n${details}`.split('\n')) {
      expect(line.length).toBeLessThanOrEqual(100)
    }
    expect(table).toContain('…')
    expect(details.replace(/\s+/g, ' ')).toContain(long.replaceAll('很長', 'long').trim())
  })

  test('names what is missing by what its row says', () => {
    expect(missingRows(covered, { ...told, owedInPart: {} })).toBe(
      'E1   failed   One\nE2   missing  Two',
    )
    const good = coverage(['E1'], {}, [result('E1: a')])
    expect(missingRows(good, { ...told, owedInPart: {} })).toBe(
      'Every row that is owed has passing tests.',
    )
  })

  test('tells all tests of one row, file by file, and why it need not have any', () => {
    expect(rowDetails(covered[2] ?? expect.unreachable(), { ...told, owedInPart: {} })).toBe(
      'E3: Three.\nNot owed yet: later.\na.test.ts\n  passed   E3: a\n1 in all: passed',
    )
  })
})

test('the lists of exceptions name rows that there are, each with its reason', () => {
  for (const [id, reason] of Object.entries({ ...notOwed, ...owedInPart })) {
    expect(rows).toHaveProperty(id)
    expect(reason).toMatch(/\w{3}/)
  }
})
