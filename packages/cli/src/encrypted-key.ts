import { createCipheriv, type KeyObject, pbkdf2, randomBytes } from 'node:crypto'
import { promisify } from 'node:util'
import { Integer, Null, ObjectIdentifier, OctetString, Sequence } from 'asn1js'

/** What OWASP advises for PBKDF2 with HMAC-SHA-256. */
const iterations = 600_000

const oids = {
  pbes2: '1.2.840.113549.1.5.13',
  pbkdf2: '1.2.840.113549.1.5.12',
  hmacWithSha256: '1.2.840.113549.2.9',
  aes256Cbc: '2.16.840.1.101.3.4.1.42',
}

const derive = promisify(pbkdf2)

/** The private key as an EncryptedPrivateKeyInfo (RFC 5958 section 3) in PEM, by PBES2 (RFC 8018). */
export async function encryptedPem(privateKey: KeyObject, passphrase: string): Promise<string> {
  const [salt, iv] = [randomBytes(16), randomBytes(16)]
  const cipher = createCipheriv(
    'aes-256-cbc',
    await derive(passphrase, salt, iterations, 32, 'sha256'),
    iv,
  )
  const plain = privateKey.export({ type: 'pkcs8', format: 'der' })
  const encrypted = Buffer.concat([cipher.update(plain), cipher.final()])
  plain.fill(0)
  const derivation = algorithm(
    oids.pbkdf2,
    sequence(
      octets(salt),
      new Integer({ value: iterations }),
      algorithm(oids.hmacWithSha256, new Null()),
    ),
  )
  const scheme = sequence(derivation, algorithm(oids.aes256Cbc, octets(iv)))
  const info = sequence(algorithm(oids.pbes2, scheme), octets(encrypted))
  return pem('ENCRYPTED PRIVATE KEY', Buffer.from(info.toBER()))
}

/** An AlgorithmIdentifier. */
function algorithm(oid: string, parameters: Sequence | OctetString | Null): Sequence {
  return sequence(new ObjectIdentifier({ value: oid }), parameters)
}

function sequence(
  ...value: readonly (Sequence | OctetString | Integer | Null | ObjectIdentifier)[]
): Sequence {
  return new Sequence({ value: [...value] })
}

function octets(bytes: Uint8Array): OctetString {
  return new OctetString({ valueHex: Uint8Array.from(bytes).buffer })
}

function pem(label: string, der: Buffer): string {
  const body = der.toString('base64').replace(/.{64}(?=.)/g, '$&\n')
  return `-----BEGIN ${label}-----\n${body}\n-----END ${label}-----\n`
}
