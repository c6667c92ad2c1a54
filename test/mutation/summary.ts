import type { Tally } from './stryker-report.ts'

/** The rows of one folder in the two tables of the summary. */
interface FolderRows {
  readonly outcome: string
  readonly disabled: readonly string[]
}

/** The summary with one folder's outcome in place of its last one; the others stay as they are. */
export function updated(before: string, folder: string, outcome: Tally, commit: string): string {
  const all = new Map(read(before)).set(folder, rowsOf(folder, outcome, commit))
  const sorted = [...all].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, rows]) => rows)
  return [
    ...head,
    ...sorted.map((rows) => rows.outcome),
    ...between,
    ...sorted.flatMap((rows) => rows.disabled),
    '',
  ].join('\n')
}

const head = [
  '# What mutation testing found',
  '',
  'Written by `pnpm mutation <folder>`, a row for each folder at its last run. No kind of mutant is',
  'left out, be it in a message or run once when a module is loaded; tests of crowds and costs are.',
  '',
  '| folder | mutants | killed | timeout | survived | disabled | score | commit |',
  '| --- | --: | --: | --: | --: | --: | --: | --- |',
]

const between = [
  '',
  '## Disabled mutants, and why',
  '',
  '| folder | place | reason |',
  '| --- | --- | --- |',
]

function rowsOf(folder: string, outcome: Tally, commit: string): FolderRows {
  const { mutants, killed, timeout, survived, disabled, score } = outcome
  const counts = [mutants, killed, timeout, survived.length, disabled.length]
  return {
    outcome: `| ${[folder, ...counts, `${score.toFixed(1)} %`, commit].join(' | ')} |`,
    disabled: disabled.map(({ place, reason }) => `| ${folder} | ${place} | ${reason ?? '?'} |`),
  }
}

function read(summary: string): [string, FolderRows][] {
  const [outcomes = '', disabled = ''] = summary.split('## Disabled')
  return rowsIn(outcomes).map((outcome) => {
    const folder = folderOf(outcome)
    return [
      folder,
      { outcome, disabled: rowsIn(disabled).filter((row) => folderOf(row) === folder) },
    ]
  })
}

function rowsIn(text: string): string[] {
  return text.split('\n').filter((line) => /^\| (?!folder|-)/.test(line))
}

function folderOf(row: string): string {
  return row.split('|')[1]?.trim() ?? ''
}
