import { ConfigurationError } from '../errors.js'
import { jsonCopy } from '../json-copy.js'
import { readAlgorithm } from '../keys/algorithms.js'
import { readPassphrase } from '../keys/read-key.js'
import { invalidOption, readNumber, readOptions } from '../options.js'
import { isObject } from '../snapshot.js'
import { readSigner } from './assertion-signer.js'
import type { AssertionForm } from './client-assertion.js'
import type { Credential } from './signing-key.js'

/** Reads what the options of a provider say about its assertions and their key. */
export function readAssertionOptions(
  read: Partial<Record<'assertion' | keyof KeyOptions, unknown>>,
  client: { clientId: string; tokenEndpoint: string },
): { assertion: AssertionForm; credential: Credential } {
  return { assertion: readForm(read.assertion, client), credential: readCredential(read) }
}

/** The options that belong to the key. */
type KeyOptions = Record<'key' | 'passphrase' | 'alg' | 'kid' | 'signer', unknown>

function readForm(
  assertion: unknown,
  { clientId, tokenEndpoint }: { clientId: string; tokenEndpoint: string },
): AssertionForm {
  checkMoved(assertion)
  const names = ['audience', 'lifetimeSeconds', 'typ', 'claims', 'header'] as const
  const read = readOptions(assertion ?? {}, names, 'assertion')
  const audience = text(read.audience, 'assertion.audience') ?? tokenEndpoint
  if (audience === 'issuer') {
    throw invalidOption(
      'assertion.audience',
      "may be 'issuer' only with discovery, which is not there yet: write the issuer's URL",
    )
  }
  return {
    clientId,
    audience,
    lifetimeSeconds: lifetimeSeconds(read.lifetimeSeconds),
    typ: text(read.typ, 'assertion.typ') ?? 'JWT',
    claims: without(read.claims, 'assertion.claims', ['iss', 'sub', 'aud', 'jti', 'iat', 'exp']),
    header: without(read.header, 'assertion.header', ['alg', 'kid', 'typ', 'crit', 'b64']),
  }
}

/** Names the place of the two options that are about the key and often looked for here. */
function checkMoved(assertion: unknown): void {
  if (!isObject(assertion)) return
  const name = ['alg', 'kid'].find((option) => Object.hasOwn(assertion, option))
  if (name === undefined) return
  throw new ConfigurationError(
    'ERR_INVALID_OPTION',
    `Unknown option 'assertion.${name}'. Pass '${name}' at the top level, next to 'key'.`,
    `assertion.${name}`,
  )
}

function readCredential(read: Partial<KeyOptions>): Credential {
  const { key, passphrase, signer } = read
  const alg = readAlgorithm(read.alg)
  const kid = text(read.kid, 'kid')
  if (signer === undefined) {
    if (key === undefined) {
      throw invalidOption(
        'key',
        "is missing (is the environment variable set?): give a private key, or a 'signer'",
      )
    }
    return {
      key: key as Extract<Credential, { key: unknown }>['key'],
      passphrase: readPassphrase(passphrase, 'passphrase'),
      alg,
      kid,
      signer,
    }
  }
  if (key !== undefined || passphrase !== undefined)
    throw new ConfigurationError(
      'ERR_INVALID_OPTION',
      "Of the options 'key' and 'signer' only one can sign: give one.",
      'signer',
    )
  const remote = readSigner(signer)
  if (alg === undefined || alg === remote.alg) return { signer: remote, kid }
  throw invalidOption('alg', `is not the signer's, which is ${remote.alg}: leave it out`)
}

function lifetimeSeconds(value: unknown): number {
  if (typeof value === 'number' && value >= 1000 && Number.isFinite(value)) {
    throw invalidOption(
      'assertion.lifetimeSeconds',
      `is ${value}, which looks like milliseconds: it is in seconds, 10 to 300`,
    )
  }
  return readNumber(value, 'assertion.lifetimeSeconds', {
    fallback: 60,
    // `iat` lies 5 s back: less would have expired on arrival.
    least: 10,
    most: 300,
    whole: true,
  })
}

function text(value: unknown, option: string): string | undefined {
  if (value === undefined || (typeof value === 'string' && value !== '')) return value
  throw invalidOption(option, 'must be one string that is not empty')
}

/** A copy of the extra members, none of which may be one of ours. */
function without(
  value: unknown,
  option: string,
  ours: readonly string[],
): Readonly<Record<string, unknown>> {
  if (value === undefined) return {}
  if (!isObject(value) || Array.isArray(value)) {
    throw invalidOption(option, 'must be an object')
  }
  const taken = ours.find((name) => Object.hasOwn(value, name))
  if (taken !== undefined) throw invalidOption(option, `may not set '${taken}'`)
  return jsonCopy(value, option) as Record<string, unknown>
}
