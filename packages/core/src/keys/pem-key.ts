import type { KeyError } from '../errors.js'
import { hex } from '../sha256.js'
import { snapshot } from '../snapshot.js'
import { type Algorithm, findAlgorithm, otherKind } from './algorithms.js'
import { type JwkMembers, snapshotJwk } from './jwk.js'
import { damagedPem, keyFormat, rsaPssOid } from './key-error.js'
import type { CryptoKey, KeyObjectLike } from './key-input.js'
import { decodeBase64 } from './key-text.js'
import { type PrivatePem, readPem, toPkcs8 } from './pem.js'
import { exportKeyObject, nodeCrypto } from './platform-key.js'

/** Reads a private key in PEM at once; returns clean PKCS#8 where there is no `node:crypto`. */
export function readPemKey(text: string, passphrase: string | undefined): JwkMembers | string {
  const pem = readPem(text)
  const isEncrypted = pem.container === 'encrypted PKCS#8'
  if (isEncrypted && passphrase === undefined) {
    throw keyFormat(
      `The private key is encrypted. Give its passphrase with the option 'passphrase', or decrypt it: ${toPkcs8}`,
    )
  }
  const crypto = nodeCrypto()
  if (crypto === undefined) return requirePkcs8(pem)
  let key: KeyObjectLike
  try {
    // Without a prototype, so that nothing on Object.prototype is an option.
    const options = snapshot({ key: pem.text, passphrase })
    key = isEncrypted ? decryptOnce(crypto, options) : crypto.createPrivateKey(options)
  } catch (thrown) {
    throw isEncrypted ? locked(thrown) : unreadPem(pem.text)
  }
  return snapshotJwk(exportKeyObject(key))
}

/**
 * jose's `importPKCS8` or `importSPKI`. Declarations do not import jose's types: jose is an ES module,
 * and a CommonJS program could not compile them.
 */
type ImportPem = (pem: string, alg: string, options: { extractable: boolean }) => Promise<CryptoKey>

/** Reads clean PKCS#8 or SPKI with Web Crypto, which every runtime has and which is asynchronous. */
export async function importPem(importKey: ImportPem, pem: string): Promise<JwkMembers> {
  const alg = algorithmOf(pem)
  try {
    const key = await importKey(pem, alg, { extractable: true })
    const { alg: _, key_ops: __, ext: ___, ...jwk } = await crypto.subtle.exportKey('jwk', key)
    return snapshotJwk(jwk)
  } catch {
    throw damagedPem()
  }
}

/** Keys by the hash of their PEM and passphrase; a `KeyObject` does not print its key. */
const decrypted = new Map<string, KeyObjectLike>()
const mostDecrypted = 16

/** Deriving from a passphrase takes hundreds of milliseconds, and is synchronous. */
function decryptOnce(
  crypto: NonNullable<ReturnType<typeof nodeCrypto>>,
  options: { key: string; passphrase: string | undefined },
): KeyObjectLike {
  const text = JSON.stringify([options.key, options.passphrase])
  const hash = crypto.createHash('sha256').update(text).digest('hex')
  const known = decrypted.get(hash)
  if (known !== undefined) return known
  const key = crypto.createPrivateKey(options)
  const [oldest] = decrypted.keys()
  if (decrypted.size >= mostDecrypted && oldest !== undefined) decrypted.delete(oldest)
  decrypted.set(hash, key)
  return key
}

function requirePkcs8({ container, text }: PrivatePem): string {
  if (container === 'PKCS#8') return text
  throw keyFormat(
    `The private key is ${container}, and this runtime has no node:crypto to read it with. Convert it: ${toPkcs8}`,
  )
}

function locked(thrown: unknown): KeyError {
  if (Object(thrown).code === 'ERR_OSSL_EVP_UNSUPPORTED') {
    return keyFormat(
      'The private key is encrypted in an old way that this runtime does not read. Convert it: openssl pkcs8 -topk8 -nocrypt -provider legacy -provider default -in key.pem -out key.pkcs8.pem',
    )
  }
  return keyFormat(
    'The passphrase does not open the private key, or the PEM text is damaged. Try it: openssl pkey -in key.pem -noout',
  )
}

/** Runtimes differ in the kinds of keys that they know, so the content tells a kind from damage. */
function unreadPem(pem: string): KeyError {
  try {
    algorithmOf(pem)
    return damagedPem()
  } catch (reason) {
    return reason as KeyError
  }
}

/** Finds an algorithm by the object identifiers that DER begins with (RFC 5208, RFC 5280). */
function algorithmOf(pem: string): Algorithm {
  let der: string
  try {
    der = hex(decodeBase64(pem.replace(/-----[^-]+-----/g, '')).subarray(0, 48))
  } catch {
    throw damagedPem()
  }
  if (der.includes('06092a864886f70d01010a')) throw rsaPssOid()
  const alg = findAlgorithm(({ oid }) => der.includes(oid))
  if (alg !== undefined) return alg
  throw /06052b8104|06032b65/.test(der) ? otherKind() : damagedPem()
}
