import type { KeyError } from '../errors.js'
import { damagedPem } from './der-key.js'
import { keyFormat, newKey, notPrivate } from './key-error.js'

/** The one private key of a PEM text. */
export interface PrivatePem {
  readonly container: 'PKCS#8' | 'encrypted PKCS#8' | 'PKCS#1' | 'SEC1'
  /** Clean: 64 characters a line. */
  readonly text: string
}

/** Reads a PEM that may have lost or gained line breaks and blanks, with other blocks beside the key. */
export function readPem(text: string): PrivatePem {
  const begins = [...text.matchAll(/-----BEGIN ([A-Z0-9 ]{1,40})-----/g)].map((match) => match[1])
  if (begins.length === 0)
    throw keyFormat(`The BEGIN line of the PEM text is not whole. ${quoteIt}`)
  const privates = begins.filter((label) => label?.endsWith('PRIVATE KEY'))
  if (privates.length > 1)
    throw keyFormat('The PEM text holds more than one private key. Give one.')
  const [label] = privates
  if (label === undefined) throw withoutPrivateKey(begins)
  const container = containers.get(label)
  if (container === undefined || /Proc-Type:/.test(text)) throw wrongContainer(label)
  return { container, text: rebuilt(text, label) }
}

/** Converts whatever openssl reads; it asks for the passphrase of an encrypted key. */
export const toPkcs8 = 'openssl pkcs8 -topk8 -nocrypt -in key.pem -out key.pkcs8.pem'

const quoteIt =
  'Quote the value where it is set, or give base64 of the PEM: openssl base64 -A -in key.pem'

const containers: ReadonlyMap<string, PrivatePem['container']> = new Map([
  ['PRIVATE KEY', 'PKCS#8'],
  ['ENCRYPTED PRIVATE KEY', 'encrypted PKCS#8'],
  ['RSA PRIVATE KEY', 'PKCS#1'],
  ['EC PRIVATE KEY', 'SEC1'],
])

function rebuilt(text: string, label: string): string {
  const [begin, end] = [`-----BEGIN ${label}-----`, `-----END ${label}-----`]
  const [body, after] = (text.split(begin)[1] as string).split(end)
  const base64 = (body as string).replace(/\s/g, '')
  if (base64 === '') {
    throw keyFormat(
      `Of the PEM text only its BEGIN line is there: the rest was cut off at the first line break. ${quoteIt}`,
    )
  }
  if (after === undefined || !/^[A-Za-z0-9+/]+={0,2}$/.test(base64)) throw damagedPem()
  return `${begin}\n${base64.replace(/.{64}(?=.)/g, '$&\n')}\n${end}\n`
}

function withoutPrivateKey([label]: readonly (string | undefined)[]): KeyError {
  if (label?.endsWith('CERTIFICATE')) return notPrivate('a certificate')
  if (label?.endsWith('PUBLIC KEY')) return notPrivate('a public key')
  return keyFormat(`The PEM text holds no private key. Make one: ${newKey}`)
}

function wrongContainer(label: string): KeyError {
  if (label === 'OPENSSH PRIVATE KEY') {
    return keyFormat(
      'The private key is in OpenSSH format, not PKCS#8. Convert a copy: ssh-keygen -p -m PKCS8 -f key.pem',
    )
  }
  const shape = containers.has(label) ? 'encrypted in the old way (Proc-Type)' : 'of another kind'
  return keyFormat(`The private key is ${shape}, not PKCS#8. Convert it: ${toPkcs8}`)
}
