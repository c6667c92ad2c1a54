import { type JwkSet, parsedJwkSet } from './jwk-set.js'
import { replaceFile } from './replaced-file.js'
import { readTextFile, shownPath } from './text-file.js'

/** @throws {CommandFailure} for what is not there, is no JWK Set, or holds a private key. */
export async function readJwkSet(path: string, option: string): Promise<JwkSet> {
  return parsedJwkSet(await readTextFile(path, option), shownPath(path))
}

export async function replaceJwkSet(path: string, set: JwkSet): Promise<void> {
  await replaceFile(path, `${JSON.stringify(set, null, 2)}\n`)
}
