import { CompactSign } from 'jose/jws/compact/sign'
import type { Algorithm } from '../keys/algorithms.js'
import { keyFailure } from '../keys/key-error.js'
import type { KeyInput } from '../keys/key-input.js'
import { createKeyLoader, type PrivateKey } from '../keys/key-loader.js'
import { type AssertionSigner, signRemotely } from './assertion-signer.js'
import type { Sign, SigningKey } from './client-assertion.js'

/** Where the signatures come from. */
export type Credential =
  | {
      readonly key: KeyInput | (() => KeyInput | Promise<KeyInput>)
      readonly passphrase: string | undefined
      readonly alg: Algorithm | undefined
      readonly kid: string | undefined
      readonly signer: undefined
    }
  | { readonly signer: AssertionSigner; readonly kid: string | undefined }

/** Checks what can be known at once, and returns a function that has the key ready for a request. */
export function signingKeys(credential: Credential): () => Promise<SigningKey> {
  if (credential.signer !== undefined) return remoteKey(credential)
  const { key, passphrase, alg, kid } = credential
  const load = createKeyLoader(key, { passphrase, alg, kid })
  return async () => localKey(await load())
}

/** Names the part outside of this library that has to answer before there is a signature. */
export function askedFor(credential: Credential): 'key function' | 'signer' | undefined {
  if (credential.signer !== undefined) return 'signer'
  return typeof credential.key === 'function' ? 'key function' : undefined
}

/** Uses the signer's own algorithm; a kid of the options replaces its kid in the header alone. */
function remoteKey({
  signer,
  kid,
}: Extract<Credential, { signer: AssertionSigner }>): () => Promise<SigningKey> {
  const { alg } = signer
  const shown = { alg, kid: kid ?? signer.kid, thumbprint: undefined, identity: signer.kid }
  const key = Promise.resolve({ ...shown, sign: signRemotely(signer) })
  return () => key
}

function localKey({ alg, kid, thumbprint, key }: PrivateKey): SigningKey {
  return { alg, kid, thumbprint, identity: thumbprint ?? kid, sign: signLocally(key) }
}

/** Signs in this process. */
function signLocally(key: PrivateKey['key']): Sign {
  return async ({ header, claims }) => {
    const payload = new TextEncoder().encode(JSON.stringify(claims))
    try {
      return await new CompactSign(payload).setProtectedHeader(header).sign(key)
    } catch (thrown) {
      throw keyFailure(thrown)
    }
  }
}
