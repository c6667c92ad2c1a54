import type { Jwk } from '@countersign/core'
import { calculateJwkThumbprint } from 'jose/jwk/thumbprint'
import { refused } from './command-failure.js'
import { harmless } from './output.js'
import { envLine } from './saved-variables.js'

/** A public JWK Set (RFC 7517 section 5), other members included. */
export interface JwkSet {
  readonly keys: readonly Jwk[]
}

/** What a private or symmetric JWK has and a public one has not. */
const privateMembers = ['d', 'p', 'q', 'dp', 'dq', 'qi', 'oth', 'k']

/** @throws {CommandFailure} unless the text is a JWK Set of public keys. */
export function parsedJwkSet(text: string, path: string): JwkSet {
  const set = json(text)
  if (!isObject(set) || !Array.isArray(set.keys) || !set.keys.every(isJwk))
    throw refused('ERR_JWK_SET', `${path} is no JWK Set: it must be JSON with an array of keys.`)
  const leaked = set.keys.find((key) => privateMembers.some((name) => Object.hasOwn(key, name)))
  if (leaked === undefined) return set as unknown as JwkSet
  throw refused(
    'ERR_PRIVATE_JWK',
    `${path} holds a PRIVATE key${kidOf(leaked)}. Nothing was changed. If this file was ever published or sent, that key is disclosed: make another with countersign keygen, and register it at once.`,
  )
}

/** The set with one more key; undefined where it is there already. */
export async function withKey(set: JwkSet, added: Jwk): Promise<JwkSet | undefined> {
  const thumbprint = await calculateJwkThumbprint(added)
  const prints = await Promise.all(set.keys.map(thumbprintOf))
  const sameKid = set.keys.findIndex(({ kid }) => kid === added.kid)
  if (sameKid >= 0 && prints[sameKid] === thumbprint) return undefined
  if (sameKid >= 0) {
    throw refused(
      'ERR_KID_TAKEN',
      `The set has another key with the kid ${shownKid(added)}. Give the new one a kid of its own with --kid.`,
    )
  }
  const same = set.keys[prints.indexOf(thumbprint)]
  if (same !== undefined) throw keyTaken(set, { same, added })
  return { ...set, keys: [...set.keys, added] }
}

/** A published kid may be in use: to sign by it is always right, to change it only before that. */
function keyTaken({ keys }: JwkSet, { same, added }: { same: Jwk; added: Jwk }) {
  const [there, wanted] = [same, added].map(shownKid)
  const signed =
    same.kid === undefined
      ? 'Sign without a kid'
      : `Sign with ${envLine('KID', String(same.kid)) ?? `KID=${there}`}`
  const isOnly = keys.length === 1 || same.kid === undefined
  const other = isOnly
    ? ''
    : `, or, if nothing signs with it yet, take it out with countersign jwks retire and add it again as ${wanted}`
  return refused('ERR_KEY_TAKEN', `The set has this key already, as ${there}. ${signed}${other}.`)
}

/** The set without the keys of this kid. */
export function withoutKey(set: JwkSet, kid: string): JwkSet {
  const keys = set.keys.filter((key) => key.kid !== kid)
  if (keys.length === set.keys.length) {
    throw refused(
      'ERR_KID_UNKNOWN',
      `The set has no key with the kid ${shownKid({ kid })}. It has ${set.keys.map(shownKid).join(', ') || 'none'}.`,
    )
  }
  if (keys.length === 0) {
    throw refused(
      'ERR_LAST_KEY',
      `${shownKid({ kid })} is the last key of the set: without it no assertion is accepted. Add the next one first: countersign jwks add.`,
    )
  }
  return { ...set, keys }
}

export function shownKid({ kid }: { kid?: unknown }): string {
  return typeof kid === 'string' ? `'${harmless(kid.slice(0, 128))}'` : 'one without kid'
}

function kidOf(key: Record<string, unknown>): string {
  return typeof key.kid === 'string' ? ` (kid ${shownKid(key)})` : ''
}

async function thumbprintOf(key: Jwk): Promise<string | undefined> {
  return calculateJwkThumbprint(key).catch(() => undefined)
}

function isJwk(key: unknown): boolean {
  return isObject(key) && typeof key.kty === 'string'
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function json(text: string): unknown {
  try {
    return JSON.parse(text.replace(/^\uFEFF/, ''))
  } catch {
    return undefined
  }
}
