import { open, realpath, rm } from 'node:fs/promises'
import { setTimeout as pause } from 'node:timers/promises'
import { refused } from './command-failure.js'
import { type JwkSet, parsedJwkSet } from './jwk-set.js'
import { shellWord } from './shell-words.js'
import { readTextFile, replaceFile, shownPath } from './text-file.js'

/** @throws {CommandFailure} for what is not there, is no JWK Set, or holds a private key. */
export async function readJwkSet(path: string, option: string): Promise<JwkSet> {
  const [text, shown] = [await readTextFile(path, option), shownPath(path)]
  if (text.includes('-----BEGIN ')) {
    throw refused(
      'ERR_JWK_SET',
      `${shown} is PEM, no JWK Set: countersign jwks ${shellWord(path)} prints the set of a key.`,
    )
  }
  return parsedJwkSet(text, shown)
}

/** Reads the set, changes it and replaces the file, while no other command does the same. */
export async function changeJwkSet(
  path: string,
  change: (set: JwkSet) => JwkSet | undefined | Promise<JwkSet | undefined>,
): Promise<JwkSet | undefined> {
  const lock = await takeLock(path)
  try {
    const changed = await change(await readJwkSet(path, '--set'))
    if (changed !== undefined) await replaceFile(path, `${JSON.stringify(changed, null, 2)}\n`)
    return changed
  } finally {
    await rm(lock, { force: true })
  }
}

const lockTries = 500
const lockPauseMillis = 20

/** A lock that a killed command left is never taken over: its owner may only be slow. */
async function takeLock(path: string): Promise<string> {
  const lock = `${await realpath(path).catch(() => path)}.lock`
  for (let attempt = 0; attempt < lockTries; attempt++) {
    try {
      await (await open(lock, 'wx', 0o600)).close()
      return lock
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException
      if (code !== 'EEXIST')
        throw refused('ERR_FILE_UNWRITABLE', `${shownPath(path)} cannot be replaced: ${code}.`)
    }
    await pause(lockPauseMillis)
  }
  throw refused(
    'ERR_FILE_LOCKED',
    `Another command is changing ${shownPath(path)}. If none is running, delete ${shownPath(lock)}.`,
  )
}
