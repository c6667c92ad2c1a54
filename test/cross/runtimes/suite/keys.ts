import type { Algorithm, AssertionSigner, Jwk } from '@countersign/core'

/** A key pair that the runtime made, in the forms in which a private key may be given. */
export interface Keys {
  readonly publicJwk: Jwk
  readonly jwk: Jwk
  /** PKCS#8. */
  readonly pem: string
  readonly cryptoKey: CryptoKey
  readonly lockedKey: CryptoKey
}

type CryptoKey = Awaited<ReturnType<typeof crypto.subtle.importKey>>

const parameters = {
  ES256: { name: 'ECDSA', namedCurve: 'P-256' },
  PS256: { name: 'RSA-PSS', hash: 'SHA-256' },
  RS256: { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256' },
} as const

const rsa = { modulusLength: 2048, publicExponent: new Uint8Array([1, 0, 1]) }

const publicMembers = ['kty', 'crv', 'x', 'y', 'n', 'e']
const privateMembers = [...publicMembers, 'd', 'p', 'q', 'dp', 'dq', 'qi']

/** One RSA key serves all cases: making one takes long. */
let rsaPkcs8: Uint8Array<ArrayBuffer> | undefined

export async function makeKeys(alg: Algorithm): Promise<Keys> {
  const der = alg === 'ES256' ? await newPkcs8('ES256') : await rsaKey()
  const imported = (extractable: boolean) =>
    crypto.subtle.importKey('pkcs8', der, parameters[alg], extractable, ['sign'])
  const cryptoKey = await imported(true)
  const jwk = onlyOf(await crypto.subtle.exportKey('jwk', cryptoKey), privateMembers)
  const publicJwk = onlyOf(jwk, publicMembers)
  const lockedKey = await imported(false)
  return { publicJwk, jwk, pem: pem('PRIVATE KEY', der), cryptoKey, lockedKey }
}

export function pem(label: string, der: Uint8Array): string {
  const base64 = btoa(String.fromCharCode(...der)).replace(/.{64}(?=.)/g, '$&\n')
  return `-----BEGIN ${label}-----\n${base64}\n-----END ${label}-----\n`
}

/** Runtimes export members of their own choice besides, some of them undefined. */
function onlyOf(jwk: object, names: readonly string[]): Jwk {
  const chosen = Object.entries(jwk).filter(
    ([name, value]) => names.includes(name) && value !== undefined,
  )
  return Object.fromEntries(chosen)
}

async function rsaKey(): Promise<Uint8Array<ArrayBuffer>> {
  rsaPkcs8 ??= await newPkcs8('RS256')
  return rsaPkcs8
}

async function newPkcs8(alg: Algorithm): Promise<Uint8Array<ArrayBuffer>> {
  const wanted = alg === 'ES256' ? parameters.ES256 : { ...parameters[alg], ...rsa }
  const pair = await crypto.subtle.generateKey(wanted, true, ['sign', 'verify'])
  if (!('privateKey' in pair)) throw new Error('the runtime made no key pair')
  return new Uint8Array(await crypto.subtle.exportKey('pkcs8', pair.privateKey))
}

/** What signs where nobody sees the key. */
export function signer({ lockedKey }: Keys, alg: Algorithm, kid: string): AssertionSigner {
  const how =
    alg === 'ES256' ? { name: 'ECDSA', hash: 'SHA-256' } : { ...parameters[alg], saltLength: 32 }
  return {
    ...{ alg, kid },
    sign: async (bytes) =>
      new Uint8Array(await crypto.subtle.sign(how, lockedKey, Uint8Array.from(bytes))),
  }
}
