import type { Jwk, KeyInput } from '@countersign/core'
import { publicJwks } from '@countersign/core/keys'
import { createLocalJWKSet, exportJWK, importJWK, type JSONWebKeySet, type JWK } from 'jose'

declare const cryptoKey: Parameters<typeof exportJWK>[0]
declare const own: Jwk

// The JWKs of jose, as they are.
const josesKey: JWK = await exportJWK(cryptoKey)
export const josesSet: JSONWebKeySet = { keys: [josesKey] }
export const keys: KeyInput[] = [josesKey, { ...josesKey, kid: 'k' }, { keys: [josesKey] }]
export const asOwn: Jwk = josesKey

// And back.
export const asJoses: JWK = own
await importJWK(own, 'ES256')
createLocalJWKSet(await publicJwks([josesKey]))

// The JWK of Web Crypto.
const exported = await crypto.subtle.exportKey('jwk', await newKey())
export const webKey: KeyInput = exported
await crypto.subtle.importKey('jwk', own, 'Ed25519', false, ['sign'])

async function newKey() {
  const algorithm = { name: 'ECDSA', namedCurve: 'P-256' }
  return (await crypto.subtle.generateKey(algorithm, true, ['sign'])).privateKey
}

// @ts-expect-error 2322: a kid is text
export const numbered: Jwk = { ...own, kid: 1 }
// @ts-expect-error 2353: a shared secret is no private key
export const shared: Jwk = { kty: 'oct', k: 'secret' }
