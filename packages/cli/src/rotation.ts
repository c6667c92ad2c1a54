import type { Jwk } from '@countersign/core'
import { shownKid } from './jwk-set.js'

/** What comes after a key was added: the steps of a rotation, the next one first. */
export function stepsAfterAdding(
  added: Jwk,
  { path, others }: { path: string; others: readonly Jwk[] },
): readonly string[] {
  const kid = shownKid(added)
  const [old] = others
  const retired = others.length === 1 && old?.kid !== undefined ? shownKid(old) : '<the old kid>'
  return [
    `Publish ${path} with all its keys: host it at the registered URL, or upload it.`,
    'Wait until the authorization server has read it; many keep a set for up to a day.',
    `Switch the program to the new private key, with KID=${kid}, and see that it gets a token.`,
    'Wait until the assertions of the old key (5 minutes) and the tokens got with it are over.',
    `Take the old key out: countersign jwks retire --set ${path} --kid ${retired}`,
  ]
}

/** What comes after a key was taken out. */
export function stepsAfterRetiring(kid: string, path: string): readonly string[] {
  return [
    `Publish ${path} again: from then on no assertion of ${kid} is accepted.`,
    `Destroy the private key of ${kid}, in every secret store that has it.`,
  ]
}
