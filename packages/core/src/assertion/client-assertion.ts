import type { CryptoKey } from 'jose'
import { calculateJwkThumbprint } from 'jose/jwk/thumbprint'
import { CompactSign } from 'jose/jws/compact/sign'
import { exportJWK } from 'jose/key/export'
import { importJWK } from 'jose/key/import'
import { KeyError } from '../errors.js'
import { chooseAlgorithm, namedAlgorithm } from './algorithm.js'
import type { Algorithm } from './assertion-signer.js'
import { assertionClaims } from './claims.js'
import { newJti } from './jti.js'
import type { Jwk, KeyInput } from './key-input.js'
import { askForKey, isSameSource, keySource } from './key-provider.js'
import { checkCryptoKey, checkJwk } from './key-shape.js'
import { isReadAs, type KeyMaterial, type ReadKey, readKey, readPemLater } from './read-key.js'

/** What the assertions of one client are made of. */
export interface AssertionSettings {
  clientId: string
  audience: string
  lifetimeSeconds: number
  alg: Algorithm | undefined
  kid: string | undefined
  typ: string
  claims: Readonly<Record<string, unknown>>
  header: Readonly<Record<string, unknown>>
  key: KeyInput | (() => KeyInput | Promise<KeyInput>)
}

/** A key ready to sign for one token request. */
export interface AssertionKey {
  readonly alg: Algorithm
  readonly kid: string | undefined
  /** RFC 7638, of the public key; undefined for a key that cannot be exported. */
  readonly thumbprint: string | undefined
  /** The RFC 7638 thumbprint, else the kid, else undefined (not extractable and no kid). */
  readonly identity: string | undefined
  /** A new assertion, with a jti never used before. `now` is in epoch milliseconds. */
  sign(now: number): Promise<string>
}

type Form = Omit<AssertionSettings, 'key'>
type Usable = Exclude<KeyMaterial, { pem: string }>

/** Checks what can be known at once, and gives a function that has the key ready for a request. */
export function clientAssertions({ key, ...form }: AssertionSettings): () => Promise<AssertionKey> {
  namedAlgorithm(form.alg)
  return typeof key === 'function'
    ? providedKey(key, form)
    : fixedKey(checked(readKey(key), form), form)
}

/** The read key is let go once it is imported; a failed import is tried again. */
function fixedKey(read: ReadKey, form: Form): () => Promise<AssertionKey> {
  let unread: ReadKey | undefined = read
  let ready: Promise<AssertionKey> | undefined
  return () => {
    if (ready !== undefined || unread === undefined) return ready as Promise<AssertionKey>
    ready = imported(unread, form)
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
  form: Form,
): () => Promise<AssertionKey> {
  let last: { source: readonly unknown[]; ready: Promise<AssertionKey> } | undefined
  return async () => {
    const input = await askForKey(provider)
    const source = keySource(input)
    if (last !== undefined && isSameSource(last.source, source)) return last.ready
    const current = { source, ready: imported(checked(readKey(input), form), form) }
    last = current
    current.ready.catch(() => {
      if (last === current) last = undefined
    })
    return current.ready
  }
}

function checked(read: ReadKey, form: Form): ReadKey {
  namedAlgorithm(read.alg)
  if (!isReadAs(read.material, 'pem')) checkedAlgorithm(read.material, read.alg, form)
  return read
}

function checkedAlgorithm(material: Usable, keyAlg: unknown, form: Form): Algorithm {
  const alg = chooseAlgorithm(form.alg, { material, alg: keyAlg })
  if (isReadAs(material, 'jwk')) checkJwk(material.jwk, alg)
  else checkCryptoKey(material.cryptoKey, alg)
  return alg
}

async function imported(
  { material, alg: keyAlg, kid: keyKid }: ReadKey,
  form: Form,
): Promise<AssertionKey> {
  const usable = isReadAs(material, 'pem') ? { jwk: await readPemLater(material.pem) } : material
  const alg = checkedAlgorithm(usable, keyAlg, form)
  const kid = form.kid ?? keyKid
  const key = isReadAs(usable, 'jwk') ? await importPrivate(usable.jwk, alg) : usable.cryptoKey
  const publicThumbprint = await thumbprint(usable)
  const identity = publicThumbprint ?? kid
  return signingKey(key, { alg, kid, thumbprint: publicThumbprint, identity }, form)
}

function signingKey(key: CryptoKey, shown: Omit<AssertionKey, 'sign'>, form: Form): AssertionKey {
  const { alg, kid } = shown
  const { kid: _, ...extra } = form.header
  const header = { ...extra, alg, ...(kid !== undefined && { kid }), typ: form.typ }
  const sign = async (now: number): Promise<string> => {
    const claims = assertionClaims({ ...form, now, jti: newJti() })
    const payload = new TextEncoder().encode(JSON.stringify(claims))
    return new CompactSign(payload).setProtectedHeader(header).sign(key)
  }
  return { ...shown, sign }
}

async function importPrivate({ alg: _, kid: __, ...jwk }: Jwk, alg: Algorithm): Promise<CryptoKey> {
  try {
    return (await importJWK(jwk, alg, { extractable: false })) as CryptoKey
  } catch {
    throw new KeyError(
      'ERR_KEY_FORMAT',
      'The private key is damaged: its members do not belong together.',
    )
  }
}

async function thumbprint(material: Usable): Promise<string | undefined> {
  if (isReadAs(material, 'jwk')) return calculateJwkThumbprint(material.jwk)
  if (!material.cryptoKey.extractable) return undefined
  return calculateJwkThumbprint(await exportJWK(material.cryptoKey))
}
