import type { Algorithm } from '../assertion/assertion-signer.js'
import { isObject, ownMember } from '../own-members.js'
import { keyFormat, notPrivate } from './key-error.js'
import { isForSigning, jwkKind } from './private-jwk.js'

/** By what the signing key of a JWK Set is told from the others. */
export interface KeyChoice {
  readonly kid: string | undefined
  readonly alg: Algorithm | undefined
}

/** The private key with this kid; without a kid the only one that can sign, with this `alg` if given. */
export function signingJwk(keys: unknown, choice: KeyChoice): object {
  if (!Array.isArray(keys)) throw keyFormat('The keys of the JWK Set are not an array.')
  const privates = keys.filter(
    (key: unknown): key is object => isObject(key) && ownMember(key, 'd') !== undefined,
  )
  if (privates.length === 0) throw notPrivate('a JWK Set without a private key')
  const fitting = privates.filter((key) => isChosen(key, choice))
  const [only] = fitting
  if (fitting.length === 1 && only !== undefined) return only
  throw keyFormat(
    `The JWK Set holds ${fitting.length} private keys${wanted(choice)}: choose one with 'assertion.kid' or 'assertion.alg'. It holds ${list(privates)}.`,
  )
}

function isChosen(key: object, { kid, alg }: KeyChoice): boolean {
  if (kid !== undefined) return ownMember(key, 'kid') === kid
  const kind = jwkKind(key)
  if (!isForSigning(key) || !(kind === 'RSA' || kind === 'EC P-256')) return false
  if (alg === undefined) return true
  return (kind === 'RSA') === (alg !== 'ES256') && (ownMember(key, 'alg') ?? alg) === alg
}

function wanted({ kid, alg }: KeyChoice): string {
  if (kid !== undefined) return ` with the kid ${quotedKid(kid)}`
  return alg === undefined ? ' for signing' : ` that sign ${alg}`
}

const mostShown = 10

function list(keys: readonly object[]): string {
  const first = keys.slice(0, mostShown).map(shown).join(', ')
  const others = keys.length - mostShown
  return others > 0 ? `${first} and ${others} more` : first
}

function shown(key: object): string {
  return `${quotedKid(ownMember(key, 'kid'))} (${jwkKind(key)})`
}

/** A kid as it may be told. */
export function quotedKid(kid: unknown): string {
  return typeof kid === 'string' && /^[\x20-\x7e]{1,128}$/.test(kid)
    ? `'${kid}'`
    : 'one without kid'
}
