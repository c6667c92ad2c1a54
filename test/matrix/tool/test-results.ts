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

/** The tests of both reports; `root` is cut off the names of files. */
export function testResults(
  suite: SuiteReport,
  soak: SoakReport | undefined,
  root: string,
): readonly TestResult[] {
  return [...suiteResults(suite, root), ...soakResults(soak ?? {})]
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
