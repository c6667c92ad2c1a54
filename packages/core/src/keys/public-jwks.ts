import { calculateJwkThumbprint } from 'jose/jwk/thumbprint'
import { importJWK, importPKCS8, importSPKI } from 'jose/key/import'
import { isObject, ownMember, snapshot } from '../snapshot.js'
import {
  type Algorithm,
  algorithms,
  findAlgorithm,
  otherKind,
  readAlgorithm,
} from './algorithms.js'
import { checkJwk, type JwkMembers, jwkKind, readPublicJwk, snapshotJwk } from './jwk.js'
import { quotedKid } from './jwk-set.js'
import { keyFormat, keyUse } from './key-error.js'
import { type CryptoKey, isBytes, isKeyWithHeader, type Jwk, type KeyInput } from './key-input.js'
import { decodeKeyBytes, normalizeKeyText } from './key-text.js'
import { asPem, formatPem, readBlocks } from './pem.js'
import { importPem } from './pem-key.js'
import { exportKeyObject, isCryptoKey, isKeyObject } from './platform-key.js'
import { parseKeyJson, readKey } from './read-key.js'

/**
 * The JWK Set to publish for private keys, or for public keys such as those that a KMS gives out:
 * nothing but public members, each with `kid`, `use` and, where it is known, `alg`. The kid is the
 * one given with the key, else the thumbprint (RFC 7638); sign under the same kid.
 *
 * @param keys - PEM text, JWKs, JWK Sets, bytes of one of these or of DER, `KeyObject`s and extractable `CryptoKey`s, private or
 *   public, or `{ key, kid, alg, passphrase }` around one.
 * @throws {KeyError} for what cannot be read, is not extractable or could not sign, and for two
 *   keys of one kid.
 * @example
 * ```ts
 * const jwks = await publicJwks([process.env.NEXT_KEY, process.env.CURRENT_KEY])
 * response.setHeader('content-type', 'application/jwk-set+json').end(JSON.stringify(jwks))
 * ```
 * @see RFC 7517 section 5
 */
export async function publicJwks(keys: readonly (KeyInput | undefined)[]): Promise<{
  /** In the order given, each once. */
  keys: Jwk[]
}> {
  const published = new Map<string, Jwk>()
  for (const input of keys.flatMap(members)) {
    const jwk = await publicJwk(input)
    const kid = jwk.kid as string
    const same = published.get(kid)
    if (
      same !== undefined &&
      (await calculateJwkThumbprint(same)) !== (await calculateJwkThumbprint(jwk))
    )
      throw keyFormat(`Two of the keys have the kid ${quotedKid(kid)}. Give each its own.`)
    published.set(kid, jwk)
  }
  return { keys: [...published.values()] }
}

/**
 * The thumbprint (RFC 7638, SHA-256, base64url) of a key: the same for its private and its public
 * part, so it makes a kid that both sides can work out.
 *
 * @throws {KeyError} for what cannot be read or is not extractable.
 * @example
 * ```ts
 * const kid = await keyThumbprint(process.env.PRIVATE_KEY)
 * ```
 */
export async function keyThumbprint(key: KeyInput | undefined): Promise<string> {
  return calculateJwkThumbprint(await publicJwk(key))
}

/** Returns the keys of a JWK Set, or the key itself. */
function members(input: KeyInput | undefined): readonly unknown[] {
  const json = jsonOf(input)
  if (!isObject(json) || Object.hasOwn(json, 'kty')) return [json]
  const keys = ownMember(json, 'keys')
  return Array.isArray(keys) ? keys.filter((key) => !isForEncryption(key)) : [json]
}

function isForEncryption(key: unknown): boolean {
  return isObject(key) && ownMember(key, 'use') === 'enc'
}

/** Returns the JSON in a text or in bytes, their text, or any other key as it is. */
function jsonOf(input: unknown): unknown {
  const text = isBytes(input) ? decodeKeyBytes(input) : input
  if (typeof text !== 'string') return text
  const plain = normalizeKeyText(text)
  return plain.startsWith('{') ? parseKeyJson(plain) : text
}

