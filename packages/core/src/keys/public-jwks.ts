import type { CryptoKey } from 'jose'
import { isObject, ownMember, withoutPrototype } from '../own-members.js'
import { namedAlgorithm } from './algorithm-name.js'
import { readDerKey } from './der-key.js'
import { quotedKid } from './jwk-set.js'
import { keyFormat, keyUse, otherKind } from './key-error.js'
import type { Jwk, KeyInput } from './key-input.js'
import { exportedJwk, isKeyObject } from './key-object.js'
import { undressed } from './key-text.js'
import { checkJwk, jwkKind } from './private-jwk.js'
import { isCryptoKey, isKeyWithHeader, isReadAs, readKey } from './read-key.js'
import { thumbprint } from './thumbprint.js'

/**
 * The JWK Set to publish for private keys, or for public keys such as those that a KMS gives out:
 * nothing but public members, each with `kid`, `use` and, where it is known, `alg`. The kid is the
 * one given with the key, else the thumbprint (RFC 7638); sign under the same kid.
 *
 * @param keys - PEM text, JWKs, JWK Sets, `KeyObject`s and extractable `CryptoKey`s, private or
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
    if (same !== undefined && (await thumbprint(same)) !== (await thumbprint(jwk)))
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
  return thumbprint(await publicJwk(key))
}

/** Of a JWK Set its keys; of text its JSON, if it is that. */
function members(input: KeyInput | undefined): readonly unknown[] {
  const json = typeof input === 'string' ? jsonOf(input) : input
  if (!isObject(json) || Object.hasOwn(json, 'kty')) return [json]
  const keys = ownMember(json, 'keys')
  return Array.isArray(keys) ? keys.filter((key) => !isForEncryption(key)) : [json]
}

function isForEncryption(key: unknown): boolean {
  return isObject(key) && ownMember(key, 'use') === 'enc'
}

function jsonOf(text: string): unknown {
  const bare = undressed(text)
  if (!bare.startsWith('{')) return text
  try {
    return JSON.parse(bare)
  } catch {
    throw keyFormat('The key is JSON text that is damaged or truncated. Give a JWK.')
  }
}

async function publicJwk(input: unknown): Promise<Jwk> {
  const given = (name: string) => (isKeyWithHeader(input) ? ownMember(input, name) : undefined)
  const jwk = await keyJwk(input)
  if (isForEncryption(jwk))
    throw keyUse("The use of the JWK is not 'sig'. Publish a key for signing, or leave out use.")
  const published = publicMembers(jwk)
  const kid = given('kid') ?? ownMember(jwk, 'kid') ?? (await thumbprint(published))
  if (!isFilled(kid)) throw keyFormat('The kid of a key must be a string.')
  const fallback = published.kty === 'EC' ? 'ES256' : undefined
  const alg = namedAlgorithm(given('alg') ?? ownMember(jwk, 'alg') ?? fallback)
  checkJwk(published, alg ?? 'PS256')
  await requireKey(published)
  return { ...published, kid, use: 'sig', ...(alg !== undefined && { alg }) }
}

/** Private or public, from whatever it was given in. */
async function keyJwk(input: unknown): Promise<Jwk> {
  const inner = isKeyWithHeader(input) ? ownMember(input, 'key') : input
  const key = typeof inner === 'string' ? jsonOf(inner) : inner
  if (typeof key === 'string') {
    const text = undressed(key)
    const spki = /-----BEGIN PUBLIC KEY-----[^-]+-----END PUBLIC KEY-----/.exec(text)
    if (spki !== null) return readDerKey('spki', spki[0])
    if (!text.includes('PRIVATE KEY-----')) refuseOtherPublicKey(text)
  }
  if (isObject(key)) {
    if (isCryptoKey(key)) return exported(key)
    if (isKeyObject(key) && key.type === 'public') return exportedJwk(key) as Jwk
    if (Object.hasOwn(key, 'kty') && !Object.hasOwn(key, 'd')) return key as Jwk
  }
  const options = { kid: undefined, alg: undefined, passphrase: undefined }
  const { material } = readKey(input, options)
  if (isReadAs(material, 'jwk')) return material.jwk
  if (isReadAs(material, 'pem')) return readDerKey('pkcs8', material.pem)
  return exported(material.cryptoKey)
}

/** The ways in which a public key comes that Web Crypto does not read. */
function refuseOtherPublicKey(text: string): void {
  if (text.includes('CERTIFICATE-----')) {
    throw keyFormat(
      'The key is a certificate. Give its public key: openssl x509 -in cert.pem -pubkey -noout',
    )
  }
  if (text.includes('RSA PUBLIC KEY-----')) {
    throw keyFormat(
      'The public key is PKCS#1, not SPKI. Convert it: openssl rsa -RSAPublicKey_in -in key.pem -pubout',
    )
  }
}

async function exported(key: CryptoKey): Promise<Jwk> {
  if (!key.extractable) throw keyFormat('The CryptoKey is not extractable. Give its public key.')
  return (await crypto.subtle.exportKey('jwk', key)) as Jwk
}

function publicMembers(jwk: Jwk): Jwk {
  const kind = jwkKind(jwk)
  if (kind !== 'RSA' && kind !== 'EC P-256') throw otherKind()
  const names = kind === 'RSA' ? ['kty', 'n', 'e'] : ['kty', 'crv', 'x', 'y']
  const lacking = names.find((name) => !isFilled(ownMember(jwk, name)))
  if (lacking !== undefined) throw keyFormat(`The public JWK is not whole: it lacks ${lacking}.`)
  return Object.fromEntries(names.map((name) => [name, ownMember(jwk, name)])) as Jwk
}

function isFilled(value: unknown): value is string {
  return typeof value === 'string' && value !== ''
}

/** On its curve, and no part of it missing. */
async function requireKey(jwk: Jwk): Promise<void> {
  const algorithm =
    jwk.kty === 'EC' ? { name: 'ECDSA', namedCurve: 'P-256' } : { name: 'RSA-PSS', hash: 'SHA-256' }
  const plain = withoutPrototype(jwk)
  try {
    await crypto.subtle.importKey('jwk', plain, algorithm, true, ['verify'])
  } catch {
    throw keyFormat('The public JWK is damaged: its members are no key.')
  }
}
