import { type FileHandle, lstat, open, rm } from 'node:fs/promises'
import { dirname } from 'node:path'
import { CommandFailure, misused, refused } from './command-failure.js'
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
  const written: WrittenFile[] = []
  try {
    for (const file of files) await writeNewFile(file, written)
    for (const { file, handle } of written) await requireInPlace(file, handle)
  } catch (error) {
    await Promise.all(written.map(removeWritten))
    throw error
  } finally {
    await Promise.all(written.map(({ handle }) => handle.close()))
  }
}

interface WrittenFile {
  readonly file: NewFile
  readonly handle: FileHandle
}

/** Through one handle: the path may lead to another file by the time of a second open. */
async function writeNewFile(file: NewFile, written: WrittenFile[]): Promise<void> {
  try {
    const handle = await open(file.path, 'wx', file.mode)
    written.push({ file, handle })
    await requireOwn(file, handle)
    await handle.writeFile(file.text)
    await handle.sync()
  } catch (error) {
    if (error instanceof CommandFailure) throw error
    throw await unwritable(file.path, (error as NodeJS.ErrnoException).code)
  }
}

/** Before a secret is written. Windows has neither user IDs nor these modes. */
async function requireOwn({ path, mode }: NewFile, handle: FileHandle): Promise<void> {
  if (process.geteuid === undefined) return
  const found = await handle.stat()
  if (found.uid === process.geteuid() && (found.mode & 0o777 & ~mode) === 0) return
  throw refused(
    'ERR_FILE_NOT_PRIVATE',
    `${shownPath(path)} does not keep the owner and mode that it was created with. Nothing was written. Choose a folder on a file system with permissions.`,
  )
}

/** Whether the path still leads to the file that was written. */
async function requireInPlace(file: NewFile, handle: FileHandle): Promise<void> {
  await requireOwn(file, handle)
  if (await isInPlace(file.path, handle)) return
  throw refused(
    'ERR_FILE_REPLACED',
    `${shownPath(file.path)} was replaced or removed by another program while it was written. Do not use this file. Choose a folder in which only you can write.`,
  )
}

async function isInPlace(path: string, handle: FileHandle): Promise<boolean> {
  const [there, own] = await Promise.all([
    lstat(path, { bigint: true }).catch(() => undefined),
    handle.stat({ bigint: true }),
  ])
  return there?.ino === own.ino && there.dev === own.dev
}

/** Empties the file through its handle, and removes it unless the path leads to another one. */
async function removeWritten({ file: { path }, handle }: WrittenFile): Promise<void> {
  const isOwn = await isInPlace(path, handle)
  await handle.truncate().catch(() => {})
  if (isOwn) await rm(path, { force: true })
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
