import * as base64url from 'jose/base64url'
import { CompactSign } from 'jose/jws/compact/sign'
import { createCause } from '../error-cause.js'
import { KeyError } from '../errors.js'
import type { KeyInput } from '../keys/key-input.js'
import { createKeyLoader } from '../keys/key-loader.js'
import type { KeyOptions } from '../keys/read-key.js'
import type { AssertionSigner } from './assertion-signer.js'
import type { Sign, SigningKey } from './client-assertion.js'
import { formatSignature } from './signature-form.js'

/** What signs the assertions: a private key, or a signer. */
export type Credential =
  | KeyCredential
  | { readonly signer: AssertionSigner; readonly kid: string | undefined }

export interface KeyCredential extends KeyOptions {
  readonly key: KeyInput | (() => KeyInput | Promise<KeyInput>)
  readonly signer: undefined
}

/**
 * Checks a credential as far as that is possible synchronously, and returns a function that prepares
 * its key for one token request.
 */
export function createSigningKeyLoader(credential: Credential): () => Promise<SigningKey> {
  if (credential.signer !== undefined) {
    const { signer, kid = signer.kid } = credential
    const { alg, kid: identity } = signer
    const sign = signRemotely(signer)
    return async () => ({ alg, kid, thumbprint: undefined, identity, sign })
  }
  const load = createKeyLoader(credential.key, credential)
  return async () => {
    const { key, alg, kid, thumbprint } = await load()
    const sign: Sign = ({ header, claims }) => {
      const payload = new TextEncoder().encode(JSON.stringify(claims))
      return new CompactSign(payload).setProtectedHeader(header).sign(key)
    }
    return { alg, kid, thumbprint, identity: thumbprint ?? kid, sign }
  }
}

/** Returns the part outside of this library that a signature waits for, if there is one. */
export function findKeySource(credential: Credential): 'key function' | 'signer' | undefined {
  if (credential.signer !== undefined) return 'signer'
  return typeof credential.key === 'function' ? 'key function' : undefined
}

/** Returns a function that signs with a signer. Its errors may quote the key. */
function signRemotely({ alg, sign }: AssertionSigner): Sign {
  return async ({ header, claims, signal }) => {
    const input = [header, claims].map((part) => base64url.encode(JSON.stringify(part))).join('.')
    let signature: unknown
    try {
      signature = await sign(new TextEncoder().encode(input), signal)
    } catch (thrown) {
      throw new KeyError('ERR_KEY_PROVIDER', 'signer.sign() failed.', {
        cause: createCause(thrown),
      })
    }
    return `${input}.${base64url.encode(formatSignature(signature, alg))}`
  }
}
