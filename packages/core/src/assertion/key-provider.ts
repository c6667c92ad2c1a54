import { type ErrorCause, KeyError } from '../errors.js'
import type { KeyInput } from './key-input.js'
import { isKeyWithHeader } from './read-key.js'

/** Asks a key function; what it throws is not echoed, since it may quote the key. */
export async function askForKey(provider: () => KeyInput | Promise<KeyInput>): Promise<KeyInput> {
  try {
    return await provider()
  } catch (thrown) {
    throw new KeyError('ERR_KEY_PROVIDER', 'The key function failed.', safeCause(thrown))
  }
}

/** What tells one answer of a key function from the next: the key, its kid and its alg. */
export function keySource(input: unknown): readonly unknown[] {
  if (!isKeyWithHeader(input)) return [input]
  return ['key', 'kid', 'alg'].map((name) =>
    Object.hasOwn(input, name) ? Reflect.get(input, name) : undefined,
  )
}

/** Whether two answers are one and the same key. */
export function isSameSource(a: readonly unknown[], b: readonly unknown[]): boolean {
  return a.length === b.length && a.every((member, index) => member === b[index])
}

function safeCause(thrown: unknown): ErrorCause | undefined {
  if (typeof thrown !== 'object' || thrown === null) return undefined
  try {
    const name = short(Reflect.get(thrown, 'name'))
    const code = Object.hasOwn(thrown, 'code') ? short(Reflect.get(thrown, 'code')) : undefined
    if (name === undefined) return undefined
    return code === undefined ? { name } : { name, code }
  } catch {
    return undefined
  }
}

function short(value: unknown): string | undefined {
  return typeof value === 'string' && /^[\w.-]{1,40}$/.test(value) ? value : undefined
}
