import { execFileSync, spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'

/** A work tree of a commit, outside the repository, to spoil. It goes when the process ends. */
export function scratchCopy(root: string, commit: string): string {
  const scratch = mkdtempSync(join(tmpdir(), 'countersign-'))
  process.once('SIGINT', () => process.exit(130))
  process.once('exit', () => {
    spawnSync('git', ['worktree', 'remove', '--force', scratch], { cwd: root })
    rmSync(scratch, { recursive: true, force: true })
  })
  execFileSync('git', ['worktree', 'add', '--detach', scratch, commit], { cwd: root })
  return scratch
}
