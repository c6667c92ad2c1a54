import { calculateJwkThumbprint } from 'jose/jwk/thumbprint'
import { importJWK, importPKCS8, importSPKI } from 'jose/key/import'
import { isObject, readOwnMember, snapshot } from '../snapshot.js'
import { findJwkAlgorithms, type JwkMembers, readJwk, readKid, snapshotJwk } from './jwk.js'
import { createFormatError, createUseError, toPrintable } from './key-error.js'
import type { Jwk, KeyInput } from './key-input.js'
import { decodeKey } from './key-text.js'
import { importPem } from './pem-key.js'
import { type ParsedKey, parseKey } from './read-key.js'

/**
 * Returns the JWK Set to publish for private or public keys, such as the public keys of a KMS. It
 * contains only public members, each with `kid`, `use` and, if it is known, `alg`. The `kid` is the one
 * passed with the key, or else the thumbprint (RFC 7638). Sign with the same `kid`.
 *
 * @param keys - Private or public keys: PEM, JWKs, JWK Sets, bytes of one of these or of DER,
 *   `KeyObject`s and extractable `CryptoKey`s, or `{ key, kid, alg, passphrase }` with one of them.
 * @returns The keys in the order of `keys`, each once.
 * @throws {KeyError} if a key cannot be read, exported or used to sign, or if two keys have the same
 *   `kid`.
 * @example
 * ```ts
 * const jwks = await publicJwks([process.env.NEXT_KEY, process.env.CURRENT_KEY])
 * response.setHeader('content-type', 'application/jwk-set+json').end(JSON.stringify(jwks))
 * ```
 * @see RFC 7517 section 5
 */
export async function publicJwks(keys: readonly (KeyInput | undefined)[]): Promise<{
  /** The public keys, each with `kid` and `use`. */
  keys: Jwk[]
}> {
  const published = new Map<string, PublicKey>()
  for (const input of keys.flatMap(listKeys)) {
    const key = await readPublicKey(input)
    const kid = String(key.jwk.kid)
    if ((published.get(kid) ?? key).thumbprint !== key.thumbprint)
      throw createFormatError(
        `Two keys have the kid ${toPrintable(kid, 64)}. Give each key its own kid.`,
      )
    published.set(kid, key)
  }
  return { keys: Array.from(published.values(), ({ jwk }) => jwk) }
}

/**
 * Returns the thumbprint of a key (RFC 7638: SHA-256, base64url). A private key and its public key
 * have the same thumbprint, so both sides can compute it for use as a `kid`.
 *
 * @param key - A private or public key in any format that {@link publicJwks} accepts.
 * @throws {KeyError} if the key cannot be read or exported.
 * @example
 * ```ts
 * const kid = await keyThumbprint(process.env.PRIVATE_KEY)
 * ```
 * @see RFC 7638 section 3
 */
export async function keyThumbprint(key: KeyInput | undefined): Promise<string> {
  return (await readPublicKey(key)).thumbprint
}

interface PublicKey {
  readonly jwk: Jwk
  readonly thumbprint: string
}

/** Returns the keys of a JWK Set except those for encryption, or the key itself. */
function listKeys(input: unknown): readonly unknown[] {
  const key = decodeKey(input)
  const keys = isObject(key) && !Object.hasOwn(key, 'kty') ? readOwnMember(key, 'keys') : undefined
  return Array.isArray(keys) ? keys.filter((one) => !isForEncryption(one)) : [input]
}

function isForEncryption(key: unknown): boolean {
  return isObject(key) && readOwnMember(key, 'use') === 'enc'
}

async function readPublicKey(input: unknown): Promise<PublicKey> {
  const parsed = parseKey(input)
  const members = await exportPublic(parsed)
  if (isForEncryption(members))
    throw createUseError("The JWK is for encryption. Set its 'use' to 'sig', or omit it.")
  const [alg, ...others] = findJwkAlgorithms(members, parsed.alg)
  const jwk = readJwk(members, alg, 'public')
  try {
    await importJWK(snapshot(jwk), alg)
  } catch {
    throw createFormatError('The public JWK is damaged: its members are not a key.')
  }
  const thumbprint = await calculateJwkThumbprint(jwk)
  const kid = parsed.kid ?? readKid(members.kid) ?? thumbprint
  return { thumbprint, jwk: { ...jwk, kid, use: 'sig', ...(others.length === 0 && { alg }) } }
}

/** Returns at least the public members of a key. */
async function exportPublic(parsed: ParsedKey): Promise<JwkMembers> {
  if (parsed.type === 'JWK') return parsed.members
  if (parsed.type === 'CryptoKey') {
    const { key } = parsed
    if (!key.extractable)
      throw createFormatError('The CryptoKey is not extractable. Pass its public key.')
    return snapshotJwk(await crypto.subtle.exportKey('jwk', key))
  }
  const { label, pem } = parsed
  if (label === 'CERTIFICATE')
    throw createFormatError(
      'The key is a certificate. Pass its public key: openssl x509 -in cert.pem -pubkey -noout',
    )
  if (label === 'RSA PUBLIC KEY')
    throw createFormatError(
      'The public key is PKCS#1. Convert it: openssl rsa -RSAPublicKey_in -in key.pem -pubout',
    )
  return importPem(label === 'PUBLIC KEY' ? importSPKI : importPKCS8, pem)
}
