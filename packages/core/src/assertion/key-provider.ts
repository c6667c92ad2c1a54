import { KeyError } from '../errors.js'
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
export function keySource(input: unknown): readonly unknown[] {
  if (!isKeyWithHeader(input)) return [input]
  return ['key', 'kid', 'alg', 'passphrase'].map((name) =>
    Object.hasOwn(input, name) ? Reflect.get(input, name) : undefined,
  )
}

/** Whether two answers are one and the same key. */
export function isSameSource(a: readonly unknown[], b: readonly unknown[]): boolean {
  return a.length === b.length && a.every((member, index) => member === b[index])
}
