import { lstat, rm, writeFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import { misused, refused } from './command-failure.js'
import { shownPath } from './text-file.js'

export interface NewFile {
  readonly path: string
  readonly text: string
  readonly mode: number
}

/** Before work is put into what could not be kept. */
export async function requireAbsent(paths: readonly string[]): Promise<void> {
  for (const path of paths) if (await isThere(path)) throw overwriting(path)
}

/** Writes all of them, or none: nothing is ever overwritten, and a failure leaves nothing behind. */
export async function writeNewFiles(files: readonly NewFile[]): Promise<void> {
  const written: string[] = []
  for (const { path, text, mode } of files) {
    try {
      await writeFile(path, '', { mode, flag: 'wx' })
      written.push(path)
      await writeFile(path, text, { flush: true })
    } catch (error) {
      await Promise.all(written.map((one) => rm(one, { force: true })))
      throw await unwritable(path, (error as NodeJS.ErrnoException).code)
    }
  }
}

/** A link that leads nowhere is there as well. */
async function isThere(path: string): Promise<boolean> {
  return lstat(path).then(
    () => true,
    () => false,
  )
}

async function unwritable(path: string, code: string | undefined) {
  if (code === 'EEXIST') return overwriting(path)
  if (code === 'ENOENT' && !(await isThere(dirname(path))))
    return misused(
      `There is no folder for ${shownPath(path)}: make it first.`,
      'ERR_FILE_NOT_FOUND',
    )
  return refused('ERR_FILE_UNWRITABLE', `${shownPath(path)} cannot be written: ${code}.`)
}

function overwriting(path: string) {
  return refused(
    'ERR_FILE_EXISTS',
    `${shownPath(path)} is there already and is not overwritten. Nothing was written; choose another name.`,
  )
}
