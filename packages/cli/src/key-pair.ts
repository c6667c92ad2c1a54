import { createCipheriv, generateKeyPair, type KeyObject, pbkdf2, randomBytes } from 'node:crypto'
import { promisify } from 'node:util'
import type { Algorithm, Jwk } from '@countersign/core'
import { publicJwks } from '@countersign/core/keys'
import { Integer, Null, ObjectIdentifier, OctetString, Sequence } from 'asn1js'
import { writeNewFiles } from './files.js'

export interface KeyPairOptions {
  readonly alg: Algorithm
  /** The size of an RSA key. */
  readonly bits: number
  /** @default the thumbprint (RFC 7638) */
  readonly kid: string | undefined
  readonly passphrase: string | undefined
}

interface KeyPair {
  readonly kid: string
  /** PKCS#8, encrypted if there is a passphrase. */
  readonly privatePem: string
  /** SPKI. */
  readonly publicPem: string
  readonly jwks: { readonly keys: readonly Jwk[] }
}

/** The files of a new key pair. */
export interface KeyPairFiles {
  readonly privateKey: string
  readonly publicKey: string
  readonly jwks: string
}

/** Creates a key pair and writes it to three new files. */
export async function writeKeyPair(
  prefix: string,
  options: KeyPairOptions,
): Promise<{ kid: string; files: KeyPairFiles }> {
  const files = {
    privateKey: `${prefix}.pem`,
    publicKey: `${prefix}.pub.pem`,
    jwks: `${prefix}.jwks.json`,
  }
  const { kid, ...pair } = await createKeyPair(options)
  await writeNewFiles([
    { path: files.privateKey, text: pair.privatePem, mode: 0o600 },
    { path: files.publicKey, text: pair.publicPem, mode: 0o644 },
    { path: files.jwks, text: `${JSON.stringify(pair.jwks, null, 2)}\n`, mode: 0o644 },
  ])
  return { kid, files }
}

async function createKeyPair({ alg, bits, kid, passphrase }: KeyPairOptions): Promise<KeyPair> {
  // A plain RSA key for PS256, too: few programs read a key that is restricted to RSA-PSS.
  const { privateKey, publicKey } = await (alg === 'ES256'
    ? promisify(generateKeyPair)('ec', { namedCurve: 'P-256' })
    : promisify(generateKeyPair)('rsa', { modulusLength: bits }))
  const jwks = await publicJwks([{ key: publicKey, alg, ...(kid !== undefined && { kid }) }])
  return {
    kid: String(jwks.keys[0]?.kid),
    privatePem:
      passphrase === undefined
        ? String(privateKey.export({ type: 'pkcs8', format: 'pem' }))
        : await encryptKey(privateKey, passphrase),
    publicPem: String(publicKey.export({ type: 'spki', format: 'pem' })),
    jwks,
  }
}

/** The OWASP recommendation for PBKDF2 with HMAC-SHA-256; Node.js uses 2,048. */
const iterations = 600_000

/** Returns an EncryptedPrivateKeyInfo (RFC 5958 section 3) in PEM, by PBES2 (RFC 8018). */
async function encryptKey(privateKey: KeyObject, passphrase: string): Promise<string> {
  const [salt, iv] = [randomBytes(16), randomBytes(16)]
  const key = await promisify(pbkdf2)(passphrase, salt, iterations, 32, 'sha256')
  const cipher = createCipheriv('aes-256-cbc', key, iv)
  const plain = privateKey.export({ type: 'pkcs8', format: 'der' })
  const encrypted = Buffer.concat([cipher.update(plain), cipher.final()])
  plain.fill(0)
  const hmacWithSha256 = encodeSequence(encodeObjectId('1.2.840.113549.2.9'), new Null())
  const derivation = encodeSequence(
    encodeOctets(salt),
    new Integer({ value: iterations }),
    hmacWithSha256,
  )
  const info = encodeSequence(
    encodeSequence(
      encodeObjectId('1.2.840.113549.1.5.13'), // PBES2
      encodeSequence(
        encodeSequence(encodeObjectId('1.2.840.113549.1.5.12'), derivation), // PBKDF2
        encodeSequence(encodeObjectId('2.16.840.1.101.3.4.1.42'), encodeOctets(iv)), // AES-256-CBC
      ),
    ),
    encodeOctets(encrypted),
  )
  const lines = Buffer.from(info.toBER())
    .toString('base64')
    .replace(/.{64}(?=.)/g, '$&\n')
  return `-----BEGIN ENCRYPTED PRIVATE KEY-----\n${lines}\n-----END ENCRYPTED PRIVATE KEY-----\n`
}

function encodeSequence(...value: readonly Sequence['valueBlock']['value'][number][]): Sequence {
  return new Sequence({ value: [...value] })
}

function encodeObjectId(value: string): ObjectIdentifier {
  return new ObjectIdentifier({ value })
}

function encodeOctets(bytes: Uint8Array): OctetString {
  return new OctetString({ valueHex: Uint8Array.from(bytes).buffer })
}
