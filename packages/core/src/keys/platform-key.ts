import { snapshot } from '../snapshot.js'
import { type Algorithm, algorithms, findAlgorithm, mismatch, otherKind } from './algorithms.js'
import { checkStrength, keyUse, notPrivate, rsaPssOid } from './key-error.js'
import type { CryptoKey, KeyObjectLike } from './key-input.js'

/** The part of `node:crypto` that is used. */
interface NodeCrypto {
  createHash(algorithm: string): {
    update(text: string): { digest(encoding: 'hex'): string }
  }
  createPrivateKey(
    input: { key: string; passphrase: string | undefined } | { key: object; format: 'jwk' },
  ): KeyObjectLike & { export(options: { format: 'pem'; type: 'pkcs8' }): string }
  createECDH(curve: string): {
    setPrivateKey(key: string, encoding: 'base64url'): void
    getPublicKey(): Uint8Array
  }
}

/**
 * Returns `node:crypto` where the runtime has it (Node, Bun, Deno). Nothing else of Node is used: an
 * import would keep bundles from running elsewhere.
 */
export function nodeCrypto(): NodeCrypto | undefined {
  return globalThis.process?.getBuiltinModule?.('node:crypto') as NodeCrypto | undefined
}

/** Checks the tag, since there may be several classes; old dates of Workers have no tags. */
export function isCryptoKey(input: object): input is CryptoKey {
  const tag: unknown = Reflect.get(input, Symbol.toStringTag)
  if (tag !== undefined) return tag === 'CryptoKey'
  const type: unknown = Reflect.get(globalThis, 'CryptoKey')
  return typeof type === 'function' && input instanceof type
}

/** Throws unless a `CryptoKey` or `KeyObject` is a private key. */
export function checkKeyType({ type }: { readonly type: string }, name: string): void {
  if (type !== 'private')
    throw notPrivate(`${type === 'public' ? 'a public' : 'not a private'} ${name}`)
}

/** Throws unless the CryptoKey may sign. */
export function checkCryptoKeyUse(key: CryptoKey): void {
  if (!key.usages.includes('sign')) {
    throw keyUse("The CryptoKey was made without the usage 'sign'. Import it with ['sign'].")
  }
}

/** Returns the algorithm that the CryptoKey was made for; throws where another one is chosen. */
export function cryptoKeyAlgorithm(key: CryptoKey, chosen: Algorithm | undefined): Algorithm {
  const { name, namedCurve, hash } = key.algorithm as {
    name: string
    namedCurve?: string
    hash?: { name: string }
  }
  const kind = [name, namedCurve ?? hash?.name].filter((part) => part !== undefined).join(' ')
  const made = findAlgorithm((row) => row.cryptoKey === kind)
  if (made === undefined || (chosen ?? made) !== made) {
    const nearest = findAlgorithm((row) => row.cryptoKey.startsWith(name))
    throw mismatch(chosen ?? nearest ?? 'ES256', kind)
  }
  if (algorithms[made].kind === 'RSA')
    checkStrength(Number(Reflect.get(key.algorithm, 'modulusLength')))
  return made
}

/** Checks the methods: the class is Node's own. */
export function isKeyObject(input: object): input is KeyObjectLike {
  return 'type' in input && typeof Reflect.get(input, 'export') === 'function'
}

/** Returns all members of the JWK of a `KeyObject`, private or public. */
export function exportKeyObject(key: KeyObjectLike): object {
  if (key.asymmetricKeyType === 'rsa-pss') throw rsaPssOid()
  try {
    return key.export(asJwk)
  } catch {
    throw otherKind()
  }
}

/** Without a prototype, so that nothing on `Object.prototype` is an option. */
const asJwk = snapshot({ format: 'jwk' } as const)
