import { expect, test } from 'vitest'
import { complaints, type StrykerReport, tally } from '../../../tools/mutation/stryker-report.ts'

const location = { start: { line: 7 } }

/** A report of so many mutants in each state. */
function reportOf(states: Readonly<Record<string, number>>, statusReason?: string): StrykerReport {
  const mutants = Object.entries(states).flatMap(([status, count]) =>
    Array.from({ length: count }, () => ({
      ...{ mutatorName: 'StringLiteral', replacement: '""', status, location },
      ...(status === 'Ignored' && statusReason !== undefined && { statusReason }),
    })),
  )
  return { files: { 'src/a.ts': { mutants } } }
}

test('a mutant that no test reached has survived, and one that was never run does not count', () => {
  const report = reportOf({ Killed: 6, Timeout: 2, Survived: 1, NoCoverage: 1, RuntimeError: 5 })
  expect(tally(report)).toEqual({
    ...{ mutants: 10, killed: 6, timeout: 2, disabled: [], score: 80 },
    survived: ['src/a.ts:7 StringLiteral ""', 'src/a.ts:7 StringLiteral ""'],
  })
})

test('rejects a score below that of the folder', () => {
  const [enough, tooLittle] = [
    { Killed: 85, Survived: 15 },
    { Killed: 84, Survived: 16 },
  ]
  expect(complaints(tally(reportOf(enough)), 85)).toEqual([])
  expect(complaints(tally(reportOf(tooLittle)), 85)).toEqual(['The score is below 85 %.'])
  expect(complaints(tally(reportOf({})), 85)).toEqual(['The score is below 85 %.'])
})

test('three of a hundred mutants may be disabled, each with its reason', () => {
  const with3 = { Killed: 97, Ignored: 3 }
  expect(complaints(tally(reportOf(with3, 'nobody can see it')), 85)).toEqual([])
  expect(complaints(tally(reportOf(with3, 'Ignored using a comment')), 85)).toEqual(
    Array(3).fill('src/a.ts:7 is disabled, why?'),
  )
  expect(complaints(tally(reportOf({ Killed: 96, Ignored: 4 }, 'a reason')), 85)).toEqual([
    '4 mutants are disabled, 3 may be.',
  ])
})
