import { Buffer } from 'node:buffer'
import { createPublicKey, createSecretKey, generateKeyPairSync, type KeyObject } from 'node:crypto'
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

/** The changes that text of a key was seen with. */
const changes: [name: string, change: (text: string) => string][] = [
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
  ['with whitespace around it', (text) => `\n\t  ${text}  \n\n`],
  ['with indented lines', (text) => text.replaceAll(/^/gm, '    ')],
  ['with spaces at the ends of lines', (text) => text.replaceAll('\n', '  \n')],
  ['with spaces for line breaks', (text) => text.replaceAll('\n', ' ')],
  ['without line breaks', (text) => text.replaceAll('\n', '')],
  ['without whitespace', (text) => text.replaceAll(/\s/g, '')],
  ['in UTF-16 read as UTF-8', (text) => Buffer.from(`\uFEFF${text}`, 'utf16le').toString()],
  ['in base64', (text) => Buffer.from(text).toString('base64')],
  ['in base64 of UTF-16', (text) => Buffer.from(`\uFEFF${text}`, 'utf16le').toString('base64')],
  [
    'in base64 of text without whitespace',
    (text) => Buffer.from(text.replaceAll(/\s/g, '')).toString('base64'),
  ],
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
    test.each(changes)(
      '%s signs, with and without node:crypto',
      { tags: ['K7'] },
      async (_name, change) => {
        await signs(change(text(key)), alg)
        withoutNode()
        await signs(change(text(key)), alg)
      },
    )
  })

  describe.each<[string, string, (key: KeyObject) => string]>([
    kind === 'EC'
      ? ['SEC1', 'EC PRIVATE KEY', (it) => String(it.export({ format: 'pem', type: 'sec1' }))]
      : ['PKCS#1', 'RSA PRIVATE KEY', (it) => String(it.export({ format: 'pem', type: 'pkcs1' }))],
    ['encrypted PKCS#8', 'ENCRYPTED PRIVATE KEY', locked],
  ])('as %s', { tags: ['K6'] }, (_, label, text) => {
    test.each(changes)('%s signs where there is node:crypto', async (_name, change) => {
      await signs(change(text(key)), alg, { passphrase })
    })

    test('elsewhere it is rejected with the command that converts it', () => {
      withoutNode()
      expect(rejectionOf(text(key), { passphrase, alg })).toMatchObject({
        name: 'KeyError',
        code: 'ERR_KEY_FORMAT',
        message: `Reading BEGIN ${label} requires node:crypto. Convert the key: openssl pkcs8 -topk8 -nocrypt -in key.pem -out key.pkcs8.pem`,
      })
    })
  })

  test('a certificate next to the key is ignored', { tags: ['K7'] }, async () => {
    await signs(authority.cert + pkcs8(key), alg)
    await signs(pkcs8(key) + authority.cert, alg)
    withoutNode()
    await signs(authority.cert + pkcs8(key), alg)
  })

  test('the passphrase may come with the key', { tags: ['K6'] }, async () => {
    await signs({ key: locked(key), passphrase }, alg)
    await signs(() => ({ key: locked(key), passphrase }), alg)
    await signs(() => locked(key), alg, { passphrase })
  })
})

test('the JSON around a PEM, as in the file of a service account, is ignored', {
  tags: ['K7'],
}, async () => {
  await signs(JSON.stringify({ type: 'account', private_key: pkcs8(rsa) }, null, 2), 'PS256')
})

