import { open, realpath, rm } from 'node:fs/promises'
import { setTimeout as pause } from 'node:timers/promises'
import type { Jwk } from '@countersign/core'
import { calculateJwkThumbprint } from 'jose/jwk/thumbprint'
import { CommandFailure, rejectSecret } from './command-failure.js'
import { createWriteFailure, readTextFile, replaceFile } from './files.js'

/** A public JWK Set (RFC 7517 section 5) and its other members. */
export interface JwkSet {
  readonly keys: readonly Jwk[]
}

/** What only a private or symmetric JWK has. */
const privateMembers = ['d', 'p', 'q', 'dp', 'dq', 'qi', 'oth', 'k']

/** @throws {CommandFailure} unless the text is a JWK Set of public keys. */
export function parseJwkSet(text: string, place: string): JwkSet {
  const set = parseJson(text)
  if (!isObject(set) || !Array.isArray(set.keys) || !set.keys.every(isJwk))
    throw new CommandFailure(
      'ERR_JWK_SET',
      `${place} is not a JWK Set: JSON with an array of keys. Create one with countersign jwks.`,
    )
  const leaked = set.keys.find((key) => privateMembers.some((name) => Object.hasOwn(key, name)))
  if (leaked === undefined) return set as unknown as JwkSet
  throw new CommandFailure(
    'ERR_PRIVATE_JWK',
    `${place} contains a PRIVATE key (${describeKid(leaked)}). Nothing was changed. If the file was published or sent, the key is disclosed: create and register another one now.`,
  )
}

/** @throws {CommandFailure} if the file cannot be read, is not a JWK Set, or has a private key. */
export async function readJwkSet(path: string, source: string): Promise<JwkSet> {
  return parseJwkSet(await readTextFile(path, source), path)
}

/** Reads the set, changes it and replaces the file, one command at a time. */
export async function changeJwkSet(
  path: string,
  change: (set: JwkSet) => JwkSet | Promise<JwkSet>,
): Promise<{ readonly set: JwkSet; readonly isChanged: boolean }> {
  rejectSecret(path, '--set')
  const lock = await lockFile(path)
  try {
    const before = await readJwkSet(path, '--set')
    const set = await change(before)
    const isChanged = set !== before
    if (isChanged) await replaceFile(path, `${JSON.stringify(set, null, 2)}\n`)
    return { set, isChanged }
  } finally {
    await rm(lock, { force: true })
  }
}

/** Waits 10 s. The lock of a killed command is not taken over: its owner may only be slow. */
async function lockFile(path: string): Promise<string> {
  const lock = `${await realpath(path).catch(() => path)}.lock`
  for (let attempt = 0; attempt < 500; attempt++) {
    try {
      await (await open(lock, 'wx', 0o600)).close()
      return lock
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw createWriteFailure(path, error)
    }
    await pause(20)
  }
  throw new CommandFailure(
    'ERR_FILE_LOCKED',
    `Another command is changing ${path}. If none is running, delete ${lock}.`,
  )
}

/** Returns the set with one more key, or the same set if the key is in it. */
export async function addKey(set: JwkSet, added: Jwk): Promise<JwkSet> {
  const thumbprint = await calculateJwkThumbprint(added)
  const thumbprints = await Promise.all(
    set.keys.map((key) => calculateJwkThumbprint(key).catch(() => undefined)),
  )
  const sameKid = set.keys.findIndex(({ kid }) => kid === added.kid)
  if (sameKid >= 0 && thumbprints[sameKid] === thumbprint) return set
  if (sameKid >= 0)
    throw new CommandFailure(
      'ERR_KID_TAKEN',
      `Another key in the set has the kid ${describeKid(added)}. Choose another with --kid.`,
    )
  const same = set.keys[thumbprints.indexOf(thumbprint)]
  if (same === undefined) return { ...set, keys: [...set.keys, added] }
  throw new CommandFailure(
    'ERR_KEY_TAKEN',
    `The key is already in the set as ${describeKid(same)}. Sign with that kid.`,
  )
}

/** Returns the set without the keys of this kid. */
export function removeKey(set: JwkSet, kid: string): JwkSet {
  const keys = set.keys.filter((key) => key.kid !== kid)
  if (keys.length === set.keys.length)
    throw new CommandFailure(
      'ERR_KID_UNKNOWN',
      `The set has no key with the kid '${kid}'. Its keys: ${listKids(set)}.`,
    )
  if (keys.length > 0) return { ...set, keys }
  throw new CommandFailure(
    'ERR_LAST_KEY',
    `'${kid}' is the last key of the set. Add the next one first: countersign jwks add.`,
  )
}

export function listKids({ keys }: JwkSet): string {
  return keys.map(describeKid).join(', ') || 'none'
}

export function describeKid({ kid }: { kid?: unknown }): string {
  return typeof kid === 'string' ? `'${kid}'` : 'without kid'
}

function isJwk(key: unknown): boolean {
  return isObject(key) && typeof key.kty === 'string'
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text.replace(/^\uFEFF/, ''))
  } catch {
    return undefined
  }
}
