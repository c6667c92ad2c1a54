import type { ErrorCause } from '../errors.js'
import { isObject, ownMember } from '../own-members.js'

/** Name and code of what a key function or a signer threw: its words may quote the key. */
export function safeCause(thrown: unknown): ErrorCause | undefined {
  if (!isObject(thrown)) return undefined
  try {
    const name = short(Reflect.get(thrown, 'name'))
    const code = short(ownMember(thrown, 'code'))
    if (name === undefined) return undefined
    return code === undefined ? { name } : { name, code }
  } catch {
    return undefined
  }
}

function short(value: unknown): string | undefined {
  return typeof value === 'string' && /^[\w.-]{1,40}$/.test(value) ? value : undefined
}
