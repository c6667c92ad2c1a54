import { hex } from '../sha256.js'
import { decodeBase64 } from './jwk.js'
import { createFormatError, createKeyCommand, createPemError } from './key-error.js'

/** The label of each kind of block, and how its DER starts after the first SEQUENCE. */
const labels: readonly (readonly [label: string, start: RegExp])[] = [
  ['PRIVATE KEY', /^02010[01]30/], // RFC 5208
  ['RSA PRIVATE KEY', /^02010[01]02/], // RFC 8017 appendix A.1.2
  ['EC PRIVATE KEY', /^02010104/], // RFC 5915
  ['ENCRYPTED PRIVATE KEY', /^30(..|81..)06..2a864886f70d01(05|0c)/], // RFC 5208
  ['PUBLIC KEY', /^30..06..2a86(48ce3d02|4886f70d0101)/], // RFC 5280
  ['RSA PUBLIC KEY', /^028[12]/], // RFC 8017 appendix A.1.1
  ['CERTIFICATE', /^30(81..|82....)a003/], // RFC 5280
]

/** One block of a PEM. Labels are often wrong, so the content determines the label. */
export interface PemBlock {
  readonly label: string
  /** The block without anything around it, and with that label. */
  readonly pem: string
}

/** Converts any key that openssl reads. It asks for the passphrase of an encrypted key. */
export const toPkcs8 = 'openssl pkcs8 -topk8 -nocrypt -in key.pem -out key.pkcs8.pem'

/** Returns the private key of a PEM; without one, its public key or whatever it starts with. */
export function readPem(text: string): PemBlock {
  const blocks = readBlocks(text)
  const [privateKey, another] = blocks.filter(({ label }) => /PRIVATE ?KEY$/.test(label))
  if (another !== undefined)
    throw createFormatError('The PEM contains more than one private key. Pass one.')
  const block = privateKey ?? blocks.find(({ label }) => label === 'PUBLIC KEY') ?? blocks[0]
  // A variable without quotes ends at the first space or line break.
  if (block === undefined || block.body === '')
    throw createFormatError(
      'The PEM contains only its BEGIN line. The rest was lost at the first line break: put the value in quotes, or pass base64 of the PEM: openssl base64 -A -in key.pem',
    )
  const { label, body } = block
  if (/Proc-Type:/.test(text))
    throw createFormatError(
      `The private key has a legacy encryption (Proc-Type). Convert it: ${toPkcs8}`,
    )
  if (!labels.some(([known]) => known === label))
    throw createFormatError(
      label.startsWith('OPENSSH')
        ? 'The private key is in OpenSSH format. Convert a copy: ssh-keygen -p -m PKCS8 -f key.pem'
        : `The PEM contains no supported key. Create one: ${createKeyCommand}`,
    )
  if (body === undefined) throw createPemError()
  return { label, pem: formatPem(label, body) }
}

/** Returns base64 or base64url of DER as PEM, and `undefined` for any other text. */
export function addPemLabel(text: string): string | undefined {
  const base64 = text.replace(/\s/g, '')
  const label = detectLabel(base64)
  return label && formatPem(label, base64.replaceAll('-', '+').replaceAll('_', '/'))
}

/** Splits a PEM into its blocks; a damaged block has no body. */
function readBlocks(text: string): readonly { label: string; body: string | undefined }[] {
  const blocks = text.matchAll(/-----BEGIN ?([A-Z0-9 ]{1,40})-----([^-]*)(-----END)?/g)
  return Array.from(blocks, ([, written = '', inner = '', end]) => {
    const base64 = inner.replace(/\s/g, '')
    // Some tools drop the padding.
    const body = base64.padEnd(Math.ceil(base64.length / 4) * 4, '=')
    const isWhole = body === '' || (end !== undefined && /^[A-Za-z0-9+/]+={0,2}$/.test(body))
    const label = detectLabel(body) ?? written
    return { label, body: isWhole ? body : undefined }
  })
}

function detectLabel(base64: string): string | undefined {
  try {
    const der = hex(decodeBase64(base64.slice(0, 64)))
    const inner = /^30([0-7].|81..|82....)(.*)/.exec(der)?.[2] ?? ''
    return labels.find(([, start]) => start.test(inner))?.[0]
  } catch {
    return undefined
  }
}

function formatPem(label: string, base64: string): string {
  const lines = base64.replace(/.{64}(?=.)/g, '$&\n')
  return `-----BEGIN ${label}-----\n${lines}\n-----END ${label}-----\n`
}
