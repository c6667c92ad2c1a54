import { snapshot } from '../snapshot.js'
import {
  type Algorithm,
  algorithms,
  createKindError,
  createMismatchError,
  findAlgorithms,
} from './algorithms.js'
import {
  checkRsaLength,
  createNotPrivateError,
  createRsaPssError,
  createUseError,
  toPrintable,
} from './key-error.js'
import type { CryptoKey, KeyObjectLike } from './key-input.js'

export type NodeCrypto = ReturnType<typeof process.getBuiltinModule<'node:crypto'>>

/**
 * Returns `node:crypto` in Node.js, Bun and Deno. An import would keep bundles from running
 * elsewhere.
 */
export function getNodeCrypto(): NodeCrypto | undefined {
  return globalThis.process?.getBuiltinModule?.('node:crypto')
}

/** Checks the tag, since there may be several classes. Old compatibility dates of Workers have none. */
export function isCryptoKey(input: object): input is CryptoKey {
  const tag: unknown = Reflect.get(input, Symbol.toStringTag)
  if (tag !== undefined) return tag === 'CryptoKey'
  const type: unknown = Reflect.get(globalThis, 'CryptoKey')
  return typeof type === 'function' && input instanceof type
}

/**
 * Returns the algorithm that a private CryptoKey was created for; throws if it cannot sign, or if
 * another algorithm is chosen.
 */
export function judgeCryptoKey(key: CryptoKey, chosen: Algorithm | undefined): Algorithm {
  if (key.type !== 'private') throw createNotPrivateError(`a ${key.type} CryptoKey`)
  if (!key.usages.includes('sign'))
    throw createUseError("The CryptoKey has no usage 'sign'. Import it with ['sign'].")
  const { name, namedCurve, hash, modulusLength } = key.algorithm as {
    name: string
    namedCurve?: string
    hash?: { name: string }
    modulusLength?: number
  }
  const kind = `${name} ${namedCurve ?? hash?.name}`
  const [alg] = findAlgorithms((row) => row.cryptoKey === kind)
  if (chosen !== undefined && chosen !== alg)
    throw createMismatchError(chosen, `a CryptoKey for ${algorithms[chosen].cryptoKey}`, kind)
  if (alg === undefined) throw createKindError(kind)
  if (modulusLength !== undefined) checkRsaLength(modulusLength)
  return alg
}

/** Checks the methods, since the class belongs to Node.js. */
export function isKeyObject(input: object): input is KeyObjectLike {
  return 'type' in input && typeof Reflect.get(input, 'export') === 'function'
}

/** Returns all members of the JWK of a `KeyObject`, private or public. */
export function exportKeyObject(key: KeyObjectLike): object {
  if (key.asymmetricKeyType === 'rsa-pss') throw createRsaPssError()
  try {
    // Without a prototype, so that a member of Object.prototype is not an option.
    return key.export(snapshot({ format: 'jwk' } as const))
  } catch {
    throw createKindError(toPrintable(key.asymmetricKeyType))
  }
}
