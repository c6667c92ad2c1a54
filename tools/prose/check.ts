/**
 * Checks the prose of the repository: `node tools/prose/check.ts [file …]`. Prints a line for each
 * finding, and exits with code 1 if there is one.
 */
import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import process from 'node:process'
import { lint } from './lint.ts'

const root = join(import.meta.dirname, '../..')
const chosen = process.argv.slice(2)
const files = chosen.length > 0 ? chosen : listFiles()
let count = 0
for (const file of files) {
  for (const { line, message } of await lint(file, readFileSync(join(root, file), 'utf8'))) {
    console.log(`${file}:${line}  ${message}`)
    count += 1
  }
}
console.log(`${files.length} files, ${count} ${count === 1 ? 'finding' : 'findings'}`)
process.exitCode = count === 0 ? 0 : 1

function listFiles(): string[] {
  const tracked = execFileSync('git', ['ls-files'], { cwd: root, encoding: 'utf8' }).split('\n')
  return tracked.filter((file) => /\.(md|[cm]?ts|mjs)$/.test(file))
}
