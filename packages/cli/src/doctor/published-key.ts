import { keyThumbprint } from '@countersign/core/keys'
import { CommandFailure } from '../command-failure.js'
import { maxBytes, readTextFile } from '../files.js'
import { describeKid, type JwkSet, listKids, parseJwkSet, readJwkSet } from '../jwk-set.js'
import { type Check, createCheck } from './report.js'

const limitMillis = 10_000
const { ok, warning, bad, skipped, fail } = createCheck('public-key', 'Public key')

/** The key that signs, as the assertion names it. */
export type SigningKey = Readonly<{ thumbprint: string; kid: string | undefined }>

/** Where to find the public key that the authorization server has. */
export type Published = Readonly<Record<'publicKey' | 'jwks', string | undefined>>

/** Checks that the authorization server has the public key of the private key. */
export async function checkPublicKey(
  { publicKey, jwks }: Published,
  signing: SigningKey,
): Promise<Check> {
  try {
    if (publicKey !== undefined)
      return compareKey(await keyThumbprint(await readTextFile(publicKey, '--public-key')), signing)
    if (jwks !== undefined) return await findKey(await readSet(jwks), signing)
    return skipped('Pass --public-key or --jwks to compare it with the registered key.')
  } catch (thrown) {
    return fail(thrown)
  }
}

function compareKey(published: string, { thumbprint }: SigningKey): Check {
  if (published === thumbprint) return ok('It belongs to the private key.')
  return bad(
    `The public key belongs to another private key: its thumbprint is ${published}, not ${thumbprint}. Register the matching one.`,
  )
}

/** Checks that the key is in the set, under the kid of the assertion. */
async function findKey(set: JwkSet, { thumbprint, kid }: SigningKey): Promise<Check> {
  const { keys } = set
  const prints = await Promise.all(keys.map((key) => keyThumbprint(key).catch(() => undefined)))
  const key = keys[prints.indexOf(thumbprint)]
  if (key === undefined)
    return bad(
      `The key (thumbprint ${thumbprint}) is not in the JWK Set. Its keys: ${listKids(set)}. Publish it with countersign jwks add.`,
    )
  const published = describeKid(key)
  if (kid !== undefined && key.kid !== kid)
    return bad(
      `The key is published as ${published}, but the assertion has the kid '${kid}'. Use the same kid.`,
    )
  if (kid === undefined && keys.length > 1)
    return warning(
      `The JWK Set has ${keys.length} keys, but the assertion has no kid. Set --kid (KID) to ${published}.`,
    )
  return ok(`It is in the JWK Set as ${published}.`)
}

/** Reads the set from a file or an https URL. */
async function readSet(place: string): Promise<JwkSet> {
  if (!/^https?:/.test(place)) return readJwkSet(place, '--jwks')
  const { protocol, hostname } = URL.parse(place) ?? { protocol: '', hostname: '' }
  if (protocol !== 'https:' && !['localhost', '127.0.0.1', '[::1]'].includes(hostname))
    throw new CommandFailure(
      'ERR_JWK_SET',
      'The JWK Set must be at an https URL or on this machine.',
    )
  return parseJwkSet(await readUrl(place), 'The response of the JWK Set URL')
}

/** @throws {CommandFailure} for an error, a redirect, and a body that is too large. */
async function readUrl(url: string): Promise<string> {
  const chunks: Uint8Array[] = []
  let size = 0
  try {
    const signal = AbortSignal.timeout(limitMillis)
    const response = await fetch(url, { redirect: 'error', signal })
    if (!response.ok) throw new Error(`status ${response.status}`)
    for await (const chunk of response.body ?? []) {
      size += chunk.length
      if (size > maxBytes) throw new Error('too large')
      chunks.push(chunk)
    }
  } catch {
    throw new CommandFailure(
      'ERR_JWK_SET',
      'The JWK Set URL cannot be read. The authorization server cannot read it either.',
    )
  }
  return Buffer.concat(chunks).toString()
}
