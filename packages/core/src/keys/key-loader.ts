import { calculateJwkThumbprint } from 'jose/jwk/thumbprint'
import { importJWK, importPKCS8 } from 'jose/key/import'
import { createCause } from '../error-cause.js'
import { KeyError } from '../errors.js'
import { snapshot } from '../snapshot.js'
import type { Algorithm } from './algorithms.js'
import { createPairError } from './key-error.js'
import type { CryptoKey, Jwk, KeyInput } from './key-input.js'
import { importPem } from './pem-key.js'
import { getNodeCrypto, isCryptoKey } from './platform-key.js'
import { judgeKey, type KeyOptions, type PrivateKey, readPrivateKey } from './read-key.js'

/** A private key that is ready to sign. */
export interface ImportedKey {
  readonly alg: Algorithm
  readonly kid: string | undefined
  /** The thumbprint of the public key (RFC 7638); `undefined` if it cannot be exported. */
  readonly thumbprint: string | undefined
  readonly key: CryptoKey
}

/**
 * Judges a key as far as that is possible synchronously, and returns a function that imports it once
 * and then releases what was passed. A key function is called each time, and its key is imported
 * again only if it has changed.
 *
 * @throws {KeyError} for a key that cannot sign; the returned function rejects with one.
 */
export function createKeyLoader(
  key: KeyInput | (() => KeyInput | Promise<KeyInput>),
  options: KeyOptions,
): () => Promise<ImportedKey> {
  return typeof key === 'function'
    ? loadEachTime(key, options)
    : loadOnce(readPrivateKey(key, options))
}

/** Imports a key once, and then holds nothing of what was read. A failed import is tried again. */
function loadOnce(read: PrivateKey): () => Promise<ImportedKey> {
  let load: () => Promise<ImportedKey> = createKeyImporter().bind(undefined, read)
  return async () => {
    const key = await load()
    load = async () => key
    return key
  }
}

function loadEachTime(
  readKey: () => KeyInput | Promise<KeyInput>,
  options: KeyOptions,
): () => Promise<ImportedKey> {
  const importKey = createKeyImporter()
  return async () => importKey(readPrivateKey(await callKeyFunction(readKey), options))
}

/** Calls a key function. Its errors may quote the key. */
async function callKeyFunction(read: () => KeyInput | Promise<KeyInput>): Promise<KeyInput> {
  try {
    return await read()
  } catch (thrown) {
    throw new KeyError('ERR_KEY_PROVIDER', 'The key function failed.', {
      cause: createCause(thrown),
    })
  }
}

/** Imports a key, unless it is the same as the last one. */
function createKeyImporter(): (read: PrivateKey) => Promise<ImportedKey> {
  let last: { id: string; imported: Promise<CryptoKey> } | undefined
  return async (read) => {
    const { key, alg, kid } =
      read.type === 'judged'
        ? read
        : judgeKey({ ...read, type: 'JWK', members: await importPem(importPKCS8, read.pem) })
    if (isCryptoKey(key)) {
      const thumbprint = key.extractable ? await calculateJwkThumbprint(key) : undefined
      return { alg, kid, thumbprint, key }
    }
    const thumbprint = await calculateJwkThumbprint(key)
    const id = `${alg} ${thumbprint}`
    if (last?.id !== id) last = { id, imported: importJwk(key, alg) }
    const { imported } = last
    try {
      return { alg, kid, thumbprint, key: await imported }
    } catch {
      last = undefined
      throw createPairError()
    }
  }
}

/**
 * Imports a JWK through PKCS#8 where `node:crypto` exists: Web Crypto, and jose with it, reads members
 * of a JWK from `Object.prototype`.
 */
async function importJwk(jwk: Jwk, alg: Algorithm): Promise<CryptoKey> {
  const crypto = getNodeCrypto()
  if (crypto === undefined) return (await importJWK(jwk, alg)) as CryptoKey
  const input = snapshot({ key: jwk, format: 'jwk' } as const)
  const form = snapshot({ format: 'pem', type: 'pkcs8' } as const)
  return importPKCS8(String(crypto.createPrivateKey(input).export(form)), alg)
}
