import type { KeyError } from '../errors.js'
import { hex } from '../sha256.js'
import { damagedPem, keyFormat, newKey, notPrivate } from './key-error.js'
import { decodeBase64 } from './key-text.js'

/** The encodings of a private key that can be read, with their labels. */
const labels = {
  'PKCS#8': 'PRIVATE KEY',
  'encrypted PKCS#8': 'ENCRYPTED PRIVATE KEY',
  'PKCS#1': 'RSA PRIVATE KEY',
  SEC1: 'EC PRIVATE KEY',
} as const

type Container = keyof typeof labels

/** A block of a PEM text. Labels are often wrong, so the content decides what it is. */
export interface PemBlock {
  /** Without whitespace. */
  readonly label: string
  /** Base64 in lines of 64 characters; `undefined` where the block is damaged. */
  readonly body: string | undefined
  readonly content: Container | 'public key' | 'certificate' | undefined
}

/** The one private key of a PEM text. */
export interface PrivatePem {
  readonly container: Container
  /** Clean, and with the label that belongs to its content. */
  readonly text: string
}

/** Reads the private key of a PEM that may have lost or gained whitespace and may hold other blocks. */
export function readPem(text: string): PrivatePem {
  const blocks = readBlocks(text)
  if (blocks.length === 0)
    throw keyFormat(`The BEGIN line of the PEM text is not whole. ${quoteIt}`)
  const privates = blocks.filter(({ content, label }) =>
    content === undefined ? label.endsWith('PRIVATEKEY') : content in labels,
  )
  if (privates.length > 1)
    throw keyFormat('The PEM text holds more than one private key. Give one.')
  const [block] = privates
  if (block === undefined) throw withoutPrivateKey(blocks)
  if (/Proc-Type:/.test(text)) throw convert('encrypted in the old way (Proc-Type)')
  const { label, body, content } = block
  if (body === '') {
    throw keyFormat(
      `Of the PEM text only its BEGIN line is there: the rest was cut off at the first line break. ${quoteIt}`,
    )
  }
  if (content === undefined) throw unknownContent(label)
  if (body === undefined) throw damagedPem()
  const container = content as Container
  return { container, text: formatPem(labels[container], body) }
}

/** Splits a PEM text into its blocks. */
export function readBlocks(text: string): readonly PemBlock[] {
  const blocks = text.matchAll(/-----BEGIN ?([A-Z0-9 ]{1,40})-----([^-]*)(-----END)?/g)
  return Array.from(blocks, ([, label = '', inner = '', end]) => {
    const base64 = pad(inner.replace(/\s/g, ''))
    const isWhole = base64 === '' || (end !== undefined && /^[A-Za-z0-9+/]+={0,2}$/.test(base64))
    const body = isWhole ? base64.replace(/.{64}(?=.)/g, '$&\n') : undefined
    return { label: label.replaceAll(' ', ''), body, content: readContent(base64) }
  })
}

/** Adds the `=` that base64url does without, and that some tools drop. */
function pad(base64: string): string {
  return base64.padEnd(Math.ceil(base64.length / 4) * 4, '=')
}

/** Returns base64 or base64url of DER as PEM, and any other text as it is. */
export function asPem(text: string): string {
  if (readContent(text) === undefined) return text
  return formatPem('PRIVATE KEY', text.replaceAll('-', '+').replaceAll('_', '/'))
}

/** Puts the BEGIN and END lines around the base64 of a key. */
export function formatPem(label: string, body: string): string {
  return `-----BEGIN ${label}-----\n${body}\n-----END ${label}-----\n`
}

/** Converts whatever openssl reads; it asks for the passphrase of an encrypted key. */
export const toPkcs8 = 'openssl pkcs8 -topk8 -nocrypt -in key.pem -out key.pkcs8.pem'

const quoteIt =
  'Quote the value where it is set, or give base64 of the PEM: openssl base64 -A -in key.pem'

/** How DER begins (RFC 5208, RFC 8017 appendix A.1, RFC 5915, RFC 5280), after its first SEQUENCE. */
const beginnings: readonly (readonly [RegExp, PemBlock['content']])[] = [
  [/^02010[01]30/, 'PKCS#8'],
  [/^02010[01]02/, 'PKCS#1'],
  [/^02010104/, 'SEC1'],
  [/^30(..|81..)06..2a864886f70d01(05|0c)/, 'encrypted PKCS#8'],
  [/^30..06..2a86(48ce3d02|4886f70d0101)|^028[12]/, 'public key'],
  [/^3082....a003/, 'certificate'],
]

function readContent(base64: string): PemBlock['content'] {
  try {
    const der = hex(decodeBase64(base64.slice(0, 64)))
    const inner = /^30([0-7].|81..|82....)(.*)/.exec(der)?.[2] ?? ''
    return beginnings.find(([pattern]) => pattern.test(inner))?.[1]
  } catch {
    return undefined
  }
}

function withoutPrivateKey([block]: readonly PemBlock[]): KeyError {
  const is = (what: PemBlock['content'], label: string) =>
    block?.content === what || block?.label.endsWith(label)
  if (is('certificate', 'CERTIFICATE')) return notPrivate('a certificate')
  if (is('public key', 'PUBLICKEY')) return notPrivate('a public key')
  return keyFormat(`The PEM text holds no private key. Make one: ${newKey}`)
}

function unknownContent(label: string): KeyError {
  if (/^(RSA|EC|ENCRYPTED)?PRIVATEKEY$/.test(label)) return damagedPem()
  if (!label.startsWith('OPENSSH')) return convert('of another kind')
  return keyFormat(
    'The private key is in OpenSSH format, not PKCS#8. Convert a copy: ssh-keygen -p -m PKCS8 -f key.pem',
  )
}

function convert(shape: string): KeyError {
  return keyFormat(`The private key is ${shape}, not PKCS#8. Convert it: ${toPkcs8}`)
}
