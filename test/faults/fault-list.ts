/** One line of the sources, changed so that exactly the behaviour of some rows is wrong. */
export interface Fault {
  /** Of the acceptance matrix, such as `U3`. */
  readonly rows: readonly string[]
  readonly file: string
  readonly before: string
  readonly after: string
}

/**
 * Reads `faults.md`: a heading with the rows, the file in backquotes, and a diff of one line.
 *
 * @throws {Error} naming the section that is not of that form.
 */
export function parseFaults(markdown: string): readonly Fault[] {
  return markdown
    .split(/^### /m)
    .slice(1)
    .map((section) => {
      const [heading = ''] = section.split('\n', 1)
      const file = /^`([^`]+)`$/m.exec(section)?.[1]
      const [, diff = ''] = /^```diff\n([\s\S]*?)^```$/m.exec(section) ?? []
      const removed = lines(diff, '-')
      const added = lines(diff, '+')
      const rows = heading.match(/\b[A-Z]\d+\b/g)
      if (!rows || !file || removed.length !== 1 || added.length !== 1) {
        throw new Error(`The section '${heading}' does not name rows, a file and one line changed.`)
      }
      return { rows, file, before: removed[0] as string, after: added[0] as string }
    })
}

/**
 * The source with the fault in it.
 *
 * @throws {Error} when the line is not there exactly once.
 */
export function applyFault({ file, before, after }: Fault, source: string): string {
  const all = source.split('\n')
  const found = all.flatMap((line, index) => (line.trim() === before ? [index] : []))
  if (found.length !== 1) {
    throw new Error(`${file} has ${found.length} lines '${before}', and should have one.`)
  }
  const at = found[0] as number
  const indent = /^\s*/.exec(all[at] as string)?.[0] ?? ''
  return all.with(at, indent + after).join('\n')
}

function lines(diff: string, sign: '-' | '+'): string[] {
  return diff
    .split('\n')
    .filter((line) => line.startsWith(sign))
    .map((line) => line.slice(1).trim())
}
