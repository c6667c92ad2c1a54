import { chooseAlgorithm } from '../keys/algorithm.js'
import { namedAlgorithm } from '../keys/algorithm-name.js'
import { checkCryptoKey } from '../keys/crypto-key.js'
import { readDerKey } from '../keys/der-key.js'
import { keyFailure } from '../keys/key-failure.js'
import type { Jwk, KeyInput } from '../keys/key-input.js'
import { askForKey, isSameSource, type KeySource, keySources } from '../keys/key-provider.js'
import { checkJwk, privateJwk } from '../keys/private-jwk.js'
import {
  isReadAs,
  type KeyMaterial,
  type KeyOptions,
  type ReadKey,
  readKey,
} from '../keys/read-key.js'
import { thumbprint } from '../keys/thumbprint.js'
import type { Algorithm, AssertionSigner } from './assertion-signer.js'
import type { SigningKey } from './client-assertion.js'
import { importPrivateKey, localSigner } from './local-signer.js'
import { remoteSigner } from './remote-signer.js'

/** Where the signatures come from. */
export type Credential =
  | {
      readonly key: KeyInput | (() => KeyInput | Promise<KeyInput>)
      readonly passphrase: string | undefined
    }
  | { readonly signer: AssertionSigner }

/** What the options `assertion.alg` and `assertion.kid` say. */
interface Chosen {
  readonly alg: Algorithm | undefined
  readonly kid: string | undefined
}

type Usable = Exclude<KeyMaterial, { pem: string }>

/** Checks what can be known at once, and gives a function that has the key ready for a request. */
export function signingKeys(credential: Credential, chosen: Chosen): () => Promise<SigningKey> {
  namedAlgorithm(chosen.alg)
  if (isRemote(credential)) return remoteKey(credential.signer, chosen)
  const { key, passphrase } = credential
  const options = { passphrase, alg: chosen.alg, kid: chosen.kid }
  try {
    const load =
      typeof key === 'function'
        ? providedKey(key, options)
        : fixedKey(checked(readKey(key, options), chosen), chosen)
    return () =>
      load().catch((thrown) => {
        throw keyFailure(thrown)
      })
  } catch (thrown) {
    throw keyFailure(thrown)
  }
}

/** Whoever outside this library has to answer before there is a signature. */
export function askedFor(credential: Credential): 'key function' | 'signer' | undefined {
  if (isRemote(credential)) return 'signer'
  return typeof credential.key === 'function' ? 'key function' : undefined
}

/** The signer's own algorithm; a kid of the options replaces its kid in the header alone. */
function remoteKey(signer: AssertionSigner, { kid }: Chosen): () => Promise<SigningKey> {
  const { alg } = signer
  const shown = { alg, kid: kid ?? signer.kid, thumbprint: undefined, identity: signer.kid }
  const key = Promise.resolve({ ...shown, sign: remoteSigner(signer) })
  return () => key
}

/** The read key is let go once it is imported; a failed import is tried again. */
function fixedKey(read: ReadKey, chosen: Chosen): () => Promise<SigningKey> {
  let unread: ReadKey | undefined = read
  let ready: Promise<SigningKey> | undefined
  return () => {
    if (ready !== undefined || unread === undefined) return ready as Promise<SigningKey>
    ready = imported(unread, chosen)
    ready.then(
      () => {
        unread = undefined
      },
      () => {
        ready = undefined
      },
    )
    return ready
  }
}

function providedKey(
  provider: () => KeyInput | Promise<KeyInput>,
  options: KeyOptions & Chosen,
): () => Promise<SigningKey> {
  const keySource = keySources()
  let last: { source: KeySource; ready: Promise<SigningKey> } | undefined
  return async () => {
    const input = await askForKey(provider)
    const source = await keySource(input)
    if (last !== undefined && isSameSource(last.source, source)) return last.ready
    const current = { source, ready: imported(checked(readKey(input, options), options), options) }
    last = current
    current.ready.catch(() => {
      if (last === current) last = undefined
    })
    return current.ready
  }
}

function checked(read: ReadKey, chosen: Chosen): ReadKey {
  if (!isReadAs(read.material, 'pem')) checkedAlgorithm(read.material, read.alg, chosen)
  return read
}

function checkedAlgorithm(
  material: Usable,
  keyAlg: Algorithm | undefined,
  { alg: chosen }: Chosen,
): Algorithm {
  const alg = chooseAlgorithm(chosen, { material, alg: keyAlg })
  if (isReadAs(material, 'jwk')) checkJwk(material.jwk, alg)
  else checkCryptoKey(material.cryptoKey, alg)
  return alg
}

async function imported(read: ReadKey, chosen: Chosen): Promise<SigningKey> {
  const { material } = read
  const usable = isReadAs(material, 'pem')
    ? { jwk: privateJwk(await readDerKey('pkcs8', material.pem)) }
    : material
  const alg = checkedAlgorithm(usable, read.alg, chosen)
  const key = isReadAs(usable, 'jwk') ? await importPrivateKey(usable.jwk, alg) : usable.cryptoKey
  const kid = chosen.kid ?? read.kid
  const shown = await publicThumbprint(usable)
  return { alg, kid, thumbprint: shown, identity: shown ?? kid, sign: localSigner(key, alg) }
}

async function publicThumbprint(material: Usable): Promise<string | undefined> {
  if (isReadAs(material, 'jwk')) return thumbprint(material.jwk)
  const { cryptoKey } = material
  if (!cryptoKey.extractable) return undefined
  return thumbprint((await crypto.subtle.exportKey('jwk', cryptoKey)) as Jwk)
}

function isRemote(credential: Credential): credential is Extract<Credential, { signer: unknown }> {
  return Object.hasOwn(credential, 'signer')
}
