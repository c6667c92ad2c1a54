import 'reflect-metadata' // which @peculiar/x509 asks for
import type { webcrypto } from 'node:crypto'
import {
  BasicConstraintsExtension,
  ExtendedKeyUsage,
  ExtendedKeyUsageExtension,
  type JsonGeneralNames,
  KeyUsageFlags,
  KeyUsagesExtension,
  SubjectAlternativeNameExtension,
  type X509Certificate,
  X509CertificateGenerator,
} from '@peculiar/x509'

/** A certificate and its private key, in PEM. */
export interface Credential {
  readonly cert: string
  readonly key: string
}

export interface CertificateRequest {
  /** CN of the subject. */
  readonly name?: string
  /** What the certificate speaks for; 127.0.0.1 when left out. */
  readonly hosts?: JsonGeneralNames
  /** Days from now; 1 when left out. */
  readonly daysLeft?: number
  readonly usage?: 'server' | 'client'
}

const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' }
const day = 86_400_000
const usages = { server: ExtendedKeyUsage.serverAuth, client: ExtendedKeyUsage.clientAuth }

/** A new certificate authority. */
export async function createCertificateAuthority(name: string) {
  const keys = await newKeys()
  const root = await X509CertificateGenerator.createSelfSigned({
    name: `CN=${name}`,
    keys,
    signingAlgorithm: algorithm,
    ...validity(1),
    extensions: [
      new BasicConstraintsExtension(true, undefined, true),
      new KeyUsagesExtension(KeyUsageFlags.keyCertSign, true),
    ],
  })
  return {
    cert: text(root),
    issue: async (request: CertificateRequest = {}): Promise<Credential> => {
      const { publicKey, privateKey } = await newKeys()
      const cert = await X509CertificateGenerator.create({
        ...leaf(request),
        subject: `CN=${request.name ?? 'server'}`,
        issuer: root.subject,
        publicKey,
        signingKey: keys.privateKey,
      })
      return { cert: text(cert), key: await pem(privateKey) }
    },
  }
}

/** Signed by its own key, as the administrator of a test system makes it. */
export async function selfSigned(request: CertificateRequest = {}): Promise<Credential> {
  const keys = await newKeys()
  const name = `CN=${request.name ?? 'server'}`
  const cert = await X509CertificateGenerator.createSelfSigned({ ...leaf(request), name, keys })
  return { cert: text(cert), key: await pem(keys.privateKey) }
}

function leaf({ hosts, daysLeft = 1, usage = 'server' }: CertificateRequest) {
  return {
    signingAlgorithm: algorithm,
    ...validity(daysLeft),
    extensions: [
      new SubjectAlternativeNameExtension(hosts ?? [{ type: 'ip', value: '127.0.0.1' }]),
      new ExtendedKeyUsageExtension([usages[usage]]),
    ],
  }
}

function validity(daysLeft: number): { notBefore: Date; notAfter: Date } {
  const now = Date.now()
  return { notBefore: new Date(now - 10 * day), notAfter: new Date(now + daysLeft * day) }
}

function newKeys(): Promise<webcrypto.CryptoKeyPair> {
  return crypto.subtle.generateKey(algorithm, true, ['sign', 'verify'])
}

function text(certificate: X509Certificate): string {
  return `${certificate.toString('pem')}\n`
}

async function pem(key: webcrypto.CryptoKey): Promise<string> {
  const pkcs8 = Buffer.from(await crypto.subtle.exportKey('pkcs8', key)).toString('base64')
  return `-----BEGIN PRIVATE KEY-----\n${pkcs8}\n-----END PRIVATE KEY-----\n`
}