async function publicJwk(input: unknown): Promise<Jwk> {
  const given = (name: string) => (isKeyWithHeader(input) ? ownMember(input, name) : undefined)
  const jwk = await readMembers(input)
  if (isForEncryption(jwk))
    throw keyUse("The use of the JWK is not 'sig'. Publish a key for signing, or leave out use.")
  const kind = jwkKind(jwk)
  const anyOfKind = findAlgorithm((row) => row.kind === kind)
  if (anyOfKind === undefined) throw otherKind()
  const published = readPublicJwk(jwk)
  const kid = given('kid') ?? jwk.kid ?? (await calculateJwkThumbprint(published))
  if (typeof kid !== 'string' || kid === '') throw keyFormat('The kid of a key must be a string.')
  const named = readAlgorithm(given('alg') ?? jwk.alg)
  checkJwk(published, named ?? anyOfKind)
  await requireKey(published, named ?? anyOfKind)
  const alg = named ?? (isOnlyOfKind(anyOfKind) ? anyOfKind : undefined)
  return { ...published, kid, use: 'sig', ...(alg !== undefined && { alg }) }
}

function isOnlyOfKind(alg: Algorithm): boolean {
  const { kind } = algorithms[alg]
  return Object.values(algorithms).filter((row) => row.kind === kind).length === 1
}

/** Reads the members of a private or public key, in whatever format it is. */
async function readMembers(input: unknown): Promise<JwkMembers> {
  const inner = isKeyWithHeader(input) ? ownMember(input, 'key') : input
  const key = jsonOf(inner)
  if (typeof key === 'string') {
    const text = asPem(normalizeKeyText(key))
    const spki = readBlocks(text).find(({ content, label }) =>
      content === undefined
        ? label === 'PUBLICKEY'
        : content === 'public key' && label !== 'RSAPUBLICKEY',
    )
    if (spki !== undefined) return importPem(importSPKI, formatPem('PUBLIC KEY', spki.body ?? ''))
    if (!text.includes('PRIVATE KEY-----')) refuseOtherPublicKey(text)
  }
  if (isObject(key)) {
    if (isCryptoKey(key)) return exportCryptoKey(key)
    if (isKeyObject(key) && key.type === 'public') return snapshotJwk(exportKeyObject(key))
    const jwk = snapshotJwk(key)
    if (jwk.kty !== undefined && jwk.d === undefined) return jwk
  }
  const { material } = readKey(input, { kid: undefined, alg: undefined, passphrase: undefined })
  if (material.type === 'jwk') return snapshotJwk(material.jwk)
  if (material.type === 'PEM') return importPem(importPKCS8, material.pem)
  return exportCryptoKey(material.key)
}

/** Names the formats of a public key that Web Crypto does not read. */
function refuseOtherPublicKey(text: string): void {
  if (text.includes('CERTIFICATE-----')) {
    throw keyFormat(
      'The key is a certificate. Give its public key: openssl x509 -in cert.pem -pubkey -noout',
    )
  }
  if (/RSA ?PUBLIC ?KEY-----/.test(text)) {
    throw keyFormat(
      'The public key is PKCS#1, not SPKI. Convert it: openssl rsa -RSAPublicKey_in -in key.pem -pubout',
    )
  }
}

async function exportCryptoKey(key: CryptoKey): Promise<JwkMembers> {
  if (!key.extractable) throw keyFormat('The CryptoKey is not extractable. Give its public key.')
  const { alg: _, key_ops: __, ...jwk } = await crypto.subtle.exportKey('jwk', key)
  return snapshotJwk(jwk)
}

/** Throws unless the key is on its curve, and whole. */
async function requireKey(jwk: Jwk, alg: Algorithm): Promise<void> {
  try {
    await importJWK(snapshot(jwk), alg)
  } catch {
    throw keyFormat('The public JWK is damaged: its members are no key.')
  }
}