test('the escapes of JSON text are kept: a kid is read as it was written', {
  tags: ['K7'],
}, async () => {
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

test('the parameters that openssl writes before an EC key are ignored', {
  tags: ['K7'],
}, async () => {
  const parameters =
    '-----BEGIN EC PARAMETERS-----\nBggqhkjOPQMBBw==\n-----END EC PARAMETERS-----\n'
  await signs(parameters + String(p256.export({ format: 'pem', type: 'sec1' })), 'ES256')
})

const makeEc = 'openssl genpkey -out new-key.pem -algorithm EC -pkeyopt ec_paramgen_curve:P-256'
const makeRsa = 'openssl genpkey -out new-key.pem -algorithm RSA -pkeyopt rsa_keygen_bits:2048'
const mismatched =
  'The private key is damaged: its public and private members do not match. Export the key again.'
const convert = 'openssl pkcs8 -topk8 -nocrypt -in key.pem -out key.pkcs8.pem'
const damaged = 'The PEM is damaged or truncated. Check the file: openssl pkey -in key.pem -noout'

/** The rows of the matrix that the rejections prove. */
const tags = ['K3', 'K4', 'K5', 'K6', 'K8', 'K9', 'K10', 'K15', 'G12']

type Rejection = [
  name: string,
  key: () => unknown,
  code: string,
  message: string,
  options?: Partial<TokenProviderOptions> | undefined,
]
type Keys = Readonly<Record<string, () => unknown>>

/** Returns a row for each of the keys, which are rejected alike. */
function rejectWith(
  [code, message]: readonly [code: string, message: string],
  keys: Keys,
  options?: Partial<TokenProviderOptions>,
): readonly Rejection[] {
  return Object.entries(keys).map(([name, key]) => [name, key, code, message, options])
}

const format = (message: string) => ['ERR_KEY_FORMAT', message] as const
const notPrivate = (what: string) =>
  [
    'ERR_NOT_PRIVATE_KEY',
    `The key is ${what}. Pass the private key, or create and register a new one: ${makeEc}`,
  ] as const
const undecryptable = `The private key cannot be decrypted. Check the passphrase, or convert the key: ${convert} -provider legacy -provider default`
const kidMessage = 'The kid of the key must be a non-empty string.'

const rejected: readonly Rejection[] = [
  rejectWith(
    format(`The private key is encrypted. Set 'passphrase', or decrypt the key: ${convert}`),
    { 'an encrypted key without a passphrase': () => locked(p256) },
  ),
  rejectWith(
    format(undecryptable),
    { 'an encrypted key with another passphrase': () => locked(p256) },
    { passphrase: 'wrong' },
  ),
  rejectWith(
    format(undecryptable),
    { 'a key with an encryption that OpenSSL 3 does not support': oldCipher },
    { passphrase },
  ),
  rejectWith(
    format(`The private key has a legacy encryption (Proc-Type). Convert it: ${convert}`),
    { 'a key with the legacy encryption of its PEM': oldLocked },
    { passphrase },
  ),
  rejectWith(notPrivate('a public key'), {
    'a public key': () => createPublicKey(p256).export({ format: 'pem', type: 'spki' }),
    'a public PKCS#1 key': () => createPublicKey(rsa).export({ format: 'pem', type: 'pkcs1' }),
    'the bytes of a public key': () =>
      createPublicKey(p256).export({ format: 'der', type: 'spki' }),
  }),
  rejectWith(notPrivate('a certificate'), { 'a certificate': () => authority.cert }),
  rejectWith(notPrivate('a JWK Set without a private key'), {
    'a set of public keys': () => ({ keys: [createPublicKey(p256).export({ format: 'jwk' })] }),
  }),
  rejectWith(notPrivate('a symmetric JWK (oct)'), {
    'a symmetric JWK': () => ({ kty: 'oct', k: 'c2VjcmV0' }),
    'a secret KeyObject': () => createSecretKey('hunter2', 'utf8'),
  }),
  rejectWith(
    format(
      `Web Crypto does not support keys with the OID of RSA-PSS. Create an RSA key, which signs PS256 too: ${makeRsa}`,
    ),
    { 'a key bound to RSA-PSS by its OID': () => pkcs8(createPrivate('rsa-pss')) },
    { alg: 'PS256' },
  ),
  rejectWith(['ERR_KEY_ALG_MISMATCH', unsupported('OKP Ed25519')], {
    'an Ed25519 key': () => pkcs8(createPrivate('ed25519')),
  }),
  rejectWith(['ERR_KEY_ALG_MISMATCH', unsupported('(not shown) P-256')], {
    'a JWK whose kty is not a string': () => ({ ...jwkOf(p256), kty: 1 }),
  }),
  rejectWith(
    ['ERR_KEY_ALG_MISMATCH', 'PS256 needs an RSA key, got RSA with alg RS256.'],
    { 'a JWK of another algorithm': () => ({ ...jwkOf(rsa), alg: 'RS256' }) },
    { alg: 'PS256' },
  ),
  rejectWith(format(damaged), {
    'a truncated PEM': () => pkcs8(rsa).slice(0, 900),
    'a PEM that lost a line': () => pkcs8(rsa).split('\n').toSpliced(5, 1).join('\n'),
  }),
  rejectWith(
    format(
      'The PEM contains only its BEGIN line. The rest was lost at the first line break: put the value in quotes, or pass base64 of the PEM: openssl base64 -A -in key.pem',
    ),
    {
      'only the BEGIN line': () => '-----BEGIN PRIVATE KEY-----',
      'a BEGIN line cut off at its first space': () => '-----BEGIN',
      'a BEGIN line cut off at its second space': () => '"-----BEGIN PRIVATE',
    },
  ),
  rejectWith(
    format(
      'The private key is in OpenSSH format. Convert a copy: ssh-keygen -p -m PKCS8 -f key.pem',
    ),
    { 'an OpenSSH key': () => wrapIn('OPENSSH PRIVATE KEY', 'b3BlbnNzaC1rZXk=') },
  ),
  rejectWith(format('The PEM contains more than one private key. Pass one.'), {
    'two private keys': () => pkcs8(p256) + pkcs8(rsa),
  }),
  rejectWith(format(`The PEM contains no supported key. Create one: ${makeEc}`), {
    'a PEM without a key': () => wrapIn('X509 CRL', 'AA=='),
    'a PEM of another kind of key': () => wrapIn('DSA PRIVATE KEY', 'AA=='),
  }),
  rejectWith(
    format("The key is a file path. Pass the content of the file: readFileSync(path, 'utf8')."),
    { 'a path': () => '/etc/keys/private.pem', 'a Windows path': () => 'C:\\keys\\new.pem' },
  ),
  rejectWith(format('The key is an empty string. Check that the environment variable is set.'), {
    'an empty text': () => ' \n',
    'the bytes of an empty file': () => new Uint8Array(),
  }),
  rejectWith(format('The key is text without a BEGIN line. Pass PEM or a JWK.'), {
    'a client secret': () => 'hunter2-hunter2-hunter2',
  }),
  rejectWith(format('The key is damaged or truncated JSON. Pass a complete JWK.'), {
    'truncated JWK text': () => JSON.stringify(jwkOf(p256)).slice(0, 90),
  }),
  rejectWith(format('The key is an object without kty. Pass PEM or a JWK.'), {
    'a key pair': () => ({ privateKey: p256 }),
  }),
  rejectWith(format('The key is a promise. Pass a function that returns it.'), {
    'a promise': () => Promise.resolve(pkcs8(p256)),
  }),
  rejectWith(format('The key is null. Pass PEM or a JWK.'), { null: () => null }),
  rejectWith(
    [
      'ERR_KEY_USE',
      "The JWK is not for signing. Set 'use' to 'sig' and 'key_ops' to ['sign'], or omit them.",
    ],
    {
      'a JWK for encryption': () => ({ ...jwkOf(p256), use: 'enc' }),
      'a JWK for verifying': () => ({ ...jwkOf(p256), key_ops: ['verify'] }),
    },
  ),
  rejectWith(format("Member 'x' of the JWK is missing, too long or not base64url."), {
    'an EC JWK without x': () => ({ ...jwkOf(p256), x: undefined }),
    'an EC JWK with a member that is not base64url': () => ({ ...jwkOf(p256), x: '!AAA' }),
  }),
  rejectWith(format("Member 'y' of the JWK is missing, too long or not base64url."), {
    'an EC JWK with an empty y': () => ({ ...jwkOf(p256), y: '' }),
  }),
  rejectWith(format(kidMessage), {
    'a JWK whose kid is a number': () => ({ ...jwkOf(p256), kid: 7 }),
    'a JWK with an empty kid': () => ({ ...jwkOf(p256), kid: '' }),
    'a kid next to the key that is a number': () => ({ key: pkcs8(p256), kid: 7 }),
    'an empty kid next to the key': () => ({ key: pkcs8(p256), kid: '' }),
  }),
  rejectWith(
    format(mismatched),
    {
      'an RSA JWK with the e of another': () => ({ ...jwkOf(rsa), e: 'Aw' }),
      'an RSA JWK with the d of another': () => ({ ...jwkOf(rsa), d: jwkOf(otherRsa).d }),
      'an RSA JWK with the n of another': () => ({ ...jwkOf(rsa), n: jwkOf(otherRsa).n }),
    },
    { alg: 'PS256' },
  ),
  rejectWith(format(mismatched), {
    'an EC JWK with the d of another': () => ({ ...jwkOf(p256), d: jwkOf(otherP256).d }),
    'an EC JWK whose d is not a scalar': () => ({ ...jwkOf(p256), d: 'AA' }),
  }),
  ...['(not shown)', 'RS512'].map((shown) =>
    rejectWith(
      ['ERR_UNSUPPORTED_ALG', `Algorithm '${shown}' is not supported. Use ES256, PS256 or RS256.`],
      {
        [`a JWK Set with the alg ${shown}`]: () => ({
          key: { keys: [jwkOf(p256)] },
          alg: shown === 'RS512' ? shown : jwkOf(p256).d,
        }),
      },
    ),
  ),
].flat()

describe('at construction', () => {
  test.each(rejected)(
    'rejects %s, and names it',
    { tags },
    (_name, key, code, message, options) => {
      const error = rejectionOf(key(), options)
      expect(error).toMatchObject({ name: expect.any(String), code, message })
      expect(search().leaks(error)).toEqual([])
    },
  )
})

describe('of a function, on the first call', () => {
  // A key function may return a promise.
  test.each(rejected.filter(([name]) => name !== 'a promise'))(
    'rejects %s, and names it',
    { tags },
    async (_name, key, code, message, options) => {
      const before = server.requests.length
      const tokens = provider(() => key() as KeyInput, options)
      const error = await tokens.getAccessToken().catch((thrown: unknown) => thrown)
      expect(error).toMatchObject({ code, message })
      expect(search().leaks(error)).toEqual([])
      expect(server.requests.length).toBe(before)
    },
  )
})

test.each<Rejection>([
  findRejection('a key bound to RSA-PSS by its OID'),
  [
    'a secp256k1 key',
    () => pkcs8(generateKeyPairSync('ec', { namedCurve: 'secp256k1' }).privateKey),
    'ERR_KEY_ALG_MISMATCH',
    unsupported('unknown OID'),
  ],
  ['a PEM that it should know', () => pkcs8(p256), 'ERR_KEY_FORMAT', damaged],
])(
  'distinguishes %s from damage where node:crypto does not support it, as in Bun',
  { tags: ['K3', 'K8', 'K15'] },
  (_name, key, code, message, options) => {
    const text = key()
    const createPrivateKey = () => {
      throw new Error('UNSUPPORTED_ALGORITHM')
    }
    vi.spyOn(process, 'getBuiltinModule').mockReturnValue({ createPrivateKey } as never)
    expect(rejectionOf(text, options)).toMatchObject({ code, message })
  },
)

/** Rejected with the same message by Web Crypto alone. */
const alike = [
  'a key bound to RSA-PSS by its OID',
  'a PEM that lost a line',
  'an EC JWK with the d of another',
]

function findRejection(name: string): Rejection {
  const row = rejected.find(([one]) => one === name)
  if (row === undefined) throw new Error(`No row '${name}'.`)
  return row
}

describe('without node:crypto, on the first call', () => {
  test.each<Rejection>([
    ...alike.map(findRejection),
    [
      'a PEM whose base64 lost four characters',
      () => pkcs8(p256).replace(/.{4}(?=\n-----END)/, ''),
      'ERR_KEY_FORMAT',
      damaged,
    ],
    [
      'a P-384 key',
      () => pkcs8(generateKeyPairSync('ec', { namedCurve: 'P-384' }).privateKey),
      'ERR_KEY_ALG_MISMATCH',
      unsupported('unknown OID'),
    ],
    [
      'an Ed25519 key',
      () => pkcs8(createPrivate('ed25519')),
      'ERR_KEY_ALG_MISMATCH',
      unsupported('unknown OID'),
    ],
  ])('rejects %s, and names it', { tags }, async (_name, key, code, message, options) => {
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

test('long text is rejected in linear time', { tags: ['K15'] }, () => {
  const long = 1_000_000
  const texts = ['\\', '"', "'", ' ', 'a', '{', '-', '\\n', '-----BEGIN ', 'MI', '[']
  for (const part of texts) {
    for (const text of [part.repeat(long / part.length), `x${part.repeat(long / part.length)}x`])
      expect(rejectionOf(text)).toMatchObject({ name: 'KeyError' })
  }
})

test('the search finds a line of a key where there is one', { tags: ['K15'] }, () => {
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

function rejectionOf(key: unknown, options?: Partial<TokenProviderOptions>): unknown {
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

/** PBES1 with MD5 and DES (RFC 8018 section A.3), the default of openssl before 1.1. */
function oldCipher(): string {
  const der = '3026301b06092a864886f70d010503300e0408000102030405060702020800040700000000000000'
  const base64 = Buffer.from(der, 'hex').toString('base64')
  return wrapIn('ENCRYPTED PRIVATE KEY', base64)
}

function unsupported(kind: string): string {
  return `Unsupported key: ${kind}. Create an EC P-256 or RSA key: ${makeEc}`
}

function createPrivate(kind: 'rsa-pss' | 'ed25519'): KeyObject {
  return kind === 'ed25519'
    ? generateKeyPairSync(kind).privateKey
    : generateKeyPairSync(kind, { modulusLength: 2048 }).privateKey
}

function wrapIn(label: string, base64: string): string {
  return `-----BEGIN ${label}-----\n${base64}\n-----END ${label}-----\n`
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
