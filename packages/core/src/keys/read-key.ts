import { ConfigurationError } from '../errors.js'
import { acceptAny, readOptions, text } from '../options.js'
import { isObject } from '../snapshot.js'
import { type Algorithm, joinNames, readAlgorithm } from './algorithms.js'
import {
  chooseJwk,
  findJwkAlgorithms,
  isForSigning,
  type JwkMembers,
  type KeyChoice,
  readJwk,
  readKid,
  snapshotJwk,
} from './jwk.js'
import {
  createFormatError,
  createNotPrivateError,
  createUseError,
  toKeyError,
} from './key-error.js'
import type { CryptoKey, Jwk } from './key-input.js'
import { decodeKey } from './key-text.js'
import { type PemBlock, readPem } from './pem.js'
import { readPrivatePem } from './pem-key.js'
import { exportKeyObject, isCryptoKey, isKeyObject, judgeCryptoKey } from './platform-key.js'

/** The options that belong to a key. */
export interface KeyOptions extends KeyChoice {
  readonly passphrase: string | undefined
}

type Format =
  | { readonly type: 'JWK'; readonly members: JwkMembers }
  | { readonly type: 'CryptoKey'; readonly key: CryptoKey }
  | ({ readonly type: 'PEM' } & PemBlock)

/** A private or public key, and the options that apply to it. */
export type ParsedKey = KeyChoice & Format

/** A private key that can sign `alg`. */
export interface JudgedKey {
  readonly type: 'judged'
  readonly key: Jwk | CryptoKey
  readonly alg: Algorithm
  readonly kid: string | undefined
}

/** A judged key, or PKCS#8 that only Web Crypto can read, which is asynchronous. */
export type PrivateKey = JudgedKey | Extract<ParsedKey, { type: 'PEM' }>

/**
 * Reads the option `key`, and judges it as far as that is possible synchronously.
 *
 * @throws {KeyError} naming the format that was found.
 */
export function readPrivateKey(input: unknown, options: KeyOptions): PrivateKey {
  try {
    const parsed = parseKey(input, options)
    if (parsed.type !== 'PEM') return judgeKey(parsed)
    if (parsed.label === 'PRIVATE KEY') return parsed
    throw createNotPrivateError(parsed.label === 'CERTIFICATE' ? 'a certificate' : 'a public key')
  } catch (thrown) {
    throw toKeyError(thrown)
  }
}

/** Determines the algorithm of a private key; throws if the key cannot sign it. */
export function judgeKey(parsed: Exclude<ParsedKey, { type: 'PEM' }>): JudgedKey {
  const { alg: chosen, kid } = parsed
  if (parsed.type === 'CryptoKey') {
    const { key } = parsed
    return { type: 'judged', key, alg: judgeCryptoKey(key, chosen), kid }
  }
  const { members } = parsed
  if (members.kty === 'oct') throw createNotPrivateError('a symmetric JWK (oct)')
  if (members.d === undefined) throw createNotPrivateError('a public key')
  if (!isForSigning(members))
    throw createUseError(
      "The JWK is not for signing. Set 'use' to 'sig' and 'key_ops' to ['sign'], or omit them.",
    )
  const [alg, ...others] = findJwkAlgorithms(members, chosen)
  if (others.length > 0)
    throw new ConfigurationError(
      'ERR_INVALID_OPTION',
      `The key signs ${joinNames([alg, ...others])}. Set 'alg' to the one registered for the client.`,
      'alg',
    )
  const key = readJwk(members, alg, 'private')
  return { type: 'judged', key, alg, kid: kid ?? readKid(members.kid) }
}

/** Reads a key in any format, and the options that were passed next to it. */
export function parseKey(input: unknown, options = noOptions): ParsedKey {
  const own = isObject(input) && Object.hasOwn(input, 'key') ? readKeyOptions(input) : undefined
  const { key, passphrase, alg, kid } = own ?? { ...noOptions, key: input }
  const choice = { alg: options.alg ?? alg, kid: options.kid ?? kid }
  return {
    ...choice,
    ...parseFormat(key, { ...choice, passphrase: passphrase ?? options.passphrase }),
  }
}

const noOptions: KeyOptions = { alg: undefined, kid: undefined, passphrase: undefined }

const keyTable = {
  key: acceptAny,
  kid: readKid,
  alg: readAlgorithm,
  passphrase: text,
}

function readKeyOptions(input: object): KeyOptions & { key: unknown } {
  return readOptions(input, keyTable, { owner: 'key' })
}

function parseFormat(input: unknown, options: KeyOptions): Format {
  const key = decodeKey(input)
  if (typeof key === 'string') {
    const block = readPem(key)
    const members = readPrivatePem(block, options.passphrase)
    return members === undefined ? { type: 'PEM', ...block } : { type: 'JWK', members }
  }
  if (!isObject(key))
    throw createFormatError(`The key is ${key === null ? 'null' : typeof key}. Pass PEM or a JWK.`)
  if (isCryptoKey(key)) return { type: 'CryptoKey', key }
  const members = snapshotJwk(isKeyObject(key) ? exportKeyObject(key) : key)
  if (members.kty !== undefined) return { type: 'JWK', members }
  if (members.keys !== undefined) return { type: 'JWK', members: chooseJwk(members.keys, options) }
  throw createFormatError(
    key instanceof Promise
      ? 'The key is a promise. Pass a function that returns it.'
      : 'The key is an object without kty. Pass PEM or a JWK.',
  )
}
