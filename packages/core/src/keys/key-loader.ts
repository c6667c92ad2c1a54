import { calculateJwkThumbprint } from 'jose/jwk/thumbprint'
import { importJWK, importPKCS8 } from 'jose/key/import'
import { createCause } from '../error-cause.js'
import { KeyError } from '../errors.js'
import { sha256 } from '../sha256.js'
import { isObject, ownMember, snapshot } from '../snapshot.js'
import type { Algorithm } from './algorithms.js'
import { foreignParts, keyFailure } from './key-error.js'
import { type CryptoKey, isBytes, isKeyWithHeader, type Jwk, type KeyInput } from './key-input.js'
import { decodeKeyBytes } from './key-text.js'
import { importPem } from './pem-key.js'
import { nodeCrypto } from './platform-key.js'
import {
  judgeKey,
  jwkMaterial,
  type KeyMaterial,
  type KeyOptions,
  type ReadKey,
  readKey,
} from './read-key.js'

/** A private key that is ready to sign. */
export interface PrivateKey {
  readonly alg: Algorithm
  readonly kid: string | undefined
  /** The thumbprint of the public key (RFC 7638); `undefined` where it cannot be exported. */
  readonly thumbprint: string | undefined
  readonly key: CryptoKey
}

/**
 * Judges a key at once as far as that is possible, and returns a function that imports it once. A
 * key function is called each time, and its key imported again only when it is another one.
 *
 * @throws {KeyError} for a key that cannot sign; so does the returned function.
 */
export function createKeyLoader(
  key: KeyInput | (() => KeyInput | Promise<KeyInput>),
  options: KeyOptions,
): () => Promise<PrivateKey> {
  try {
    const load = typeof key === 'function' ? providedKey(key, options) : fixedKey(key, options)
    return () =>
      load().catch((thrown) => {
        throw keyFailure(thrown)
      })
  } catch (thrown) {
    throw keyFailure(thrown)
  }
}

/** Releases the key that was read once it is imported; tries a failed import again. */
function fixedKey(key: KeyInput, options: KeyOptions): () => Promise<PrivateKey> {
  let unread: ReadKey | undefined = readAndJudge(key, options)
  let ready: Promise<PrivateKey> | undefined
  return () => {
    ready ??= importKey(unread as ReadKey).then(
      (imported) => {
        unread = undefined
        return imported
      },
      (error) => {
        ready = undefined
        throw error
      },
    )
    return ready
  }
}

function providedKey(
  provider: () => KeyInput | Promise<KeyInput>,
  options: KeyOptions,
): () => Promise<PrivateKey> {
  const readSource = createSourceReader()
  let last: { source: KeySource; ready: Promise<PrivateKey> } | undefined
  return async () => {
    const input = await callProvider(provider)
    const source = await readSource(input)
    if (last !== undefined && isSameSource(last.source, source)) return last.ready
    const current = { source, ready: importKey(readAndJudge(input, options)) }
    last = current
    current.ready.catch(() => {
      if (last === current) last = undefined
    })
    return current.ready
  }
}

/** Calls a key function. What it throws may quote the key. */
async function callProvider(provider: () => KeyInput | Promise<KeyInput>): Promise<KeyInput> {
  try {
    return await provider()
  } catch (thrown) {
    throw new KeyError('ERR_KEY_PROVIDER', 'The key function failed.', createCause(thrown))
  }
}

function readAndJudge(input: unknown, options: KeyOptions): ReadKey {
  const read = readKey(input, options)
  if (read.material.type !== 'PEM') judgeKey(read.material, read.alg)
  return read
}

async function importKey({ material, alg: chosen, kid }: ReadKey): Promise<PrivateKey> {
  const usable =
    material.type === 'PEM' ? jwkMaterial(await importPem(importPKCS8, material.pem)) : material
  const alg = judgeKey(usable, chosen)
  const key = usable.type === 'jwk' ? await importPrivateJwk(usable.jwk, alg) : usable.key
  return { alg, kid, thumbprint: await publicThumbprint(usable), key }
}

/**
 * A JWK becomes PKCS#8 first where there is `node:crypto`: Web Crypto, and jose with it, reads
 * members of a JWK from `Object.prototype`.
 */
async function importPrivateJwk(jwk: Jwk, alg: Algorithm): Promise<CryptoKey> {
  const { kid: _, alg: __, ...members } = jwk
  const crypto = nodeCrypto()
  try {
    if (crypto === undefined) return (await importJWK(snapshot(members), alg)) as CryptoKey
    const input = snapshot({ key: snapshot(members), format: 'jwk' } as const)
    const form = snapshot({ format: 'pem', type: 'pkcs8' } as const)
    return await importPKCS8(crypto.createPrivateKey(input).export(form), alg)
  } catch {
    throw foreignParts()
  }
}

async function publicThumbprint(
  material: Exclude<KeyMaterial, { type: 'PEM' }>,
): Promise<string | undefined> {
  if (material.type === 'jwk') return calculateJwkThumbprint(material.jwk)
  return material.key.extractable ? calculateJwkThumbprint(material.key) : undefined
}

/** What tells one answer of a key function from the next: the key and its header members. */
type KeySource = readonly unknown[]

/** Reads the source of an answer without keeping the answer: text and bytes are recognized by their hash. */
function createSourceReader(): (input: unknown) => Promise<KeySource> {
  const marks = new WeakMap<object, symbol>()
  const mark = (value: unknown) => {
    if (typeof value === 'string') return sha256(value)
    if (isBytes(value)) return sha256(decodeKeyBytes(value))
    if (!isObject(value)) return value
    const known = marks.get(value) ?? Symbol()
    marks.set(value, known)
    return known
  }
  return (input) => {
    if (!isKeyWithHeader(input)) return Promise.all([mark(input)])
    const names = ['key', 'kid', 'alg', 'passphrase']
    return Promise.all(names.map((name) => mark(ownMember(input, name))))
  }
}

function isSameSource(a: KeySource, b: KeySource): boolean {
  return a.length === b.length && a.every((member, index) => member === b[index])
}
