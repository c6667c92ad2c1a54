import { Buffer } from 'node:buffer'
import { createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto'
import process from 'node:process'
import {
  createTokenProvider,
  type Jwk,
  type KeyInput,
  type TokenProviderOptions,
} from '@countersign/core'
import { type AuthorizationServer, createAuthorizationServer } from '@countersign/testing'
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest'
import { createCertificateAuthority } from '../../support/certificates.ts'
import { leakSearch } from '../../support/leak-search.ts'

const clientId = 'client-1'
const passphrase = 'correct horse battery staple'
const p256 = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey
const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey
const authority = await createCertificateAuthority('somebody')
let server: AuthorizationServer

beforeAll(async () => {
  server = await createAuthorizationServer()
  const keys = [p256, rsa].map((key) => createPublicKey(key).export({ format: 'jwk' }))
  server.register({ clientId, jwks: { keys } })
})
afterAll(() => server.close())
afterEach(() => {
  vi.restoreAllMocks()
})

/** Every dress in which a key was seen, that is put on any PEM or JWK text. */
const dresses: [name: string, dress: (text: string) => string][] = [
  ['as it is', (text) => text],
  ['with CRLF', (text) => text.replaceAll('\n', '\r\n')],
  ['with literal \\n', (text) => text.replaceAll('\n', '\\n')],
  ['with doubled \\\\n', (text) => text.replaceAll('\n', '\\\\n')],
  ['with literal \\r\\n', (text) => text.replaceAll('\n', '\\r\\n')],
  ['in double quotes', (text) => `"${text}"`],
  ['in single quotes', (text) => `'${text.trimEnd()}'`],
  ['in quotes twice, with literal \\n', (text) => `"'${text.replaceAll('\n', '\\n')}'"`],
  ['as a JSON string', (text) => JSON.stringify(text)],
  ['as a JSON string in a JSON string', (text) => JSON.stringify(JSON.stringify(text))],
  ['with a byte order mark', (text) => `\uFEFF${text}`],
  ['with blanks around it', (text) => `\n\t  ${text}  \n\n`],
  ['with indented lines', (text) => text.replaceAll(/^/gm, '    ')],
  ['with blanks at the ends of lines', (text) => text.replaceAll('\n', '  \n')],
  ['with blanks for line breaks', (text) => text.replaceAll('\n', ' ')],
  ['with lost line breaks', (text) => text.replaceAll('\n', '')],
  ['with all blanks lost', (text) => text.replaceAll(/\s/g, '')],
  ['in UTF-16 read as UTF-8', (text) => Buffer.from(`\uFEFF${text}`, 'utf16le').toString()],
  ['in base64', (text) => Buffer.from(text).toString('base64')],
  ['in base64 of UTF-16', (text) => Buffer.from(`\uFEFF${text}`, 'utf16le').toString('base64')],
  ['in base64 of no blanks', (text) => Buffer.from(text.replaceAll(/\s/g, '')).toString('base64')],
  ['in base64url', (text) => Buffer.from(text).toString('base64url')],
  ['in base64 with line breaks', (text) => wrapped(Buffer.from(text).toString('base64'))],
  ['in quoted base64', (text) => `"${Buffer.from(text).toString('base64')}"`],
]

const texts: [name: string, text: (key: KeyObject) => string][] = [
  ['PKCS#8', pkcs8],
  ['JWK text', (key) => JSON.stringify(key.export({ format: 'jwk' }), null, 2)],
  ['a JWK Set of one', (key) => JSON.stringify({ keys: [key.export({ format: 'jwk' })] })],
]

describe.each([
  ['EC', p256, 'ES256'],
  ['RSA', rsa, 'PS256'],
] as const)('an %s key', (kind, key, alg) => {
  describe.each(texts)('as %s', (_, text) => {
    test.each(dresses)('K7: %s signs, with and without node:crypto', async (_name, dress) => {
      await signs(dress(text(key)), alg)
      withoutNode()
      await signs(dress(text(key)), alg)
    })
  })

  describe.each<[string, string, (key: KeyObject) => string]>([
    kind === 'EC'
      ? ['SEC1', 'SEC1', (it) => String(it.export({ format: 'pem', type: 'sec1' }))]
      : ['PKCS#1', 'PKCS#1', (it) => String(it.export({ format: 'pem', type: 'pkcs1' }))],
    ['encrypted PKCS#8', 'encrypted PKCS#8', locked],
  ])('as %s', (_, container, text) => {
    test.each(dresses)('K5 K6: %s signs where there is node:crypto', async (_name, dress) => {
      await signs(dress(text(key)), alg, { passphrase })
    })

    test('K5 K6: elsewhere it is refused with the command that converts it', () => {
      withoutNode()
      expect(refusal(text(key), { passphrase, alg })).toMatchObject({
        name: 'KeyError',
        code: 'ERR_KEY_FORMAT',
        message: `The private key is ${container}, and this runtime has no node:crypto to read it with. Convert it: openssl pkcs8 -topk8 -nocrypt -in key.pem -out key.pkcs8.pem`,
      })
    })
  })

  test('K7: a certificate before the key is passed over', async () => {
    await signs(authority.cert + pkcs8(key), alg)
    await signs(pkcs8(key) + authority.cert, alg)
    withoutNode()
    await signs(authority.cert + pkcs8(key), alg)
  })

  test('K6: the passphrase may come with the key', async () => {
    await signs({ key: locked(key), passphrase }, alg)
    await signs(() => ({ key: locked(key), passphrase }), alg)
    await signs(() => locked(key), alg, { passphrase })
  })
})

test('K7: the JSON around a PEM, as accounts of services have it, is passed over', async () => {
  await signs(JSON.stringify({ type: 'account', private_key: pkcs8(rsa) }, null, 2), 'PS256')
})

test('K7: the escapes of JSON text stay its own: a kid is read as it was written', async () => {
  const publicJwk = createPublicKey(p256).export({ format: 'jwk' })
  for (const kid of ['a&b', 'tenant\\key', 'the "first"']) {
    server.register({ clientId: 'client-2', jwks: { keys: [{ ...publicJwk, kid }] } })
    const json = JSON.stringify({ ...jwkOf(p256), kid }).replaceAll('&', '\\u0026')
    for (const key of [json, `'${json}'`, Buffer.from(json).toString('base64')]) {
      await signs(key, 'ES256', { clientId: 'client-2' })
      expect(server.requests.at(-1)?.header).toMatchObject({ kid })
    }
  }
})

test('K7: the parameters that openssl writes before an EC key are passed over', async () => {
  const parameters =
    '-----BEGIN EC PARAMETERS-----\nBggqhkjOPQMBBw==\n-----END EC PARAMETERS-----\n'
  await signs(parameters + String(p256.export({ format: 'pem', type: 'sec1' })), 'ES256')
})

const makeEc = 'openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out key.pem'
const makeRsa = 'openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:2048 -out key.pem'
const convert = 'openssl pkcs8 -topk8 -nocrypt -in key.pem -out key.pkcs8.pem'
const notPrivate = `Give the private key that belongs to it; if that is lost, make a new pair and register it: ${makeEc}`
const damaged =
  'The PEM text is damaged or truncated: its content is not a key. Check the file it came from: openssl pkey -in key.pem -noout'

const cutBegin =
  'The BEGIN line of the PEM text is not whole. Quote the value where it is set, or give base64 of the PEM: openssl base64 -A -in key.pem'

type Refusal = [
  row: string,
  name: string,
  key: () => unknown,
  code: string,
  message: string,
  options?: Partial<TokenProviderOptions>,
]

const refused: Refusal[] = [
  [
    'K6',
    'an encrypted key without a passphrase',
    () => locked(p256),
    'ERR_KEY_FORMAT',
    `The private key is encrypted. Give its passphrase with the option 'passphrase', or decrypt it: ${convert}`,
  ],
  [
    'K6',
    'an encrypted key with another passphrase',
    () => locked(p256),
    'ERR_KEY_FORMAT',
    'The passphrase does not open the private key, or the PEM text is damaged. Try it: openssl pkey -in key.pem -noout',
    { passphrase: 'wrong' },
  ],
  [
    'K6',
    'a key encrypted in the old way',
    () => oldLocked(),
    'ERR_KEY_FORMAT',
    `The private key is encrypted in the old way (Proc-Type), not PKCS#8. Convert it: ${convert}`,
    { passphrase },
  ],
  [
    'K4',
    'a public key',
    () => createPublicKey(p256).export({ format: 'pem', type: 'spki' }),
    'ERR_NOT_PRIVATE_KEY',
    `The key is a public key. ${notPrivate}`,
  ],
  [
    'K4',
    'a public PKCS#1 key',
    () => createPublicKey(rsa).export({ format: 'pem', type: 'pkcs1' }),
    'ERR_NOT_PRIVATE_KEY',
    `The key is a public key. ${notPrivate}`,
  ],
  [
    'K4',
    'a certificate',
    () => authority.cert,
    'ERR_NOT_PRIVATE_KEY',
    `The key is a certificate. ${notPrivate}`,
  ],
  [
    'K4',
    'a set of public keys',
    () => ({ keys: [createPublicKey(p256).export({ format: 'jwk' })] }),
    'ERR_NOT_PRIVATE_KEY',
    `The key is a JWK Set without a private key. ${notPrivate}`,
  ],
  [
    'K8',
    'a key bound to RSA-PSS by its OID',
    () => pkcs8(generateKeyPairSync('rsa-pss', { modulusLength: 2048 }).privateKey),
    'ERR_KEY_FORMAT',
    `The key is bound to RSA-PSS by its OID, which Web Crypto cannot read. Make an RSA key (it signs PS256 too): ${makeRsa}`,
    { alg: 'PS256' },
  ],
  [
    'K3',
    'an Ed25519 key',
    () => pkcs8(generateKeyPairSync('ed25519').privateKey),
    'ERR_KEY_ALG_MISMATCH',
    'ES256 needs an EC P-256 key, got OKP Ed25519.',
  ],
  ['K15', 'a truncated PEM', () => pkcs8(rsa).slice(0, 900), 'ERR_KEY_FORMAT', damaged],
  [
    'K15',
    'a PEM that lost a line',
    () =>
      pkcs8(rsa)
        .split('\n')
        .filter((_, line) => line !== 5)
        .join('\n'),
    'ERR_KEY_FORMAT',
    damaged,
  ],
  [
    'K15',
    'only the BEGIN line',
    () => '-----BEGIN PRIVATE KEY-----',
    'ERR_KEY_FORMAT',
    'Of the PEM text only its BEGIN line is there: the rest was cut off at the first line break. Quote the value where it is set, or give base64 of the PEM: openssl base64 -A -in key.pem',
  ],
  [
    'K15',
    'an OpenSSH key',
    () =>
      '-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNzaC1rZXk=\n-----END OPENSSH PRIVATE KEY-----',
    'ERR_KEY_FORMAT',
    'The private key is in OpenSSH format, not PKCS#8. Convert a copy: ssh-keygen -p -m PKCS8 -f key.pem',
  ],
  [
    'K15',
    'two private keys',
    () => pkcs8(p256) + pkcs8(rsa),
    'ERR_KEY_FORMAT',
    'The PEM text holds more than one private key. Give one.',
  ],
  [
    'K15',
    'a path',
    () => '/etc/keys/private.pem',
    'ERR_KEY_FORMAT',
    "The key is a path. Read the file and give its text: readFileSync(path, 'utf8').",
  ],
  [
    'K15',
    'a Windows path',
    () => 'C:\\keys\\new.pem',
    'ERR_KEY_FORMAT',
    "The key is a path. Read the file and give its text: readFileSync(path, 'utf8').",
  ],
  [
    'K15',
    'an empty text',
    () => ' \n',
    'ERR_KEY_FORMAT',
    'The key is an empty string. Is the environment variable set?',
  ],
  [
    'K15',
    'an SSH public key',
    () => 'ssh-rsa AAAAB3NzaC1yc2E= me@here',
    'ERR_KEY_FORMAT',
    'The key is an SSH public key. Give the private key as PKCS#8 PEM.',
  ],
  [
    'K15',
    'a BEGIN line cut off at its first blank',
    () => '-----BEGIN',
    'ERR_KEY_FORMAT',
    cutBegin,
  ],
  [
    'K15',
    'a BEGIN line cut off at its second blank',
    () => '"-----BEGIN PRIVATE',
    'ERR_KEY_FORMAT',
    cutBegin,
  ],
  [
    'K6',
    'a key encrypted in a way that OpenSSL 3 left behind',
    oldCipher,
    'ERR_KEY_FORMAT',
    'The private key is encrypted in an old way that this runtime does not read. Convert it: openssl pkcs8 -topk8 -nocrypt -provider legacy -provider default -in key.pem -out key.pkcs8.pem',
    { passphrase },
  ],
  [
    'K15',
    'a client secret',
    () => 'hunter2-hunter2-hunter2',
    'ERR_KEY_FORMAT',
    `The key is text without a BEGIN line. Give a private key as PEM text or a JWK; make one: ${makeEc}`,
  ],
  [
    'K15',
    'truncated JWK text',
    () => JSON.stringify(jwkOf(p256)).slice(0, 90),
    'ERR_KEY_FORMAT',
    'The key is JSON text that is damaged or truncated. Give a JWK.',
  ],
  [
    'K15',
    'the file of a service account',
    () => ({ private_key: pkcs8(rsa) }),
    'ERR_KEY_FORMAT',
    'The key is a file around a key. Give its private_key.',
  ],
  [
    'K15',
    'the bytes of a public key',
    () => createPublicKey(p256).export({ format: 'der', type: 'spki' }),
    'ERR_NOT_PRIVATE_KEY',
    expect.stringMatching(/^The key is a public key\. /),
  ],
  [
    'K15',
    'the bytes of an empty file',
    () => new Uint8Array(),
    'ERR_KEY_FORMAT',
    'The key is an empty string. Is the environment variable set?',
  ],
  [
    'K15',
    'a key pair',
    () => ({ privateKey: p256 }),
    'ERR_KEY_FORMAT',
    'The key is a key pair. Give its privateKey.',
  ],
  [
    'K15',
    'a promise',
    () => Promise.resolve(pkcs8(p256)),
    'ERR_KEY_FORMAT',
    'The key is a promise. Give a function that returns it.',
  ],
  ['K15', 'null', () => null, 'ERR_KEY_FORMAT', 'The key is null, not a private key.'],
  [
    'K9',
    'a JWK for encryption',
    () => ({ ...jwkOf(p256), use: 'enc' }),
    'ERR_KEY_USE',
    "The use of the JWK is not 'sig'. Give a key for signing, or leave out use.",
  ],
  [
    'K9',
    'a JWK for verifying',
    () => ({ ...jwkOf(p256), key_ops: ['verify'] }),
    'ERR_KEY_USE',
    "The key_ops of the JWK do not include 'sign'. Give a key for signing.",
  ],
  [
    'K9',
    'a JWK of another algorithm',
    () => ({ ...jwkOf(rsa), alg: 'RS256' }),
    'ERR_KEY_ALG_MISMATCH',
    "The alg of the JWK is RS256, not PS256. Choose one with 'alg'.",
    { alg: 'PS256' },
  ],
  [
    'K9',
    'a symmetric JWK',
    () => ({ kty: 'oct', k: 'c2VjcmV0' }),
    'ERR_NOT_PRIVATE_KEY',
    `The key is a symmetric JWK (oct). ${notPrivate}`,
  ],
  [
    'K15',
    'a JWK whose kty is no text',
    () => ({ ...jwkOf(p256), kty: 1 }),
    'ERR_KEY_FORMAT',
    'The JWK has no kty.',
  ],
  [
    'K15',
    'an EC JWK without x',
    () => ({ ...jwkOf(p256), x: undefined }),
    'ERR_KEY_FORMAT',
    'The EC JWK lacks the member x.',
  ],
  [
    'K15',
    'an EC JWK with an empty y',
    () => ({ ...jwkOf(p256), y: '' }),
    'ERR_KEY_FORMAT',
    'The EC JWK lacks the member y.',
  ],
  [
    'K15',
    'an EC JWK with base64 in place of base64url',
    () => ({ ...jwkOf(p256), x: `+/${String(jwkOf(p256).x).slice(2)}` }),
    'ERR_KEY_FORMAT',
    'The member x of the JWK is not base64url.',
  ],
  [
    'K15',
    'a JWK whose kid is a number',
    () => ({ ...jwkOf(p256), kid: 7 }),
    'ERR_KEY_FORMAT',
    'The member kid of the JWK must be a string.',
  ],
  [
    'K15',
    'a kid beside the key that is a number',
    () => ({ key: pkcs8(p256), kid: 7 }),
    'ERR_KEY_FORMAT',
    'The kid of the key must be a string.',
  ],
  [
    'K15',
    'a PEM without a key',
    () => '-----BEGIN X509 CRL-----\nAA==\n-----END X509 CRL-----',
    'ERR_KEY_FORMAT',
    `The PEM text holds no private key. Make one: ${makeEc}`,
  ],
  [
    'K15',
    'a PEM of another kind of key',
    () => '-----BEGIN DSA PRIVATE KEY-----\nAA==\n-----END DSA PRIVATE KEY-----',
    'ERR_KEY_FORMAT',
    `The private key is of another kind, not PKCS#8. Convert it: ${convert}`,
  ],
  [
    'K15',
    'a JWK with an empty kid',
    () => ({ ...jwkOf(p256), kid: '' }),
    'ERR_KEY_FORMAT',
    'The member kid of the JWK must be a string.',
  ],
  [
    'K10',
    'an RSA JWK with the e of another',
    () => ({ ...jwkOf(rsa), e: 'Aw' }),
    'ERR_KEY_FORMAT',
    `The private key is damaged: its members do not belong together. Take it anew from where it was made, or make another: ${makeEc}`,
    { alg: 'PS256' },
  ],
  [
    'K10',
    'an RSA JWK with the d of another',
    () => ({ ...jwkOf(rsa), d: jwkOf(otherRsa).d }),
    'ERR_KEY_FORMAT',
    `The private key is damaged: its members do not belong together. Take it anew from where it was made, or make another: ${makeEc}`,
    { alg: 'PS256' },
  ],
  [
    'K4',
    'an object that is some other KeyObject',
    () => ({ type: `${pkcs8(p256)}`, export: () => ({}) }),
    'ERR_NOT_PRIVATE_KEY',
    `The key is not a private KeyObject. ${notPrivate}`,
  ],
  [
    'K10',
    'an EC JWK with the d of another',
    () => ({ ...jwkOf(p256), d: jwkOf(otherP256).d }),
    'ERR_KEY_FORMAT',
    `The private key is damaged: its members do not belong together. Take it anew from where it was made, or make another: ${makeEc}`,
  ],
  [
    'K10',
    'an RSA JWK with the n of another',
    () => ({ ...jwkOf(rsa), n: jwkOf(otherRsa).n }),
    'ERR_KEY_FORMAT',
    `The private key is damaged: its members do not belong together. Take it anew from where it was made, or make another: ${makeEc}`,
    { alg: 'PS256' },
  ],
  [
    'K15',
    'an empty kid beside the key',
    () => ({ key: pkcs8(p256), kid: '' }),
    'ERR_KEY_FORMAT',
    'The kid of the key is an empty string. Is the environment variable set?',
  ],
  [
    'K15',
    'a JWK Set with the secret in the place of its alg',
    () => ({ key: { keys: [jwkOf(p256)] }, alg: jwkOf(p256).d }),
    'ERR_UNSUPPORTED_ALG',
    'The algorithm is not supported. Use ES256, PS256 or RS256.',
  ],
  [
    'G12',
    'a JWK Set with an alg that nobody signs',
    () => ({ key: { keys: [jwkOf(p256)] }, alg: 'RS512' }),
    'ERR_UNSUPPORTED_ALG',
    "The algorithm 'RS512' is not supported. Use ES256, PS256 or RS256.",
  ],
  [
    'K10',
    'an EC JWK whose d is no scalar',
    () => ({ ...jwkOf(p256), d: 'AA' }),
    'ERR_KEY_FORMAT',
    `The private key is damaged: its members do not belong together. Take it anew from where it was made, or make another: ${makeEc}`,
  ],
]

describe('at construction', () => {
  test.each(refused)(
    '%s: %s is refused by its shape',
    (_row, _name, key, code, message, options) => {
      const error = refusal(key(), options)
      expect(error).toMatchObject({ name: expect.any(String), code, message })
      expect(search().leaks(error)).toEqual([])
    },
  )
})

describe('of a function, on the first call', () => {
  // What a function returns may be a promise.
  test.each(refused.filter(([, name]) => name !== 'a promise'))(
    '%s: %s is refused by its shape',
    async (_row, _name, key, code, message, options) => {
      const before = server.requests.length
      const tokens = provider(() => key() as KeyInput, options)
      const error = await tokens.getAccessToken().catch((thrown: unknown) => thrown)
      expect(error).toMatchObject({ code, message })
      expect(search().leaks(error)).toEqual([])
      expect(server.requests.length).toBe(before)
    },
  )
})

test.each([
  [
    'K8',
    'a key bound to RSA-PSS by its OID',
    () => pkcs8(generateKeyPairSync('rsa-pss', { modulusLength: 2048 }).privateKey),
    'ERR_KEY_FORMAT',
    `The key is bound to RSA-PSS by its OID, which Web Crypto cannot read. Make an RSA key (it signs PS256 too): ${makeRsa}`,
  ],
  [
    'K3',
    'a secp256k1 key',
    () => pkcs8(generateKeyPairSync('ec', { namedCurve: 'secp256k1' }).privateKey),
    'ERR_KEY_ALG_MISMATCH',
    `The key is neither RSA nor EC P-256. Make one: ${makeEc}`,
  ],
  ['K15', 'a PEM that it should know', () => pkcs8(p256), 'ERR_KEY_FORMAT', damaged],
])('%s: %s is told from damage where node:crypto does not know it, as in Bun', (...row) => {
  const [, , key, code, message] = row
  const text = key()
  const createPrivateKey = () => {
    throw new Error('UNSUPPORTED_ALGORITHM')
  }
  vi.spyOn(process, 'getBuiltinModule').mockReturnValue({ createPrivateKey } as never)
  expect(refusal(text)).toMatchObject({ code, message })
})

/** What is refused in the same words by Web Crypto alone. */
const alike = [
  'a key bound to RSA-PSS by its OID',
  'a PEM that lost a line',
  'an EC JWK with the d of another',
]

function refusalNamed(name: string): Refusal {
  const row = refused.find(([, one]) => one === name)
  if (row === undefined) throw new Error(`There is no row '${name}'.`)
  return row
}

describe('without node:crypto, on the first call', () => {
  test.each<Refusal>([
    ...alike.map(refusalNamed),
    [
      'K15',
      'a PEM whose base64 lost four characters',
      () => pkcs8(p256).replace(/.{4}(?=\n-----END)/, ''),
      'ERR_KEY_FORMAT',
      damaged,
    ],
    [
      'K3',
      'a P-384 key',
      () => pkcs8(generateKeyPairSync('ec', { namedCurve: 'P-384' }).privateKey),
      'ERR_KEY_ALG_MISMATCH',
      `The key is neither RSA nor EC P-256. Make one: ${makeEc}`,
    ],
    [
      'K3',
      'an Ed25519 key',
      () => pkcs8(generateKeyPairSync('ed25519').privateKey),
      'ERR_KEY_ALG_MISMATCH',
      `The key is neither RSA nor EC P-256. Make one: ${makeEc}`,
    ],
  ])('%s: %s is refused by its shape', async (_row, _name, key, code, message, options) => {
    withoutNode()
    const error = await provider(key() as KeyInput, options)
      .getAccessToken()
      .catch((thrown: unknown) => thrown)
    expect(error).toMatchObject({ code, message })
    expect(search().leaks(error)).toEqual([])
  })
})

const otherP256 = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey
const otherRsa = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey

/** Every line of the keys, in base64 of the whole too, and the passphrase. */
function search() {
  const found = leakSearch(p256, rsa, otherP256, otherRsa)
  found.add(passphrase, 'hunter2', Buffer.from(pkcs8(p256)).toString('base64').slice(60, 100))
  return found
}

test('K15: text of any length is refused in a moment, whatever it is made of', () => {
  const long = 1_000_000
  const texts = ['\\', '"', "'", ' ', 'a', '{', '-', '\\n', '-----BEGIN ', 'MI', '[']
  for (const part of texts) {
    for (const text of [part.repeat(long / part.length), `x${part.repeat(long / part.length)}x`])
      expect(refusal(text)).toMatchObject({ name: 'KeyError' })
  }
})

test('K15: the search finds a line of a key where there is one', () => {
  const line = pkcs8(rsa).split('\n')[3]
  expect(search().leaks(new Error(`unexpected ${line}`))).not.toEqual([])
})

async function signs(
  key: KeyInput | (() => KeyInput),
  alg: 'ES256' | 'PS256',
  options: Partial<TokenProviderOptions> = {},
): Promise<void> {
  const before = server.requests.length
  await provider(key, { alg, ...options }).getAccessToken()
  expect(server.requests.slice(before)).toMatchObject([{ status: 200, header: { alg } }])
}

function provider(key: unknown, options: Partial<TokenProviderOptions> = {}) {
  const { tokenEndpoint } = server
  return createTokenProvider({ clientId, tokenEndpoint, key: key as KeyInput, ...options })
}

function refusal(key: unknown, options?: Partial<TokenProviderOptions>): unknown {
  try {
    provider(key, options)
  } catch (error) {
    return error
  }
  throw new Error('the key was accepted')
}

/** As in a browser or on workerd without its Node modules. */
function withoutNode(): void {
  vi.spyOn(process, 'getBuiltinModule').mockReturnValue(undefined as never)
}

/** PBES1 with MD5 and DES (RFC 8018 section A.3), which openssl wrote by itself before 1.1. */
function oldCipher(): string {
  const der = '3026301b06092a864886f70d010503300e0408000102030405060702020800040700000000000000'
  const base64 = Buffer.from(der, 'hex').toString('base64')
  return `-----BEGIN ENCRYPTED PRIVATE KEY-----\n${base64}\n-----END ENCRYPTED PRIVATE KEY-----\n`
}

function pkcs8(key: KeyObject): string {
  return String(key.export({ format: 'pem', type: 'pkcs8' }))
}

function locked(key: KeyObject): string {
  const cipher = 'aes-256-cbc'
  return String(key.export({ format: 'pem', type: 'pkcs8', cipher, passphrase }))
}

function oldLocked(): string {
  return String(rsa.export({ format: 'pem', type: 'pkcs1', cipher: 'aes-256-cbc', passphrase }))
}

function jwkOf(key: KeyObject): Jwk {
  return key.export({ format: 'jwk' })
}

function wrapped(base64: string): string {
  return base64.replaceAll(/.{76}/g, '$&\n')
}
