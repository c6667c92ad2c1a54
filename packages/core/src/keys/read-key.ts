import { invalidOption, readOptions, unchecked } from '../options.js'
import { isObject } from '../snapshot.js'
import { type Algorithm, onlyAlgorithm, readAlgorithm } from './algorithms.js'
import {
  checkJwk,
  checkPair,
  type JwkMembers,
  jwkKind,
  readPrivateJwk,
  snapshotJwk,
} from './jwk.js'
import { chooseJwk, type KeyChoice } from './jwk-set.js'
import { keyFormat, newKey } from './key-error.js'
import { type CryptoKey, isBytes, isKeyWithHeader, type Jwk } from './key-input.js'
import { decodeKeyBytes, normalizeKeyText } from './key-text.js'
import { asPem } from './pem.js'
import { readPemKey } from './pem-key.js'
import {
  checkCryptoKeyUse,
  checkKeyType,
  cryptoKeyAlgorithm,
  exportKeyObject,
  isCryptoKey,
  isKeyObject,
} from './platform-key.js'

/** A key that was read and judged as far as that is possible at once. */
export type KeyMaterial =
  | { readonly type: 'jwk'; readonly jwk: Jwk }
  | { readonly type: 'CryptoKey'; readonly key: CryptoKey }
  /** Clean PKCS#8, where there is no `node:crypto` to read it at once. */
  | { readonly type: 'PEM'; readonly pem: string }

/** A key, and the header members that were passed with it. */
export interface ReadKey {
  readonly material: KeyMaterial
  /** The algorithm of the options, or of the {@link KeyWithHeader}. */
  readonly alg: Algorithm | undefined
  readonly kid: string | undefined
}

/** The options that belong to a key. */
export interface KeyOptions extends KeyChoice {
  readonly passphrase: string | undefined
}

/** Reads the option `key`, or throws a {@link KeyError} that names the format it saw. */
export function readKey(input: unknown, options: KeyOptions): ReadKey {
  const { key, ...given } = isKeyWithHeader(input)
    ? readHeader(input)
    : { key: input, kid: undefined, alg: undefined, passphrase: undefined }
  const alg = options.alg ?? given.alg
  const choice = {
    alg,
    kid: options.kid ?? given.kid,
    passphrase: given.passphrase ?? options.passphrase,
  }
  const material = readMaterial(key, choice)
  const own = material.type === 'jwk' ? material.jwk.kid : undefined
  return { material, alg, kid: choice.kid ?? own }
}

/** Returns the algorithm that a key signs; throws for a key that cannot sign it. */
export function judgeKey(
  material: Exclude<KeyMaterial, { type: 'PEM' }>,
  chosen: Algorithm | undefined,
): Algorithm {
  if (material.type === 'CryptoKey') return cryptoKeyAlgorithm(material.key, chosen)
  const { jwk } = material
  const alg = chosen ?? readAlgorithm(jwk.alg) ?? onlyAlgorithm(jwkKind(jwk))
  checkJwk(jwk, alg)
  return alg
}

/** Returns a passphrase, which is a text or absent. */
export function readPassphrase(value: unknown, option: string): string | undefined {
  if (value === undefined || typeof value === 'string') return value
  throw invalidOption(option, 'must be a string')
}

/** Parses the JSON text of a key. */
export function parseKeyJson(text: string): object {
  try {
    return JSON.parse(text)
  } catch {
    throw keyFormat('The key is JSON text that is damaged or truncated. Give a JWK.')
  }
}

const headerTable = {
  key: unchecked,
  kid: unchecked,
  alg: (value: unknown) => readAlgorithm(value),
  passphrase: readPassphrase,
}

function readHeader(input: object) {
  const { key, alg, kid, passphrase } = readOptions(input, headerTable, { owner: 'key' })
  if (kid !== undefined && typeof kid !== 'string')
    throw keyFormat('The kid of the key must be a string.')
  if (kid === '')
    throw keyFormat('The kid of the key is an empty string. Is the environment variable set?')
  return { key, kid, alg, passphrase }
}

function readMaterial(input: unknown, options: KeyOptions): KeyMaterial {
  if (typeof input === 'string') return readText(input, options)
  if (isBytes(input)) return readText(decodeKeyBytes(input), options)
  if (!isObject(input))
    throw keyFormat(`The key is ${input === null ? 'null' : typeof input}, not a private key.`)
  if (isCryptoKey(input)) {
    checkKeyType(input, 'CryptoKey')
    checkCryptoKeyUse(input)
    return { type: 'CryptoKey', key: input }
  }
  if (!isKeyObject(input)) return readJson(input, options)
  checkKeyType(input, 'KeyObject')
  return jwkMaterial(snapshotJwk(exportKeyObject(input)))
}

function readText(text: string, options: KeyOptions): KeyMaterial {
  const plain = asPem(normalizeKeyText(text))
  if (plain.includes('-----BEGIN')) {
    const read = readPemKey(plain, options.passphrase)
    return typeof read === 'string' ? { type: 'PEM', pem: read } : jwkMaterial(read)
  }
  if (!plain.startsWith('{')) throw keyFormat(`The key is ${textShape(text.trim())}`)
  return readJson(parseKeyJson(plain), options)
}

/** Reads a JWK or a JWK Set. */
function readJson(input: object, options: KeyOptions): KeyMaterial {
  const members = snapshotJwk(input)
  const isSet = members.kty === undefined && Object.hasOwn(input, 'keys')
  const chosen = isSet ? chooseJwk(members.keys, options) : members
  if (chosen.kty === undefined) throw keyFormat(`The key is ${objectShape(input)}`)
  return jwkMaterial(chosen)
}

/** Checks a private JWK, from whatever it was read. */
export function jwkMaterial(members: JwkMembers): { type: 'jwk'; jwk: Jwk } {
  const jwk = readPrivateJwk(members)
  checkPair(jwk)
  return { type: 'jwk', jwk }
}

function textShape(text: string): string {
  if (text === '') return 'an empty string. Is the environment variable set?'
  if (/^(ssh-|ecdsa-)/.test(text)) return 'an SSH public key. Give the private key as PKCS#8 PEM.'
  const looksLikePath =
    text.length < 512 &&
    /^(file:|~?\/|\.{1,2}[\\/]|[A-Za-z]:\\)|\.(pem|key|p8|json|der)$/.test(text)
  if (looksLikePath && !/\s{2}|\n/.test(text))
    return "a path. Read the file and give its text: readFileSync(path, 'utf8')."
  return `text without a BEGIN line. Give a private key as PEM text or a JWK; make one: ${newKey}`
}

function objectShape(input: object): string {
  if (Object.hasOwn(input, 'privateKey')) return 'a key pair. Give its privateKey.'
  if (Object.hasOwn(input, 'private_key')) return 'a file around a key. Give its private_key.'
  if (input instanceof Promise) return 'a promise. Give a function that returns it.'
  return 'an object without kty. Give PEM text, a JWK, a CryptoKey or a KeyObject.'
}
