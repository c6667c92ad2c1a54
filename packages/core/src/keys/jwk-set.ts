import { isObject } from '../snapshot.js'
import { type Algorithm, algorithms, rowOfKind } from './algorithms.js'
import { isForSigning, type JwkMembers, jwkKind, snapshotJwk } from './jwk.js'
import { keyFormat, notPrivate } from './key-error.js'

/** How the signing key of a JWK Set is chosen. */
export interface KeyChoice {
  readonly kid: string | undefined
  readonly alg: Algorithm | undefined
}

/**
 * Returns the private key with this kid; without a kid the only one that can sign, with this `alg`
 * where it is given.
 */
export function chooseJwk(keys: unknown, choice: KeyChoice): JwkMembers {
  const privates = (Array.isArray(keys) ? keys : [])
    .filter(isObject)
    .map(snapshotJwk)
    .filter(({ d }) => d !== undefined)
  if (privates.length === 0) throw notPrivate('a JWK Set without a private key')
  const fitting = privates.filter((key) => isChosen(key, choice))
  const [only] = fitting
  if (fitting.length === 1 && only !== undefined) return only
  throw keyFormat(
    `The JWK Set holds ${fitting.length} private keys${wanted(choice)}: choose one with 'kid' or 'alg'. It holds ${list(privates)}.`,
  )
}

function isChosen(key: JwkMembers, { kid, alg }: KeyChoice): boolean {
  if (kid !== undefined) return key.kid === kid
  const kind = jwkKind(key)
  if (!isForSigning(key) || rowOfKind(kind) === undefined) return false
  return alg === undefined || (algorithms[alg].kind === kind && (key.alg ?? alg) === alg)
}

function wanted({ kid, alg }: KeyChoice): string {
  if (kid !== undefined) return ` with the kid ${quotedKid(kid)}`
  return alg === undefined ? ' for signing' : ` that sign ${alg}`
}

function list(keys: readonly JwkMembers[]): string {
  const shown = keys.slice(0, 10).map((key) => `${quotedKid(key.kid)} (${jwkKind(key)})`)
  return shown.join(', ')
}

/** Returns a kid as a message may quote it. */
export function quotedKid(kid: unknown): string {
  if (kid === undefined) return 'one without kid'
  return typeof kid === 'string' && /^[\x20-\x7e]{1,128}$/.test(kid)
    ? `'${kid}'`
    : 'one whose kid cannot be shown'
}
