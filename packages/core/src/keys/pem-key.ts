import { hex } from '../sha256.js'
import { snapshot } from '../snapshot.js'
import { type Algorithm, createKindError, findAlgorithms } from './algorithms.js'
import { decodeBase64, type JwkMembers, snapshotJwk } from './jwk.js'
import { createFormatError, createPemError, createRsaPssError } from './key-error.js'
import type { CryptoKey, KeyObjectLike } from './key-input.js'
import { type PemBlock, toPkcs8 } from './pem.js'
import { exportKeyObject, getNodeCrypto, type NodeCrypto } from './platform-key.js'

/**
 * Reads a private key synchronously. Returns `undefined` for other blocks, and for PKCS#8 where there
 * is no `node:crypto`: {@link importPem} reads these.
 */
export function readPrivatePem(
  { label, pem }: PemBlock,
  passphrase: string | undefined,
): JwkMembers | undefined {
  if (!label.endsWith('PRIVATE KEY')) return undefined
  const isEncrypted = label.startsWith('ENCRYPTED')
  if (isEncrypted && passphrase === undefined)
    throw createFormatError(
      `The private key is encrypted. Set 'passphrase', or decrypt the key: ${toPkcs8}`,
    )
  const crypto = getNodeCrypto()
  if (crypto === undefined) {
    if (label === 'PRIVATE KEY') return undefined
    throw createFormatError(
      `Reading BEGIN ${label} requires node:crypto. Convert the key: ${toPkcs8}`,
    )
  }
  const options = snapshot({ key: pem, passphrase })
  let key: KeyObjectLike
  try {
    key = isEncrypted ? decryptOnce(crypto, options) : crypto.createPrivateKey(options)
  } catch {
    if (isEncrypted)
      throw createFormatError(
        `The private key cannot be decrypted. Check the passphrase, or convert the key: ${toPkcs8} -provider legacy -provider default`,
      )
    // Bun does not know all kinds of keys.
    detectAlgorithm(pem)
    throw createPemError()
  }
  return snapshotJwk(exportKeyObject(key))
}

/**
 * jose's `importPKCS8` or `importSPKI`. Declarations do not import jose's types: jose is an ES module,
 * and a CommonJS program could not compile them.
 */
type ImportPem = (pem: string, alg: string, options: { extractable: boolean }) => Promise<CryptoKey>

/** Reads PKCS#8 or SPKI with Web Crypto, which every runtime has and which is asynchronous. */
export async function importPem(importKey: ImportPem, pem: string): Promise<JwkMembers> {
  const alg = detectAlgorithm(pem)
  try {
    const key = await importKey(pem, alg, { extractable: true })
    const { alg: _, ...jwk } = await crypto.subtle.exportKey('jwk', key)
    return snapshotJwk(jwk)
  } catch {
    throw createPemError()
  }
}

/** Keys by the hash of their PEM and passphrase. Printing a `KeyObject` does not show its key. */
const decrypted = new Map<string, KeyObjectLike>()
const maxDecrypted = 16

/** Deriving a key from a passphrase is synchronous and takes hundreds of milliseconds. */
function decryptOnce(
  crypto: NodeCrypto,
  options: { key: string; passphrase: string | undefined },
): KeyObjectLike {
  const hash = crypto.createHash('sha256').update(JSON.stringify(options)).digest('hex')
  const known = decrypted.get(hash)
  if (known !== undefined) return known
  const key = crypto.createPrivateKey(options)
  decrypted.set(hash, key)
  const [oldest = ''] = decrypted.keys()
  if (decrypted.size > maxDecrypted) decrypted.delete(oldest)
  return key
}

/** Finds an algorithm by the object identifiers at the start of DER; throws if none is supported. */
function detectAlgorithm(pem: string): Algorithm {
  const base64 = pem.replace(/-----[^-]+-----/g, '')
  const start = hex(decodeBase64(base64.slice(0, 65)))
  if (start.includes('06092a864886f70d01010a')) throw createRsaPssError()
  const [alg] = findAlgorithms(({ oid }) => start.includes(oid))
  if (alg !== undefined) return alg
  throw /06052b8104|06032b65/.test(start) ? createKindError('unknown OID') : createPemError()
}
