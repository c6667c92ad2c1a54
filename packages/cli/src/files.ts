import { randomUUID } from 'node:crypto'
import {
  type FileHandle,
  lstat,
  open,
  readFile,
  realpath,
  rename,
  rm,
  stat,
  writeFile,
} from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { text } from 'node:stream/consumers'
import { CommandFailure, createUsageFailure, rejectSecret } from './command-failure.js'

/** Far above any key, set or assertion. */
export const maxBytes = 1024 * 1024

/**
 * Reads the file that a flag or argument names; `-` is stdin.
 *
 * @throws {CommandFailure} with the path, unless the path is a secret.
 */
export async function readTextFile(path: string, source: string): Promise<string> {
  rejectSecret(path, source)
  if (path === '-' && process.stdin.isTTY)
    throw createUsageFailure(`${source} is stdin, which is a terminal. Pass a file or use a pipe.`)
  const read = await (path === '-' ? text(process.stdin) : readFile(path, 'utf8')).catch(
    ({ code }: NodeJS.ErrnoException) => {
      const file = path === source ? path : `${path} (${source})`
      throw code === 'ENOENT' || code === 'ENOTDIR'
        ? createUsageFailure(`File ${file} does not exist.`, 'ERR_FILE_NOT_FOUND')
        : createUsageFailure(`File ${file} cannot be read: ${code}.`, 'ERR_FILE_UNREADABLE')
    },
  )
  if (read.length <= maxBytes) return read
  throw createUsageFailure(`The file of ${source} is larger than 1 MiB.`, 'ERR_FILE_UNREADABLE')
}

export interface NewFile {
  readonly path: string
  readonly text: string
  readonly mode: number
}

type OpenFile = NewFile & { readonly handle: FileHandle }

/** Writes all files or none. Overwrites nothing, and leaves nothing behind after a failure. */
export async function writeNewFiles(files: readonly NewFile[]): Promise<void> {
  const opened: OpenFile[] = []
  try {
    for (const file of files) await writeNewFile(file, opened)
    for (const file of opened) await requireInPlace(file)
  } catch (error) {
    await Promise.all(opened.map(removeFile))
    throw error
  } finally {
    await Promise.all(opened.map(({ handle }) => handle.close()))
  }
}

/** Writes through one handle: after a second open, the path could lead to another file. */
async function writeNewFile(file: NewFile, opened: OpenFile[]): Promise<void> {
  rejectSecret(file.path, 'The path')
  try {
    const handle = await open(file.path, 'wx', file.mode)
    opened.push({ ...file, handle })
    await requireOwn({ ...file, handle })
    await handle.writeFile(file.text)
    await handle.sync()
  } catch (error) {
    throw error instanceof CommandFailure ? error : createWriteFailure(file.path, error)
  }
}

/** Checks owner and mode before a secret is written. Windows has neither. */
async function requireOwn({ path, mode, handle }: OpenFile): Promise<void> {
  if (process.geteuid === undefined) return
  const found = await handle.stat()
  if (found.uid === process.geteuid() && (found.mode & 0o777 & ~mode) === 0) return
  throw new CommandFailure(
    'ERR_FILE_NOT_PRIVATE',
    `${path} does not keep its owner and mode. Nothing was written. Choose a folder on a file system with permissions.`,
  )
}

async function requireInPlace(file: OpenFile): Promise<void> {
  await requireOwn(file)
  if (await isInPlace(file)) return
  throw new CommandFailure(
    'ERR_FILE_REPLACED',
    `Another program replaced or removed ${file.path}. Do not use this file. Choose a folder in which only you can write.`,
  )
}

/** Whether the path still leads to the file that was opened. */
async function isInPlace({ path, handle }: OpenFile): Promise<boolean> {
  const own = await handle.stat({ bigint: true })
  const there = await lstat(path, { bigint: true }).catch(() => undefined)
  return there?.ino === own.ino && there.dev === own.dev
}

async function removeFile(file: OpenFile): Promise<void> {
  const isOwn = await isInPlace(file)
  await file.handle.truncate().catch(() => {})
  if (isOwn) await rm(file.path, { force: true })
}

/** Replaces the text of a file. A concurrent reader sees the old text or the new one. */
export async function replaceFile(path: string, text: string): Promise<void> {
  const target = await realpath(path)
  const temporary = join(dirname(target), `.${basename(target).slice(0, 200)}.${randomUUID()}`)
  try {
    const { mode } = await stat(target)
    await writeFile(temporary, text, { mode: mode & 0o777, flag: 'wx', flush: true })
    await rename(temporary, target)
  } catch (error) {
    await rm(temporary, { force: true })
    throw createWriteFailure(path, error)
  }
}

export function createWriteFailure(path: string, error: unknown): CommandFailure {
  const { code } = error as NodeJS.ErrnoException
  if (code === 'EEXIST')
    return new CommandFailure(
      'ERR_FILE_EXISTS',
      `${path} exists and is not overwritten. Nothing was written. Choose another name.`,
    )
  const advice = code === 'ENOENT' ? ' Create its folder first.' : ''
  const message = `${path} cannot be written: ${code}.${advice}`
  return new CommandFailure('ERR_FILE_UNWRITABLE', message)
}
