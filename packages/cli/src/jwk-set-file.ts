import { refused } from './command-failure.js'
import { type JwkSet, parsedJwkSet } from './jwk-set.js'
import { replaceFile } from './replaced-file.js'
import { readTextFile, shownPath } from './text-file.js'

/** @throws {CommandFailure} for what is not there, is no JWK Set, or holds a private key. */
export async function readJwkSet(path: string, option: string): Promise<JwkSet> {
  const [text, shown] = [await readTextFile(path, option), shownPath(path)]
  if (text.includes('-----BEGIN ')) {
    throw refused(
      'ERR_JWK_SET',
      `${shown} is PEM, no JWK Set: countersign jwks ${shown} prints the set of a key.`,
    )
  }
  return parsedJwkSet(text, shown)
}

export async function replaceJwkSet(path: string, set: JwkSet): Promise<void> {
  await replaceFile(path, `${JSON.stringify(set, null, 2)}\n`)
}
