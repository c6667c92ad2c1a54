import { createAccessKey, type RequestedAccess } from '../requested-access.js'
import { sha256 } from '../sha256.js'
import { isObject } from '../snapshot.js'

/**
 * Returns the key of a token in a store: 64 hexadecimal characters that reveal nothing of the
 * access and the identity, which are everything that can change the token.
 */
export function createTokenKey(access: RequestedAccess, identity: object): Promise<string> {
  return sha256(JSON.stringify([sortMembers(identity), createAccessKey(access)]))
}

/** Copies JSON with all members in order, so that two spellings of it have one key. */
function sortMembers(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sortMembers)
  if (!isObject(value)) return value
  const entries = Object.entries(value).map(
    ([name, member]) => [name, sortMembers(member)] as const,
  )
  // A tag, or an object would have the key of an array of pairs.
  return { sorted: entries.sort(([a], [b]) => (a < b ? -1 : 1)) }
}
