export interface TestResult {
  /** Without the names of the groups around it. */
  readonly title: string
  readonly name: string
  /** The IDs of its rows, among other tags. */
  readonly tags: readonly string[]
  readonly status: string
  /** Relative to the root of the repository. */
  readonly file: string
}

export interface RowCoverage {
  readonly id: string
  readonly tests: readonly TestResult[]
  readonly passed: number
  readonly failed: number
  readonly verdict: 'passed' | 'failed' | 'missing' | 'not owed'
  /** Whether the row is owed, and a test of it fails or none passes. */
  readonly isShort: boolean
}

/** The part of vitest's JSON report that is read. */
export interface SuiteReport {
  readonly testResults: readonly {
    readonly name: string
    readonly assertionResults: readonly {
      readonly title: string
      readonly fullName: string
      readonly tags?: readonly string[]
      readonly status: string
    }[]
  }[]
}

/** The reports of the soak, by row, and of the other runtimes, by runtime. Either may be missing. */
export interface OtherReports {
  readonly soak?:
    | Readonly<Record<string, { readonly passed: boolean; readonly title: string }>>
    | undefined
  readonly runtimes?:
    | Readonly<Record<string, readonly { readonly name: string; readonly passed: boolean }[]>>
    | undefined
}

/** Returns the row IDs in the name of a case that vitest does not run: E7, but not ES256 or P-256. */
function rowIds(testName: string): readonly string[] {
  return [...new Set(testName.match(/(?<![\w-])[A-Z]\d{1,2}(?![\w-])/g))]
}

/** Reads the tests of all reports. Removes `root` from the names of files. */
export function testResults(
  suite: SuiteReport,
  { soak = {}, runtimes = {} }: OtherReports,
  root: string,
): readonly TestResult[] {
  const status = (passed: boolean) => (passed ? 'passed' : 'failed')
  return [
    ...suite.testResults.flatMap(({ name: path, assertionResults }) =>
      assertionResults.map(({ title, fullName, tags = [], status }) => {
        return { title, name: fullName, tags, status, file: path.replace(root, '') }
      }),
    ),
    ...Object.entries(soak).map(([id, { passed, title }]) => {
      const name = `${id}: ${title}`
      return { title: name, name, tags: rowIds(name), status: status(passed), file: 'the soak' }
    }),
    ...Object.entries(runtimes).flatMap(([runtime, cases]) =>
      cases.map(({ name: title, passed }) => {
        const name = `${runtime} > ${title}`
        const file = 'the other runtimes'
        return { title, name, tags: rowIds(title), status: status(passed), file }
      }),
    ),
  ]
}

/** Finds the tests of each row. */
export function coverage(
  ids: readonly string[],
  notOwed: Readonly<Record<string, string>>,
  results: readonly TestResult[],
): readonly RowCoverage[] {
  const testsOf = new Map<string, TestResult[]>(ids.map((id) => [id, []]))
  for (const result of results) {
    for (const id of result.tags) testsOf.get(id)?.push(result)
  }
  return [...testsOf].map(([id, tests]) => {
    const count = (status: string) => tests.filter((test) => test.status === status).length
    const [passed, failed] = [count('passed'), count('failed')]
    const isOwed = !Object.hasOwn(notOwed, id)
    const untested = isOwed ? 'missing' : 'not owed'
    const verdict = failed > 0 ? 'failed' : passed > 0 ? 'passed' : untested
    return { id, tests, passed, failed, verdict, isShort: isOwed && verdict !== 'passed' }
  })
}
