import { isCountersignError, type Jwk } from '@countersign/core'
import { publicJwks } from '@countersign/core/keys'
import { CommandFailure } from './command-failure.js'
import type { PrivateKeyText } from './private-key.js'
import { reportedFailure } from './reported-failure.js'
import { shownPath } from './text-file.js'

/** How a key is to be published. */
export interface PublishedAs {
  readonly kid: string | undefined
  readonly alg: string | undefined
}

/** The public part of a key, or of each key of a JWK Set. */
export async function publishedKeys(
  { key, passphrase }: PrivateKeyText,
  { kid, alg }: PublishedAs,
): Promise<readonly Jwk[]> {
  const given = { ...(kid && { kid }), ...(alg && { alg }), ...(passphrase && { passphrase }) }
  const isPlain = Object.keys(given).length === 0 || (isJwkSet(key) && !kid && !alg)
  const { keys } = await publicJwks([isPlain ? key : ({ key, ...given } as { key: string })])
  return keys
}

/** Says which file was meant. */
export async function ofFile<T>(path: string, work: Promise<T>): Promise<T> {
  try {
    return await work
  } catch (error) {
    if (!isCountersignError(error)) throw error
    const { code, message, exitCode } = await reportedFailure(error)
    throw new CommandFailure(code, `${shownPath(path)}: ${message}`, exitCode)
  }
}

function isJwkSet(text: string): boolean {
  try {
    return Object.hasOwn(JSON.parse(text), 'keys')
  } catch {
    return false
  }
}
