import { ConfigurationError } from '../errors.js'
import { copyJson } from '../json-copy.js'
import type { KeyOptions } from '../keys/read-key.js'
import { createOptionError, type ReadOption, readOptions, text, wholeNumber } from '../options.js'
import { isObject } from '../snapshot.js'
import { readSigner } from './assertion-signer.js'
import type { AssertionForm } from './client-assertion.js'
import type { Credential, KeyCredential } from './signing-key.js'

/** Reads what the options of a provider say about its assertions and their key. */
export function readAssertionOptions(
  read: { assertion: unknown } & CredentialOptions,
  client: { clientId: string; tokenEndpoint: string },
): { assertion: AssertionForm; credential: Credential } {
  return { assertion: readForm(read.assertion, client), credential: readCredential(read) }
}

interface CredentialOptions extends KeyOptions {
  readonly key: unknown
  readonly signer: unknown
}

const assertionTable = {
  audience: text,
  lifetimeSeconds: readLifetime,
  typ: text,
  claims: readExtraMembers('iss', 'sub', 'aud', 'jti', 'iat', 'exp'),
  header: readExtraMembers('alg', 'kid', 'typ', 'crit', 'b64'),
}

function readForm(
  assertion: unknown,
  { clientId, tokenEndpoint }: { clientId: string; tokenEndpoint: string },
): AssertionForm {
  const read = readOptions(assertion ?? {}, assertionTable, { owner: 'assertion' })
  const { audience = tokenEndpoint, typ = 'JWT' } = read
  return { ...read, clientId, audience, typ }
}

function readCredential(read: CredentialOptions): Credential {
  const { key, passphrase, alg, kid, signer } = read
  if (signer === undefined) {
    if (key === undefined) {
      throw createOptionError(
        'key',
        "is missing: pass a private key or a 'signer', or check that its environment variable is set",
      )
    }
    return { key: key as KeyCredential['key'], passphrase, alg, kid, signer }
  }
  if (key !== undefined || passphrase !== undefined)
    throw new ConfigurationError(
      'ERR_INVALID_OPTION',
      "Options 'key' and 'signer' are mutually exclusive: pass one of them.",
      'signer',
    )
  const remote = readSigner(signer)
  if (alg === undefined || alg === remote.alg) return { signer: remote, kid }
  throw createOptionError('alg', `is not the signer's, which is ${remote.alg}: leave it out`)
}

// `iat` lies 5 s back: less than 10 s would have expired on arrival.
const wholeLifetime = wholeNumber({ from: 10, to: 300, default: 60 })

function readLifetime(value: unknown, option: string): number {
  if (typeof value !== 'number' || !(value >= 1000)) return wholeLifetime(value, option)
  const what = `is ${value}, which looks like milliseconds: it is in seconds, 10 to 300`
  throw createOptionError(option, what)
}

/** A copy of members that are added to the claims or the header, without those in `reserved`. */
function readExtraMembers(
  ...reserved: readonly string[]
): ReadOption<Readonly<Record<string, unknown>>> {
  return (value = {}, option) => {
    if (!isObject(value) || Array.isArray(value))
      throw createOptionError(option, 'must be an object')
    const taken = reserved.find((name) => Object.hasOwn(value, name))
    if (taken !== undefined) throw createOptionError(option, `must not set '${taken}'`)
    return copyJson(value, option)
  }
}
