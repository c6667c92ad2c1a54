import { createAccessKey, type RequestedAccess } from '../requested-access.js'
import { sha256 } from '../sha256.js'
import { isObject } from '../snapshot.js'

/**
 * Returns the key of a token in a store: 64 hexadecimal characters that reveal nothing of the
 * access and the identity, which are everything that can change the token.
 */
export function createTokenKey(access: RequestedAccess, identity: object): Promise<string> {
  return sha256(JSON.stringify([identity, createAccessKey(access)], sortMembers))
}

/** Sorts the members of each object, so that two spellings of it have one key. */
function sortMembers(_: string, value: unknown): unknown {
  if (!isObject(value) || Array.isArray(value)) return value
  return Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)))
}
