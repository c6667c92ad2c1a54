import type { CryptoKey } from 'jose'
import { KeyError } from '../errors.js'
import { readOptions } from '../options.js'
import type { Jwk, KeyObjectLike } from './key-input.js'
import { checkCryptoKeyUse, privateJwk } from './key-shape.js'
import { damagedPem, readPkcs8Pem } from './pem.js'

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
  /** Of a {@link KeyWithHeader}; not checked yet. */
  readonly alg: unknown
  readonly kid: string | undefined
}

/** Reads a key option, or throws a {@link KeyError} that names the shape it saw. */
export function readKey(input: unknown): ReadKey {
  if (!isKeyWithHeader(input)) {
    const material = readMaterial(input)
    return { material, alg: undefined, kid: ownKid(material) }
  }
  const { key, alg, kid, passphrase } = readOptions(
    input,
    ['key', 'alg', 'kid', 'passphrase'],
    'assertion.key',
  )
  if (passphrase !== undefined)
    throw format('Encrypted private keys are not read yet: leave out passphrase.')
  if (kid !== undefined && typeof kid !== 'string')
    throw format('The kid of the key must be a string.')
  const material = readMaterial(key)
  return { material, alg, kid: kid ?? ownKid(material) }
}

/** Whether the value is an object with a key and its header members. */
export function isKeyWithHeader(input: unknown): input is object {
  return typeof input === 'object' && input !== null && Object.hasOwn(input, 'key')
}

/** Reads a PEM without `node:crypto`. */
export async function readPemLater(pem: string): Promise<Jwk> {
  const [{ importPKCS8 }, { exportJWK }] = await Promise.all([
    import('jose/key/import'),
    import('jose/key/export'),
  ])
  for (const alg of ['ES256', 'PS256']) {
    const key = await importPKCS8(pem, alg, { extractable: true }).catch(() => undefined)
    if (key !== undefined) return privateJwk(await exportJWK(key))
  }
  throw format(
    'The PEM text is neither an RSA (rsaEncryption) nor an EC P-256 private key, or it is damaged.',
  )
}

function readMaterial(input: unknown): KeyMaterial {
  if (typeof input === 'string') return readPem(readPkcs8Pem(input))
  if (typeof input !== 'object' || input === null)
    throw format(`The key is ${input === null ? 'null' : typeof input}.`)
  if (isCryptoKey(input)) {
    checkCryptoKeyUse(input)
    return { cryptoKey: input }
  }
  if (isKeyObject(input)) return { jwk: readKeyObject(input) }
  if (Object.hasOwn(input, 'kty')) return { jwk: privateJwk(input) }
  throw format(`The key is ${objectShape(input)}`)
}

function readPem(pem: string): KeyMaterial {
  const crypto = globalThis.process?.getBuiltinModule?.('node:crypto')
  if (crypto === undefined) return { pem }
  let key: KeyObjectLike
  try {
    key = crypto.createPrivateKey(pem) as KeyObjectLike
  } catch {
    throw damagedPem()
  }
  return { jwk: readKeyObject(key) }
}

function readKeyObject(key: KeyObjectLike): Jwk {
  if (key.type !== 'private') {
    const shape = key.type === 'public' ? 'public' : 'symmetric'
    throw new KeyError('ERR_NOT_PRIVATE_KEY', `The KeyObject is ${shape}. Give a private key.`)
  }
  if (key.asymmetricKeyType === 'rsa-pss') {
    throw format(
      'The key is bound to RSA-PSS by its OID, which Web Crypto cannot read. Make an RSA key (it signs PS256 too): openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:2048 -out key.pkcs8.pem',
    )
  }
  let jwk: object
  try {
    jwk = key.export({ format: 'jwk' })
  } catch {
    throw new KeyError('ERR_KEY_ALG_MISMATCH', 'The key is neither RSA nor EC P-256.')
  }
  return privateJwk(jwk)
}

function isCryptoKey(input: object): input is CryptoKey {
  return Reflect.get(input, Symbol.toStringTag) === 'CryptoKey'
}

function isKeyObject(input: object): input is KeyObjectLike {
  return 'type' in input && typeof Reflect.get(input, 'export') === 'function'
}

function objectShape(input: object): string {
  if (Object.hasOwn(input, 'keys')) return 'a JWK Set. Give one of its keys.'
  if (Object.hasOwn(input, 'privateKey')) return 'a key pair. Give its privateKey.'
  if (Array.isArray(input)) return 'an array. Give one key.'
  if (ArrayBuffer.isView(input) || input instanceof ArrayBuffer)
    return 'bytes. Give PEM text or a JWK.'
  if (input instanceof Promise) return 'a promise. Give a function that returns it.'
  return 'an object without kty. Give PKCS#8 PEM text, a JWK, a CryptoKey or a KeyObject.'
}

function ownKid(material: KeyMaterial): string | undefined {
  return isReadAs(material, 'jwk') ? material.jwk.kid : undefined
}

function format(message: string): KeyError {
  return new KeyError('ERR_KEY_FORMAT', message)
}
