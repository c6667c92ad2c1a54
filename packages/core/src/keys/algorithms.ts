import { ConfigurationError, KeyError } from '../errors.js'
import { isPrintable, newKey, printable } from './key-error.js'

/** What an algorithm needs of its key, and how its key and signature are recognized. */
interface AlgorithmRow {
  /** The `kty` of a JWK, with its `crv` where it has one. */
  readonly kind: string
  /** The kind in a sentence. */
  readonly needs: string
  /** `name` and curve or hash of a `CryptoKey`. */
  readonly cryptoKey: string
  /** The object identifiers in PKCS#8 and SPKI, in hexadecimal. */
  readonly oid: string
  /** Of an elliptic curve: its name in `node:crypto`, and how many octets a coordinate has. */
  readonly curve?: { readonly name: string; readonly octets: number }
}

const rsa = { kind: 'RSA', needs: 'an RSA key', oid: '06092a864886f70d010101' }

/** The signature algorithms of a client assertion (RFC 7518 section 3.1). */
export type Algorithm = 'ES256' | 'PS256' | 'RS256'

/** Another algorithm is another row, and a name in the type above. */
export const algorithms: Readonly<Record<Algorithm, AlgorithmRow>> = {
  ES256: {
    kind: 'EC P-256',
    needs: 'an EC P-256 key',
    cryptoKey: 'ECDSA P-256',
    oid: '06082a8648ce3d030107',
    curve: { name: 'prime256v1', octets: 32 },
  },
  PS256: { ...rsa, cryptoKey: 'RSA-PSS SHA-256' },
  RS256: { ...rsa, cryptoKey: 'RSASSA-PKCS1-v1_5 SHA-256' },
}

const names = Object.keys(algorithms) as readonly Algorithm[]
const [firstName] = names as readonly [Algorithm, ...Algorithm[]]

/** Such as `ES256, PS256 or RS256`. */
export const algorithmNames = list(names)

/** Returns the name of a supported algorithm, or `undefined` for none; throws for another value. */
export function readAlgorithm(alg: unknown, option = 'alg'): Algorithm | undefined {
  if (alg === undefined) return undefined
  const name = names.find((known) => known === alg)
  if (name !== undefined) return name
  const shown = isPrintable(alg) ? ` '${alg}'` : ''
  throw new ConfigurationError(
    'ERR_UNSUPPORTED_ALG',
    `The algorithm${shown} is not supported. Use ${algorithmNames}.`,
    option,
  )
}

/** Returns the row of any algorithm that the kind of key signs. */
export function rowOfKind(kind: string): AlgorithmRow | undefined {
  return Object.values(algorithms).find((row) => row.kind === kind)
}

/** Returns the first algorithm that satisfies a condition. */
export function findAlgorithm(fits: (row: AlgorithmRow) => boolean): Algorithm | undefined {
  return names.find((name) => fits(algorithms[name]))
}

/** Returns the only algorithm that the kind of key signs; throws where there are several or none. */
export function onlyAlgorithm(kind: string): Algorithm {
  const fitting = names.filter((name) => algorithms[name].kind === kind)
  const [only] = fitting
  if (only === undefined) throw mismatch(firstName, kind)
  if (fitting.length === 1) return only
  throw new ConfigurationError(
    'ERR_INVALID_OPTION',
    `An ${kind} key signs ${list(fitting)}: set 'alg' to the one that is registered for the client.`,
    'alg',
  )
}

/** The error for a key that the algorithm cannot use; `got` is such as `RSA-PSS SHA-512`. */
export function mismatch(alg: Algorithm, got: string): KeyError {
  const { needs, cryptoKey } = algorithms[alg]
  const isOtherRsa = cryptoKey.startsWith('RSA') && /^RSA./.test(got)
  const madeFor = isOtherRsa ? ` made for ${alg} (${cryptoKey.split(' ')[1]})` : ''
  return new KeyError('ERR_KEY_ALG_MISMATCH', `${alg} needs ${needs}${madeFor}, got ${got}.`)
}

/** The error for a JWK whose own `alg` is another one. */
export function otherAlgorithm(alg: Algorithm, own: string): KeyError {
  return new KeyError(
    'ERR_KEY_ALG_MISMATCH',
    `The alg of the JWK is ${printable(own)}, not ${alg}. Choose one with 'alg'.`,
  )
}

/** The error for a key whose encoding names a kind that no algorithm uses. */
export function otherKind(): KeyError {
  const kinds = new Set(Object.values(algorithms).map(({ kind }) => kind))
  return new KeyError(
    'ERR_KEY_ALG_MISMATCH',
    `The key is neither ${[...kinds].reverse().join(' nor ')}. Make one: ${newKey}`,
  )
}

function list(all: readonly string[]): string {
  return `${all.slice(0, -1).join(', ')} or ${all.at(-1)}`
}
