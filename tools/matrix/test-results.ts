import { rowIds } from './row-ids.ts'

export interface TestResult {
  /** Its own, without those of the groups around it. */
  readonly title: string
  readonly name: string
  readonly status: string
  /** Relative to the root of the repository. */
  readonly file: string
}

/** What is read of vitest's JSON report. */
export interface SuiteReport {
  readonly testResults: readonly {
    readonly name: string
    readonly assertionResults: readonly {
      readonly title: string
      readonly fullName: string
      readonly status: string
    }[]
  }[]
}

/** What the soak run leaves: its rows by their ids. */
export type SoakReport = Readonly<
  Record<string, { readonly passed: boolean; readonly title: string }>
>

/** What the run on other runtimes leaves: its cases, by runtime. */
export type RuntimesReport = Readonly<
  Record<string, readonly { readonly name: string; readonly passed: boolean }[]>
>

/** The reports that need not be there. */
export interface OtherReports {
  readonly soak?: SoakReport | undefined
  readonly runtimes?: RuntimesReport | undefined
}

/** The tests of all reports; `root` is cut off the names of files. */
export function testResults(
  suite: SuiteReport,
  { soak = {}, runtimes = {} }: OtherReports,
  root: string,
): readonly TestResult[] {
  return [...suiteResults(suite, root), ...soakResults(soak), ...runtimesResults(runtimes)]
}

function suiteResults({ testResults }: SuiteReport, root: string): readonly TestResult[] {
  return testResults.flatMap(({ name: path, assertionResults }) => {
    const file = path.startsWith(root) ? path.slice(root.length) : path
    return assertionResults.map(({ title, fullName: name, status }) => ({
      title,
      name,
      status,
      file,
    }))
  })
}

function soakResults(soak: SoakReport): readonly TestResult[] {
  return Object.entries(soak).map(([id, { passed, title }]) => {
    const name = rowIds(title).includes(id) ? title : `${id}: ${title}`
    return { title: name, name, status: passed ? 'passed' : 'failed', file: 'the soak run' }
  })
}

function runtimesResults(runtimes: RuntimesReport): readonly TestResult[] {
  return Object.entries(runtimes).flatMap(([runtime, cases]) =>
    cases.map(({ name: title, passed }) => ({
      title,
      name: `${runtime} > ${title}`,
      status: passed ? 'passed' : 'failed',
      file: 'the run on other runtimes',
    })),
  )
}
