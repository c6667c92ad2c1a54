import type { KeyError } from '../errors.js'
import { withoutPrototype } from '../own-members.js'
import { unreadPem } from './der-key.js'
import { keyFormat } from './key-error.js'
import type { Jwk, KeyObjectLike } from './key-input.js'
import { keyObjectJwk } from './key-object.js'
import { nodeCrypto } from './node-crypto.js'
import { type PrivatePem, readPem, toPkcs8 } from './pem.js'

/** The key of a PEM text; the PEM itself, in PKCS#8, where only Web Crypto can read it. */
export function pemKey(
  text: string,
  passphrase: string | undefined,
): { jwk: Jwk } | { pem: string } {
  const pem = readPem(text)
  const isEncrypted = pem.container === 'encrypted PKCS#8'
  if (isEncrypted && passphrase === undefined) {
    throw keyFormat(
      `The private key is encrypted. Give its passphrase with the option 'passphrase', or decrypt it: ${toPkcs8}`,
    )
  }
  const crypto = nodeCrypto()
  if (crypto === undefined) return { pem: pkcs8Only(pem) }
  let key: KeyObjectLike
  try {
    // Without a prototype, so that nothing on Object.prototype is an option.
    const options = withoutPrototype({ key: pem.text, passphrase })
    key = crypto.createPrivateKey(options)
  } catch (thrown) {
    throw isEncrypted ? locked(thrown) : unreadPem(pem.text)
  }
  return { jwk: keyObjectJwk(key) }
}

function pkcs8Only({ container, text }: PrivatePem): string {
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
