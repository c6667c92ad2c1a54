import { rowIds } from './row-ids.ts'
import type { TestResult } from './test-results.ts'

export interface RowCoverage {
  readonly id: string
  readonly tests: readonly TestResult[]
  readonly passed: number
  readonly failed: number
  readonly verdict: 'passed' | 'failed' | 'missing' | 'not owed'
  readonly isOwed: boolean
}

/** What the tests say of each row. */
export function coverage(
  ids: readonly string[],
  notOwed: Readonly<Record<string, string>>,
  results: readonly TestResult[],
): readonly RowCoverage[] {
  const testsOf = new Map<string, TestResult[]>(ids.map((id) => [id, []]))
  for (const result of results) {
    for (const id of rowIds(result.name)) testsOf.get(id)?.push(result)
  }
  return [...testsOf].map(([id, tests]) => {
    const count = (status: string) => tests.filter((test) => test.status === status).length
    const [passed, failed] = [count('passed'), count('failed')]
    const isOwed = !Object.hasOwn(notOwed, id)
    return { id, tests, passed, failed, isOwed, verdict: verdict(passed, failed, isOwed) }
  })
}

/** Owed, and without a passing test or with a failing one. */
export function isShort({ isOwed, verdict }: RowCoverage): boolean {
  return isOwed && verdict !== 'passed'
}

/** Not owed, and yet a test of it passes: it may leave the list. */
export function isEarly({ isOwed, verdict }: RowCoverage): boolean {
  return !isOwed && verdict === 'passed'
}

function verdict(passed: number, failed: number, isOwed: boolean): RowCoverage['verdict'] {
  if (failed > 0) return 'failed'
  if (passed > 0) return 'passed'
  return isOwed ? 'missing' : 'not owed'
}
