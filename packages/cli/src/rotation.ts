import type { Jwk } from '@countersign/core'
import { shownKid } from './jwk-set.js'
import { envLine } from './saved-variables.js'
import { shellWord } from './shell-words.js'

/** What comes after a key was added: of a rotation its steps, as docs/guides/rotation.md has them. */
export function stepsAfterAdding(
  added: Jwk,
  { path, others }: { path: string; others: readonly Jwk[] },
): readonly string[] {
  const publish = `Publish ${path} with all its keys: host it at the registered URL, or upload it.`
  const cached =
    "Wait for the server's cache of the set, a day if nobody can say how long: before that it does not know the new key."
  const use = `the new private key, with ${kidLine(added)}, and see that it gets a token.`
  const [old] = others
  if (old === undefined) return [publish, cached, `Give the program ${use}`]
  const isKnown = others.length === 1 && old.kid !== undefined
  const retired = isKnown ? shellWord(String(old.kid)) : '<the old kid>'
  const retiredLine = isKnown ? kidLine(old) : 'KID=<the old kid>'
  return [
    `Before anything: see that the program sends the kid of the key in use, ${retiredLine}. A server with two keys may try an assertion without kid with the wrong one.`,
    publish,
    cached,
    `Switch the program to ${use}`,
    'Wait for the old tokens, until the last one that was got with the old key is over: by then every process has had to use the new key. The assertions of the old one (5 minutes) are over as well.',
    `Take the old key out: countersign jwks retire --set ${shellWord(path)} --kid ${retired}`,
  ]
}

function kidLine(key: Jwk): string {
  return envLine('KID', String(key.kid)) ?? `KID=${shownKid(key)}`
}

/** What comes after a key was taken out. */
export function stepsAfterRetiring(kid: string, path: string): readonly string[] {
  return [
    `Publish ${path} again: from then on no assertion of ${kid} is accepted.`,
    `Destroy the private key of ${kid}, in every secret store that has it.`,
  ]
}
