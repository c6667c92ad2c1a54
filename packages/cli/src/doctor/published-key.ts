import { isCountersignError } from '@countersign/core'
import { keyThumbprint } from '@countersign/core/keys'
import { CommandFailure } from '../command-failure.js'
import { type JwkSet, parsedJwkSet, shownKid } from '../jwk-set.js'
import { readJwkSet } from '../jwk-set-file.js'
import { reportedFailure } from '../reported-failure.js'
import { readTextFile } from '../text-file.js'
import { type Check, check } from './check.js'

const limitMillis = 10_000
const longest = 1024 * 1024
const { ok, warning, bad, skipped } = check('public-key', 'Public key')

/** What signs, as the assertion shows it. */
export interface SigningKey {
  readonly thumbprint: string
  readonly kid: string | undefined
}

/** Whether the public key that the server was given is the one of the private key. */
export async function judgedPublicKey(file: string, { thumbprint }: SigningKey): Promise<Check> {
  const there = await found(async () => keyThumbprint(await readTextFile(file, '--public-key')))
  if (typeof there !== 'string') return there
  if (there === thumbprint) return ok('It belongs to the private key.')
  return bad(
    `The public key is of another pair than the private key: its thumbprint is ${there}, the private key's is ${thumbprint}. Register the one that belongs to it.`,
  )
}

/** Whether the key is in the set, under the kid that the assertion says. */
export async function judgedJwkSet({ keys }: JwkSet, signing: SigningKey): Promise<Check> {
  const prints = await Promise.all(keys.map((key) => keyThumbprint(key).catch(() => undefined)))
  const { thumbprint, kid } = signing
  const key = keys[prints.indexOf(thumbprint)]
  if (key === undefined) {
    return bad(
      `The key (thumbprint ${thumbprint}) is not in the JWK Set, which holds ${keys.map(shownKid).join(', ') || 'none'}. Publish it: countersign jwks add.`,
    )
  }
  if (kid !== undefined && key.kid !== kid) {
    return bad(
      `The key is published as ${shownKid(key)}, and the assertion says kid '${kid}'. Use one of them in both places.`,
    )
  }
  if (kid === undefined && keys.length > 1)
    return warning(
      `The JWK Set holds ${keys.length} keys and the assertion names none: set the kid ${shownKid(key)}.`,
    )
  return ok(`It is in the JWK Set, as ${shownKid(key)}.`)
}

/** The set of a file or an https URL; a check instead where it cannot be read. */
export async function readSet(place: string): Promise<JwkSet | Check> {
  if (!/^https?:/.test(place)) return found(() => readJwkSet(place, '--jwks'))
  if (!isSafe(place)) return bad('The JWK Set must be at an https URL, or on this machine.')
  try {
    const signal = AbortSignal.timeout(limitMillis)
    const response = await fetch(place, { redirect: 'error', signal })
    if (!response.ok) return bad(`The URL of the JWK Set answered ${response.status}.`)
    return parsedJwkSet(await boundedText(response), 'What the URL of the JWK Set answered')
  } catch (thrown) {
    if ((thrown as { exitCode?: unknown }).exitCode !== undefined) throw thrown
    return bad('The URL of the JWK Set could not be read: the server could not read it either.')
  }
}

/** What the work resolves to; a check where the file is missing or no key. */
async function found<T>(work: () => Promise<T>): Promise<T | Check> {
  try {
    return await work()
  } catch (thrown) {
    const isFound = thrown instanceof CommandFailure || isCountersignError(thrown)
    const { code, message } = await reportedFailure(thrown)
    if (!isFound || code === 'ERR_SECRET_ON_COMMAND_LINE') throw thrown
    return bad(`${code}: ${message}`)
  }
}

export function unpublished(): Check {
  return skipped('Give --public-key or --jwks to compare it with what is registered.')
}

/** @throws {Error} past the size; leaving the loop lets the connection go. */
async function boundedText(response: Response): Promise<string> {
  const chunks: Uint8Array[] = []
  let size = 0
  for await (const chunk of response.body ?? []) {
    size += chunk.length
    if (size > longest) throw new Error('The JWK Set has no end.')
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString()
}

function isSafe(place: string): boolean {
  if (!URL.canParse(place)) return false
  const { protocol, hostname } = new URL(place)
  return protocol === 'https:' || ['localhost', '127.0.0.1', '[::1]'].includes(hostname)
}
