import tls from 'node:tls'
import { type Credential, createCertificateAuthority } from '../../support/certificates.ts'

/** A certificate for 127.0.0.1, of an authority that this process trusts from now on. */
export async function trustedCertificate(): Promise<Credential> {
  const authority = await createCertificateAuthority('conformance')
  tls.setDefaultCACertificates([...tls.getCACertificates('default'), authority.cert])
  return authority.issue()
}
