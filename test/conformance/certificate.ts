import 'reflect-metadata'
import { webcrypto } from 'node:crypto'
import tls from 'node:tls'
import * as x509 from '@peculiar/x509'

/** A certificate for this name or address, made now, which this process trusts from now on. */
export async function trustedCertificate(host: string): Promise<{ key: string; cert: string }> {
  const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' }
  const keys = await webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify'])
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    name: `CN=${host}`,
    keys,
    signingAlgorithm: algorithm,
    extensions: [
      new x509.BasicConstraintsExtension(true),
      new x509.SubjectAlternativeNameExtension([{ type: 'ip', value: host }]),
    ],
  })
  const cert = certificate.toString('pem')
  tls.setDefaultCACertificates([...tls.getCACertificates('default'), cert])
  const pkcs8 = await webcrypto.subtle.exportKey('pkcs8', keys.privateKey)
  return { key: x509.PemConverter.encode(pkcs8, 'PRIVATE KEY'), cert }
}
