import { ConfigurationError, KeyError } from '../errors.js'
import { createKeyCommand, toPrintable } from './key-error.js'

/** The key that an algorithm requires, and how keys of that kind are recognized. */
interface AlgorithmRow {
  /** The `kty` of a JWK, followed by its `crv` if it has one. */
  readonly kind: string
  /** The members of a JWK that are numbers, in a public and in a private key. */
  readonly numbers: { readonly public: readonly string[]; readonly private: readonly string[] }
  /** The name of a `CryptoKey`'s algorithm, and its hash or curve. */
  readonly cryptoKey: string
  /** The object identifier in PKCS#8 and SPKI, in hexadecimal. */
  readonly oid: string
  /** An elliptic curve: its name in `node:crypto`, and the length of a coordinate in octets. */
  readonly curve?: { readonly name: string; readonly octets: number }
}

const rsa = {
  kind: 'RSA',
  numbers: { public: ['n', 'e'], private: ['n', 'e', 'd', 'p', 'q', 'dp', 'dq', 'qi'] },
  oid: '06092a864886f70d010101',
}

/** A signature algorithm of a client assertion (RFC 7518 section 3.1). */
export type Algorithm = 'ES256' | 'PS256' | 'RS256'

/** To add an algorithm, add a row and a name to the type above. */
export const algorithms: Readonly<Record<Algorithm, AlgorithmRow>> = {
  ES256: {
    kind: 'EC P-256',
    numbers: { public: ['x', 'y'], private: ['x', 'y', 'd'] },
    cryptoKey: 'ECDSA P-256',
    oid: '06082a8648ce3d030107',
    curve: { name: 'prime256v1', octets: 32 },
  },
  PS256: { ...rsa, cryptoKey: 'RSA-PSS SHA-256' },
  RS256: { ...rsa, cryptoKey: 'RSASSA-PKCS1-v1_5 SHA-256' },
}

const names = Object.keys(algorithms) as readonly Algorithm[]

/** For example `ES256, PS256 or RS256`. */
export const algorithmNames = joinNames(names)

/** Returns the name of a supported algorithm, or `undefined` for none; throws for another value. */
export function readAlgorithm(alg: unknown, option = 'alg'): Algorithm | undefined {
  if (alg === undefined) return undefined
  const name = names.find((known) => known === alg)
  if (name !== undefined) return name
  throw new ConfigurationError(
    'ERR_UNSUPPORTED_ALG',
    `Algorithm '${toPrintable(alg)}' is not supported. Use ${algorithmNames}.`,
    option,
  )
}

/** Returns the algorithms that satisfy a condition. */
export function findAlgorithms(
  matches: (row: AlgorithmRow, name: Algorithm) => boolean,
): readonly Algorithm[] {
  return names.filter((name) => matches(algorithms[name], name))
}

/** The error for a key that the algorithm cannot use; `needed` and `got` are noun phrases. */
export function createMismatchError(alg: Algorithm, needed: string, got: string): KeyError {
  return new KeyError('ERR_KEY_ALG_MISMATCH', `${alg} needs ${needed}, got ${got}.`)
}

/** The error for a key that no algorithm uses. */
export function createKindError(kind: string): KeyError {
  return new KeyError(
    'ERR_KEY_ALG_MISMATCH',
    `Unsupported key: ${kind}. Create an EC P-256 or RSA key: ${createKeyCommand}`,
  )
}

/** For example `PS256 or RS256`. */
export function joinNames(all: readonly string[]): string {
  return `${all.slice(0, -1).join(', ')} or ${all.at(-1)}`
}
