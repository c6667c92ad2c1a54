import { randomUUID } from 'node:crypto'
import { readFile, realpath, rename, rm, stat, writeFile } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { text } from 'node:stream/consumers'
import { misused, refused } from './command-failure.js'

/** Far above any key, set or assertion. */
const longest = 1024 * 1024

/** The text of the file that an option or argument names; `-` is stdin. */
export async function readTextOrStdin(path: string, option: string): Promise<string> {
  return path === '-' ? readStdin(option) : readTextFile(path, option)
}

/** @throws {CommandFailure} naming the file, unless what was given is a secret and no path. */
export async function readTextFile(path: string, option: string): Promise<string> {
  refuseSecret(path, option)
  let read: string
  try {
    read = await readFile(path, 'utf8')
  } catch (error) {
    throw unreadable(path, option, (error as NodeJS.ErrnoException).code)
  }
  return bounded(read, option)
}

async function readStdin(option: string): Promise<string> {
  if (process.stdin.isTTY)
    throw misused(`${option} is to be read from stdin, which is a terminal: give a file or a pipe.`)
  return bounded(await text(process.stdin), option)
}

/** A path as it may be shown. */
export function shownPath(path: string): string {
  return path.slice(0, 256).replace(/[^\x20-\x7e\u00a1-\uffff]/g, '?')
}

/** Everybody on the machine can read a command line in the list of processes. */
function refuseSecret(path: string, option: string): void {
  refuseSecretText(path, `${option} takes the path of a file and was given`)
}

/** Also where it would be repeated. */
export function refuseSecretText(text: string, said: string): void {
  const what = secretShape(text)
  if (what === undefined) return
  throw misused(
    `${said} ${what}. A command line is no place for it: other users and logs can see it, so treat it as disclosed.`,
    'ERR_SECRET_ON_COMMAND_LINE',
  )
}

function secretShape(text: string): string | undefined {
  if (/-----BEGIN |^\s*[{["']/.test(text) || /^\s*(MI|LS0t|ey)[\w+/-]{60,}=*\s*$/.test(text))
    return 'the text of a key'
  if (/eyJ[\w-]{8,}\.[\w-]+/.test(text)) return 'a token'
  return /[\n\r]/.test(text) ? 'text of several lines' : undefined
}

function unreadable(path: string, option: string, code: string | undefined) {
  const file = path === option ? path : `${shownPath(path)} (${option})`
  if (code === 'ENOENT' || code === 'ENOTDIR')
    return misused(`There is no file ${file}.`, 'ERR_FILE_NOT_FOUND')
  return misused(`The file ${file} cannot be read: ${code}.`, 'ERR_FILE_UNREADABLE')
}

function bounded(read: string, option: string): string {
  if (read.length <= longest) return read
  throw misused(`What ${option} names is larger than 1 MiB.`, 'ERR_FILE_UNREADABLE')
}

/** A concurrent reader sees the old text or the new text, never a part of one. */
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
