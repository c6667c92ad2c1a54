import { randomUUID } from 'node:crypto'
import { realpath, rename, rm, stat, writeFile } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { refused } from './command-failure.js'
import { shownPath } from './text-file.js'

/** Whoever reads the file meanwhile reads the old text or the new one, never half of one. */
export async function replaceFile(path: string, text: string): Promise<void> {
  let temporary: string | undefined
  try {
    const target = await realpath(path)
    const { mode } = await stat(target)
    temporary = join(dirname(target), `.${basename(target).slice(0, 200)}.${randomUUID()}`)
    await writeFile(temporary, text, { mode: mode & 0o777, flag: 'wx', flush: true })
    await rename(temporary, target)
  } catch (error) {
    if (temporary !== undefined) await rm(temporary, { force: true })
    const { code } = error as NodeJS.ErrnoException
    throw refused('ERR_FILE_UNWRITABLE', `${shownPath(path)} cannot be replaced: ${code}.`)
  }
}
