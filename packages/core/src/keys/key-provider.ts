import { KeyError } from '../errors.js'
import { isObject, ownMember } from '../own-members.js'
import { sha256 } from '../sha256.js'
import type { KeyInput } from './key-input.js'
import { isKeyWithHeader } from './read-key.js'
import { safeCause } from './safe-cause.js'

/** Asks a key function; what it throws is not echoed, since it may quote the key. */
export async function askForKey(provider: () => KeyInput | Promise<KeyInput>): Promise<KeyInput> {
  try {
    return await provider()
  } catch (thrown) {
    throw new KeyError('ERR_KEY_PROVIDER', 'The key function failed.', safeCause(thrown))
  }
}

/** What tells one answer of a key function from the next: the key and what came with it. */
export type KeySource = readonly unknown[]

/** Reads the source of an answer. No part of it is kept: a text is known again by its hash. */
export function keySources(): (input: unknown) => Promise<KeySource> {
  const marks = new WeakMap<object, symbol>()
  const mark = (value: unknown) => {
    if (typeof value === 'string') return sha256(value)
    if (!isObject(value)) return value
    const known = marks.get(value) ?? Symbol()
    marks.set(value, known)
    return known
  }
  return (input) => {
    if (!isKeyWithHeader(input)) return Promise.all([mark(input)])
    const names = ['key', 'kid', 'alg', 'passphrase']
    return Promise.all(names.map((name) => mark(ownMember(input, name))))
  }
}

/** Whether two answers are one and the same key. */
export function isSameSource(a: KeySource, b: KeySource): boolean {
  return a.length === b.length && a.every((member, index) => member === b[index])
}
