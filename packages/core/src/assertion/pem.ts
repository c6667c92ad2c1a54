import { KeyError } from '../errors.js'

const toPkcs8 = 'openssl pkcs8 -topk8 -nocrypt -in key.pem -out key.pkcs8.pem'

/** A clean PKCS#8 PEM out of text that may have CRLF, literal `\n` or lost line breaks. */
export function readPkcs8Pem(text: string): string {
  const labels = [...text.matchAll(/-----BEGIN ([A-Z0-9 ]{1,40})-----/g)].map((match) => match[1])
  const privates = labels.filter((label) => label?.endsWith('PRIVATE KEY'))
  if (privates.length > 1) throw format('The PEM text holds more than one private key. Give one.')
  const [label] = privates
  if (label === undefined) throw withoutPrivateKey(text, labels)
  if (label === 'ENCRYPTED PRIVATE KEY' || /Proc-Type:[^\r\n]*ENCRYPTED/.test(text)) {
    throw format(`The private key is encrypted. Decrypt it: ${toPkcs8}`)
  }
  if (label === 'RSA PRIVATE KEY') throw wrongContainer('PKCS#1 (BEGIN RSA PRIVATE KEY)')
  if (label === 'EC PRIVATE KEY') throw wrongContainer('SEC1 (BEGIN EC PRIVATE KEY)')
  if (label === 'OPENSSH PRIVATE KEY') {
    throw format(
      'The key is in OpenSSH format, not PKCS#8. Convert a copy: ssh-keygen -p -m PKCS8 -f key.pem',
    )
  }
  if (label !== 'PRIVATE KEY') throw wrongContainer('of another kind')
  return rebuilt(text)
}

/** The error for a PEM whose frame is right and whose content is not. */
export function damagedPem(): KeyError {
  return format(
    'The PEM text is damaged or truncated: its content is no PKCS#8 private key. Check the file: openssl pkey -in key.pem -noout',
  )
}

function rebuilt(text: string): string {
  const body = /-----BEGIN PRIVATE KEY-----([\s\S]*?)-----END PRIVATE KEY-----/.exec(text)?.[1]
  const base64 = body?.replace(/\\r|\\n|\s/g, '')
  if (base64 === undefined || !/^[A-Za-z0-9+/]+={0,2}$/.test(base64)) throw damagedPem()
  const lines = base64.replace(/.{64}(?=.)/g, '$&\n')
  return `-----BEGIN PRIVATE KEY-----\n${lines}\n-----END PRIVATE KEY-----\n`
}

function withoutPrivateKey(text: string, labels: readonly (string | undefined)[]): KeyError {
  const [label] = labels
  if (label?.endsWith('CERTIFICATE')) return publicOnly('a certificate')
  if (label?.endsWith('PUBLIC KEY')) return publicOnly('a public key')
  if (label !== undefined) return format('The PEM text holds no private key.')
  return format(`The key is ${textShape(text.trim())}`)
}

function textShape(text: string): string {
  if (text === '') return 'an empty string. Is the environment variable set?'
  if (text.startsWith('{')) return 'JSON text. Give the JWK itself: JSON.parse(text).'
  if (text.startsWith('LS0tLS1CRUdJTi')) {
    return 'base64 of a PEM. Decode it first: openssl base64 -d -A -in key.b64 -out key.pem'
  }
  const looksLikePath =
    text.length < 512 &&
    /^(file:|~?\/|\.{1,2}[\\/]|[A-Za-z]:\\)|\.(pem|key|p8|json|der)$/.test(text)
  if (looksLikePath && !/\s{2}|\n/.test(text))
    return 'a path, not a key. Read the file and give its text.'
  return 'text without a BEGIN PRIVATE KEY line. Give PKCS#8 PEM text or a JWK.'
}

function wrongContainer(shape: string): KeyError {
  return format(`The private key is ${shape}, not PKCS#8. Convert it: ${toPkcs8}`)
}

function publicOnly(shape: string): KeyError {
  return new KeyError(
    'ERR_NOT_PRIVATE_KEY',
    `The key is ${shape}. Give the private key that belongs to it.`,
  )
}

function format(message: string): KeyError {
  return new KeyError('ERR_KEY_FORMAT', message)
}
