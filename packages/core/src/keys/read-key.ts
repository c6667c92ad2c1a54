import type { CryptoKey } from 'jose'
import type { Algorithm } from '../assertion/assertion-signer.js'
import { invalidOption, readOptions } from '../options.js'
import { isObject } from '../own-members.js'
import { namedAlgorithm } from './algorithm-name.js'
import { checkCryptoKeyUse } from './crypto-key.js'
import { type KeyChoice, signingJwk } from './jwk-set.js'
import { keyFormat, newKey } from './key-error.js'
import type { Jwk } from './key-input.js'
import { isKeyObject, keyObjectJwk } from './key-object.js'
import { undressed } from './key-text.js'
import { pemKey } from './pem-key.js'
import { checkPair, privateJwk } from './private-jwk.js'

/** A key as far as it can be read at once; `pem` only where there is no `node:crypto`. */
export type KeyMaterial =
  | { readonly jwk: Jwk }
  | { readonly cryptoKey: CryptoKey }
  | { readonly pem: string }

/** Whether the key was read as that. Every object seems to have what stands on `Object.prototype`. */
export function isReadAs<M extends KeyMaterial, K extends string>(
  material: M,
  kind: K,
): material is Extract<M, { readonly [kind in K]: unknown }> {
  return Object.hasOwn(material, kind)
}

/** A key and the header members that came with it. */
export interface ReadKey {
  readonly material: KeyMaterial
  /** Of a {@link KeyWithHeader}. */
  readonly alg: Algorithm | undefined
  readonly kid: string | undefined
}

/** What the options say about whatever key comes. */
export interface KeyOptions extends KeyChoice {
  readonly passphrase: string | undefined
}

/** Reads a key option, or throws a {@link KeyError} that names the shape it saw. */
export function readKey(input: unknown, options: KeyOptions): ReadKey {
  if (!isKeyWithHeader(input)) {
    const material = readMaterial(input, options)
    return { material, alg: undefined, kid: ownKid(material) }
  }
  const read = readOptions(input, ['key', 'alg', 'kid', 'passphrase'], 'key')
  if (read.kid !== undefined && typeof read.kid !== 'string')
    throw keyFormat('The kid of the key must be a string.')
  if (read.kid === '')
    throw keyFormat('The kid of the key is an empty string. Is the environment variable set?')
  const alg = namedAlgorithm(read.alg)
  const material = readMaterial(read.key, {
    kid: options.kid ?? read.kid,
    alg: options.alg ?? alg,
    passphrase: readPassphrase(read.passphrase, 'key.passphrase') ?? options.passphrase,
  })
  return { material, alg, kid: read.kid ?? ownKid(material) }
}

/** Whether the value is an object with a key and its header members. */
export function isKeyWithHeader(input: unknown): input is object {
  return isObject(input) && Object.hasOwn(input, 'key')
}

/** By its name, since there may be several classes; old dates of Workers give classes none. */
export function isCryptoKey(input: object): input is CryptoKey {
  const tag: unknown = Reflect.get(input, Symbol.toStringTag)
  if (tag !== undefined) return tag === 'CryptoKey'
  const type: unknown = Reflect.get(globalThis, 'CryptoKey')
  return typeof type === 'function' && input instanceof type
}

/** A passphrase is a text, or there is none. */
export function readPassphrase(value: unknown, option: string): string | undefined {
  if (value === undefined || typeof value === 'string') return value
  throw invalidOption(option, 'must be a string')
}

function readMaterial(input: unknown, options: KeyOptions): KeyMaterial {
  if (typeof input === 'string') return readText(input, options)
  if (!isObject(input))
    throw keyFormat(`The key is ${input === null ? 'null' : typeof input}, not a private key.`)
  if (isCryptoKey(input)) {
    checkCryptoKeyUse(input)
    return { cryptoKey: input }
  }
  if (isKeyObject(input)) return { jwk: keyObjectJwk(input) }
  return { jwk: readJson(input, options) }
}

function readText(text: string, options: KeyOptions): KeyMaterial {
  const bare = undressed(text)
  if (bare.includes('-----BEGIN')) return pemKey(bare, options.passphrase)
  if (!bare.startsWith('{')) throw keyFormat(`The key is ${textShape(text.trim())}`)
  let json: object
  try {
    json = JSON.parse(bare)
  } catch {
    throw keyFormat('The key is JSON text that is damaged or truncated. Give a JWK.')
  }
  return { jwk: readJson(json, options) }
}

/** A JWK or a JWK Set. */
function readJson(input: object, options: KeyOptions): Jwk {
  const isSet = !Object.hasOwn(input, 'kty') && Object.hasOwn(input, 'keys')
  const chosen = isSet ? signingJwk(Reflect.get(input, 'keys'), options) : input
  if (!Object.hasOwn(chosen, 'kty')) throw keyFormat(`The key is ${objectShape(chosen)}`)
  const jwk = privateJwk(chosen)
  checkPair(jwk)
  return jwk
}

function textShape(text: string): string {
  if (text === '') return 'an empty string. Is the environment variable set?'
  if (/^(ssh-|ecdsa-)/.test(text)) return 'an SSH public key. Give the private key as PKCS#8 PEM.'
  const looksLikePath =
    text.length < 512 &&
    /^(file:|~?\/|\.{1,2}[\\/]|[A-Za-z]:\\)|\.(pem|key|p8|json|der)$/.test(text)
  if (looksLikePath && !/\s{2}|\n/.test(text))
    return "a path. Read the file and give its text: readFileSync(path, 'utf8')."
  if (/^MI[A-Za-z0-9+/\s]{40,}=*$/.test(text)) {
    // With -A openssl reads one line only, and without it none that is long.
    const oneLine = /\s/.test(text) ? '' : ' -A'
    return `base64 of DER without a BEGIN line. Make it PEM: openssl base64 -d${oneLine} -in key.b64 | openssl pkey -inform DER -out key.pem`
  }
  return `text without a BEGIN line. Give a private key as PEM text or a JWK; make one: ${newKey}`
}

function objectShape(input: object): string {
  if (Object.hasOwn(input, 'privateKey')) return 'a key pair. Give its privateKey.'
  if (Object.hasOwn(input, 'private_key')) return 'a file around a key. Give its private_key.'
  if (Array.isArray(input)) return 'an array. Give one key.'
  if (ArrayBuffer.isView(input) || input instanceof ArrayBuffer)
    return "bytes. Give text: readFileSync(path, 'utf8')."
  if (input instanceof Promise) return 'a promise. Give a function that returns it.'
  return 'an object without kty. Give PEM text, a JWK, a CryptoKey or a KeyObject.'
}

function ownKid(material: KeyMaterial): string | undefined {
  return isReadAs(material, 'jwk') ? material.jwk.kid : undefined
}
