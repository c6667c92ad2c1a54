import { generateKeyPairSync, type KeyObject, randomUUID, sign } from 'node:crypto'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type AuthorizationServer, createAuthorizationServer } from '@countersign/testing'
import { SignJWT } from 'jose'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { countersign, documentOf, onTerminal, scratchFolder } from './command-line.ts'

interface Finding {
  level: string
  subject: string
  message: string
}
interface Inspected {
  kind: string
  source: string
  header: object
  claims: object
  times: Record<string, { seconds: number; utc: string; secondsFromNow: number }>
  findings: Finding[]
  ok: boolean
}

const key = generateKeyPairSync('ec', { namedCurve: 'P-256' })
const other = generateKeyPairSync('ec', { namedCurve: 'P-256' })
const now = Math.floor(Date.now() / 1000)
const jti = 'jti-0123456789abcdef'
const good = {
  iss: 'a',
  sub: 'a',
  aud: 'https://as.example.com/token',
  jti,
  iat: now - 5,
  exp: now + 250,
}
const token = {
  iss: 'https://as.example.com',
  sub: 'a',
  client_id: 'a',
  aud: 'api',
  scope: 'read',
  iat: now,
  exp: now + 600,
}
const header = { alg: 'ES256', typ: 'JWT', kid: 'one' }

const signed = (claims: object, head: object = header, by: KeyObject = key.privateKey) =>
  new SignJWT({ ...claims }).setProtectedHeader(head as { alg: string }).sign(by)
const unsigned = (head: object, claims: object) =>
  `${[head, claims].map((part) => Buffer.from(JSON.stringify(part)).toString('base64url')).join('.')}.AAAA`

let folder: Awaited<ReturnType<typeof scratchFolder>>

beforeAll(async () => {
  folder = await scratchFolder()
  const jwk = (pair: typeof key, kid: string) => ({
    ...pair.publicKey.export({ format: 'jwk' }),
    kid,
  })
  const files = {
    'own.json': JSON.stringify({ keys: [jwk(key, 'one')] }),
    'one.json': JSON.stringify({ keys: [jwk(other, 'two'), jwk(key, 'one')] }),
    'swapped.json': JSON.stringify({ keys: [jwk(key, 'two'), jwk(other, 'one')] }),
    'unknown.json': JSON.stringify({ keys: [jwk(key, 'three')] }),
    'key.pub.pem': String(key.publicKey.export({ type: 'spki', format: 'pem' })),
    'key.pub.json': JSON.stringify(jwk(key, 'one')),
    'other.pub.pem': String(other.publicKey.export({ type: 'spki', format: 'pem' })),
    'leaked.json': JSON.stringify({ keys: [key.privateKey.export({ format: 'jwk' })] }),
  }
  for (const [name, text] of Object.entries(files)) await writeFile(join(folder.path, name), text)
})
afterAll(() => folder[Symbol.asyncDispose]())

const inspect = (stdin: string, ...args: string[]) =>
  countersign(['inspect', ...args], { cwd: folder.path, stdin })

async function inspected(
  stdin: string,
  ...args: string[]
): Promise<Inspected & { code: number | null }> {
  const ended = await inspect(stdin, '--json', ...args)
  expect(ended.stderr).toBe('')
  return { ...documentOf<Inspected>(ended), code: ended.code }
}

const bad = ({ findings }: Inspected) =>
  findings.filter(({ level }) => level !== 'ok').map(({ level, message }) => `${level}: ${message}`)
const notVerified = 'warning: The signature was not verified: pass --jwks or --public-key.'

test('of a good assertion every finding is ok, and it ends with 0', async () => {
  const seen = await inspected(await signed(good), '--jwks', 'one.json')
  expect(bad(seen)).toEqual([])
  expect(seen).toMatchObject({
    code: 0,
    ok: true,
    kind: 'client-assertion',
    source: 'a bare JWT',
    header,
    claims: good,
  })
  expect(seen.findings.map(({ subject }) => subject)).toEqual([
    'alg',
    'typ',
    'kid',
    'iss, sub',
    'aud',
    'exp',
    'iat',
    'lifetime',
    'jti',
    'signature',
  ])
  const { exp } = seen.times
  expect(exp).toMatchObject({
    seconds: good.exp,
    utc: `${new Date(good.exp * 1000).toISOString().slice(0, 19).replace('T', ' ')} UTC`,
  })
  expect(exp?.secondsFromNow).toBeGreaterThan(100)
})

test('people read header, claims with their dates, and findings; the signature is not shown', async () => {
  const jwt = await signed(good)
  const { code, stdout, stderr } = await inspect(jwt, '--public-key', 'key.pub.pem')
  expect([code, stderr]).toEqual([0, ''])
  expect(stdout).toMatch(
    /^Client assertion \(a bare JWT\)\n\nHeader\n {2}alg {2}"ES256"\n {2}typ {2}"JWT"\n/,
  )
  expect(stdout).toMatch(
    /\n {2}exp {2}\d{10} {2}\d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC, in \d min( \d+ s)?\n/,
  )
  expect(stdout).toMatch(/\n {2}iat {2}\d{10} {2}.* UTC, (\d+ min )?\d+ s ago\n/)
  expect(stdout).toContain('  ok       The signature is by a given key. RFC 7515 section 5.2\n')
  expect(stdout).not.toContain(jwt.split('.')[2])
})

test('each finding is a sentence', async () => {
  const odd = { ...good, aud: 'x', jti: '1', nbf: now + 60, exp: now - 60, iss: 'b' }
  for (const claims of [
    good,
    odd,
    token,
    { ...token, aud: 'x', scope: 'a', exp: now * 1000 },
    {},
  ]) {
    const { findings } = await inspected(await signed(claims))
    for (const { message } of findings) expect(message).toMatch(/^[A-Z].*\.$/)
  }
})

test('in colours on a terminal', async () => {
  await writeFile(join(folder.path, 'late.txt'), await signed({ ...good, exp: now - 7200 }))
  const { code, screen } = await onTerminal(['inspect', 'late.txt'], { cwd: folder.path })
  expect(code).toBe(1)
  expect(screen).toContain('  \u001b[32mok\u001b[39m       The alg is ES256.')
  expect(screen).toContain('  \u001b[31merror\u001b[39m    The assertion has expired.')
})

test('a terminal is not waited for', async () => {
  const { code, screen } = await onTerminal(['inspect'], { cwd: folder.path })
  expect(code).toBe(2)
  expect(screen).toContain('<file> is stdin, which is a terminal. Pass a file or use a pipe.')
})

const form = (jwt: string) =>
  `grant_type=client_credentials&client_id=a&client_assertion=${jwt}&scope=read`

test.each<[string, (jwt: string) => string, string]>([
  ['bare', (jwt) => `\n${jwt}\n`, 'a bare JWT'],
  ['quoted', (jwt) => `"${jwt}"`, 'a bare JWT'],
  ['in broken lines', (jwt) => jwt.replace(/.{64}/g, '$&\n  '), 'a bare JWT'],
  ['in a form', form, 'client_assertion of the form'],
  [
    'in a whole request',
    (jwt) => `POST /token HTTP/1.1\r\nHost: as.example.com\r\n\r\n${form(jwt)}`,
    'client_assertion of the form',
  ],
  [
    'in a curl line',
    (jwt) => `curl -d 'client_assertion=${jwt}' https://as.example.com/token`,
    'client_assertion of the form',
  ],
  ['in JSON', (jwt) => JSON.stringify({ client_assertion: jwt }), 'client_assertion of the JSON'],
  [
    'as assert --json has it',
    (jwt) => JSON.stringify({ assertion: jwt }),
    'client_assertion of the JSON',
  ],
])('an assertion is found %s', async (_, dressed, source) => {
  const seen = await inspected(dressed(await signed(good)), '--jwks', 'one.json')
  expect(bad(seen)).toEqual([])
  expect(seen).toMatchObject({ source, kind: 'client-assertion', claims: good })
})

test.each<[string, (jwt: string) => string, string]>([
  ['bare', (jwt) => jwt, 'a bare JWT'],
  [
    'in a token response',
    (jwt) => JSON.stringify({ token_type: 'Bearer', access_token: jwt }),
    'access_token of the JSON',
  ],
  [
    'as token --json has it',
    (jwt) => JSON.stringify({ token: jwt, tokenType: 'Bearer' }),
    'token of the JSON',
  ],
  ['in a header', (jwt) => `Authorization: Bearer ${jwt}`, 'the Authorization header'],
  ['in the value of a header', (jwt) => `Bearer ${jwt}`, 'the Authorization header'],
  [
    'in a whole request',
    (jwt) => `GET / HTTP/1.1\r\nauthorization: bearer ${jwt}\r\nhost: api\r\n\r\n`,
    'the Authorization header',
  ],
])('an access token is found %s, and judged as one', async (_, dressed, source) => {
  const seen = await inspected(dressed(await signed(token)), '--jwks', 'one.json')
  expect(bad(seen)).toEqual([])
  expect(seen).toMatchObject({ source, kind: 'access-token', code: 0 })
  expect(seen.findings.map(({ subject }) => subject)).toEqual([
    'alg',
    'exp',
    'iat',
    'aud',
    'scope',
    'signature',
  ])
})

test.each<[string, object, string[]]>([
  ['is over', { exp: now - 60 }, ['error: The access token has expired.']],
  [
    'names no API and no scope',
    { aud: undefined, scope: undefined },
    ['warning: The aud is missing: ', 'warning: The scope is missing: '],
  ],
])('an access token that %s', async (_, claims, messages) => {
  const seen = await inspected(
    await signed({ ...token, ...claims }, { ...header, typ: 'at+jwt' }),
    '--jwks',
    'one.json',
  )
  expect(seen.kind).toBe('access-token')
  expect(bad(seen)).toEqual(messages.map((message) => expect.stringContaining(message)))
})

test.each<[string, object, string]>([
  [
    'exp in milliseconds',
    { exp: (now + 60) * 1000 },
    'error: The exp is in milliseconds, and must be in seconds.',
  ],
  [
    'iat in milliseconds',
    { iat: now * 1000 },
    'error: The iat is in milliseconds, and must be in seconds.',
  ],
  [
    'exp as text',
    { exp: String(now + 60) },
    `error: The exp is not a number of seconds, but "${now + 60}".`,
  ],
  ['no exp', { exp: undefined }, 'error: The exp is missing.'],
  ['no iat', { iat: undefined }, 'warning: The iat is missing, and some servers require it.'],
  [
    'iat that is half a minute ahead',
    { iat: now + 30 },
    'warning: The iat is ahead, by no more than the 60 s that most servers tolerate.',
  ],
  [
    'a lifetime of an hour',
    { iat: now - 5, exp: now + 3595 },
    'error: The exp is more than 300 s ahead.',
  ],
  [
    'a lifetime that began early',
    { iat: now - 250, exp: now + 250 },
    'error: The lifetime is more than 300 s.',
  ],
  ['aud as a list', { aud: [good.aud, 'b'] }, 'error: The aud is not one string.'],
  ['no aud', { aud: undefined }, 'error: The aud is not one string.'],
  [
    'aud without TLS',
    { aud: 'http://as.example.com' },
    'error: The aud is http://as.example.com, which is not https.',
  ],
  [
    'aud that is no URL',
    { aud: 'my-server' },
    'warning: The aud is my-server, and most servers require an https URL.',
  ],
  ['iss and sub that differ', { sub: 'b' }, 'error: The sub is "b", and must be "a" as iss is.'],
  ['no sub', { sub: undefined }, 'error: The sub is missing, and must be "a" as iss is.'],
  [
    'no jti',
    { jti: undefined },
    'error: The jti is missing, and without it a replay is not detected.',
  ],
  ['a short jti', { jti: '1' }, 'warning: The jti has 1 characters; 16 or more cannot be guessed.'],
])('%s is found in an assertion', async (_, claims, message) => {
  const seen = await inspected(await signed({ ...good, ...claims }), '--jwks', 'one.json')
  expect(bad(seen)).toEqual([message])
  expect(seen.code).toBe(message.startsWith('error') ? 1 : 0)
})

test('finds an assertion that expired before it was issued', async () => {
  const seen = await inspected(await signed({ ...good, exp: good.iat }), '--jwks', 'one.json')
  expect(bad(seen)).toEqual([
    'error: The assertion has expired.',
    'error: The exp is not after iat.',
  ])
})

test.each([
  ['iat', 'The iat is ahead.'],
  ['nbf', 'The assertion is not valid yet.'],
])('%s ahead is found in an assertion', async (name, message) => {
  const ahead = { ...good, [name]: now + 90 }
  const seen = await inspected(await signed(ahead), '--jwks', 'one.json')
  expect(bad(seen)).toEqual([`error: ${message}`])
})

test.each<[string, object, string]>([
  ['alg none', { alg: 'none' }, 'error: The alg is none: nothing is signed.'],
  [
    'a shared secret',
    { alg: 'HS256' },
    'error: The alg HS256 signs with a shared secret instead of a key pair.',
  ],
  [
    'another algorithm',
    { alg: 'RS512' },
    'warning: The alg is "RS512", and most servers accept only ES256, PS256, RS256.',
  ],
  ['no alg', { alg: undefined }, 'error: The alg is missing.'],
  ['no typ', { typ: undefined }, 'warning: The typ is missing, and some servers require "JWT".'],
  [
    'another typ',
    { typ: 'JOSE' },
    'error: The typ is "JOSE", and must name a client assertion, such as "JWT".',
  ],
  ['a kid that is no text', { kid: 1 }, 'error: The kid must be a string, and is 1.'],
])('%s is found in a header', async (_, members, message) => {
  const seen = await inspected(unsigned({ ...header, ...members }, good))
  expect(bad(seen)).toEqual([message, notVerified])
})

test('a profile judges by the rules of its provider', async () => {
  const aud = 'https://login.jackhenry.com/a/oidc-provider/api/v0/token'
  const profile = ['--profile', 'jack-henry', '--jwks', 'one.json']
  expect(bad(await inspected(await signed({ ...good, aud }), ...profile))).toEqual([])
  expect(bad(await inspected(await signed(good), ...profile))).toEqual([
    `error: The aud is ${good.aud}, and must be ${aud}.`,
  ])
  const foreign = unsigned({ ...header, alg: 'RS512' }, { ...good, aud })
  expect(bad(await inspected(foreign, '--profile', 'jack-henry'))[0]).toBe(
    'error: The alg RS512 is not allowed; ES256, PS256, RS256 are.',
  )
})

test.each<[string, string[], string]>([
  ['--jwks', ['--jwks', 'swapped.json'], 'error: The signature is wrong.'],
  [
    '--jwks without the kid',
    ['--jwks', 'unknown.json'],
    'error: The kid and alg belong to no given key.',
  ],
  ['--public-key', ['--public-key', 'other.pub.pem'], 'error: The signature is wrong.'],
])('a signature by another key is found with %s', async (_, args, message) => {
  const seen = await inspected(await signed(good), ...args)
  expect(bad(seen)).toEqual([message])
  expect(seen).toMatchObject({ code: 1, ok: false })
})

test('a public key is PEM or a JWK, and without a kid every key of a set is tried', async () => {
  const { kid: _, ...nameless } = header
  expect(bad(await inspected(await signed(good), '--public-key', 'key.pub.json'))).toEqual([])
  for (const set of ['one.json', 'swapped.json'])
    expect(bad(await inspected(await signed(good, nameless), '--jwks', set))).toEqual([])
})

test('a public key is never taken for a shared secret', async () => {
  const secret = new TextEncoder().encode(
    String(key.publicKey.export({ type: 'spki', format: 'pem' })),
  )
  const forged = await new SignJWT(good)
    .setProtectedHeader({ ...header, alg: 'HS256' })
    .sign(secret)
  const seen = await inspected(forged, '--public-key', 'key.pub.pem')
  expect(bad(seen)).toContainEqual(
    expect.stringMatching(/^error: The signature cannot be verified: .*HS256/),
  )
})

test('a claim cannot steer the terminal', async () => {
  const { stdout } = await inspect(
    await signed({ ...good, note: '\u001b[2J\u009b31m\u202e', 'a\nb': 1 }),
  )
  expect(stdout).toContain('"\\u001b[2J\\u009b31m\\u202e"')
  expect(stdout.split('').filter((letter) => letter !== '\n' && letter < ' ')).toEqual([])
  expect(stdout).toContain('a\\u000ab')
})

test.each<[string, string, string]>([
  ['nothing', '', 'Nothing was given.'],
  [
    'an opaque token',
    'Bearer 2YotnFZFEjr1zCsicMWpAA',
    'A JWT is missing in the Authorization header.',
  ],
  [
    'a JWE',
    'eyJhbGciOiJkaXIifQ..AAAA.AAAA.AAAA',
    'The token in the input is encrypted (JWE): only its recipient can read it.',
  ],
  [
    'a truncated JWT',
    'eyJhbGciOiJF.eyJpc3Mi.AAAA',
    'The header of the JWT contains no JSON object: it is damaged or truncated.',
  ],
  [
    'JSON without a token',
    '{"token_type":"Bearer"}',
    'The JSON has no client_assertion, no access_token and no token.',
  ],
  ['damaged JSON', '{"access_token":', 'The JSON is damaged or truncated.'],
  ['a private key', '-----BEGIN PRIVATE KEY-----\n', 'That is a private key.'],
])('%s is no JWT', async (_, stdin, message) => {
  const ended = await inspect(stdin, '--json')
  expect(ended).toMatchObject({ code: 1, stderr: '' })
  expect(documentOf(ended)).toEqual({
    error: { code: 'ERR_NOT_A_JWT', message: expect.stringContaining(message) },
  })
})

test.each<[string, string[], number, string]>([
  [
    'both keys',
    ['--jwks', 'one.json', '--public-key', 'key.pub.pem'],
    2,
    '--jwks and --public-key are mutually exclusive. Pass one.',
  ],
  [
    'a set that is not there',
    ['--jwks', 'nope.json'],
    2,
    'File nope.json (--jwks) does not exist.',
  ],
  ['a file that is not there', ['nope.txt'], 2, 'File nope.txt (<file>) does not exist.'],
  [
    'a set for a key',
    ['--public-key', 'one.json'],
    1,
    'one.json is not a public key. Pass PEM or a JWK.',
  ],
  [
    'a private key in the set',
    ['--jwks', 'leaked.json'],
    1,
    'leaked.json contains a PRIVATE key (without kid). Nothing was changed.',
  ],
])('%s is refused', async (_, args, code, message) => {
  const ended = await inspect(await signed(good), ...args)
  expect(ended).toMatchObject({ code, stdout: '' })
  expect(ended.stderr).toContain(message)
})

const claimsText = JSON.stringify(good)
const encode = (text: string | Uint8Array) => Buffer.from(text).toString('base64url')

test.each([
  ['a repeated claim', `${claimsText.slice(0, -1)},"sub":"b"}`, 'repeats a member'],
  ['a repeated escaped name', `${claimsText.slice(0, -1)},"s\\u0075b":"b"}`, 'repeats a member'],
  [
    'a repeated nested member',
    `${claimsText.slice(0, -1)},"x":[{"y":1,"y":2}]}`,
    'repeats a member',
  ],
  ['an unsafe integer', `${claimsText.slice(0, -1)},"n":9007199254740993}`, 'beyond 2^53'],
  ['an overflowing exponent', `${claimsText.slice(0, -1)},"n":1e400}`, 'beyond 2^53'],
  [
    'deep nesting',
    `${claimsText.slice(0, -1)},"x":${'['.repeat(1e5)}${']'.repeat(1e5)}}`,
    'nested',
  ],
  ['a byte order mark', `\uFEFF${claimsText}`, 'no JSON object'],
  ['invalid UTF-8', Buffer.from([0x7b, 0xff, 0x7d]), 'no JSON object'],
])('rejects %s in the claims', async (_, text, reason) => {
  const { code, stderr } = await inspect(`${encode(JSON.stringify(header))}.${encode(text)}.AAAA`)
  expect(code).toBe(1)
  expect(stderr).toContain(reason)
})

test.each([{ b64: false }, { crit: ['b64'], b64: false }, { crit: ['exp'] }])(
  'rejects a JWT whose header has %o',
  async (more) => {
    const { code, stderr } = await inspect(unsigned({ ...header, ...more }, good))
    expect(code).toBe(1)
    expect(stderr).toContain('which is not supported')
  },
)

test('rejects base64url that is not canonical', async () => {
  const { code, stderr } = await inspect(unsigned(header, good).replace(/AAAA$/, 'AB'))
  expect(code).toBe(1)
  expect(stderr).toContain('The signature of the JWT is not canonical base64url')
})

describe('the authorization server of the test kit', () => {
  const aud = 'https://login.jackhenry.com/a/oidc-provider/api/v0/token'
  let server: AuthorizationServer

  beforeAll(async () => {
    server = await createAuthorizationServer()
    const keys = [{ ...key.publicKey.export({ format: 'jwk' }), kid: 'one' }]
    server.register({ clientId: 'a', jwks: { keys }, audience: aud })
  })
  afterAll(() => server.close())

  test.each<[string, object, object?, KeyObject?]>([
    ['a good assertion', {}],
    ['no typ', {}, { typ: undefined }],
    ['a typ of client assertions', {}, { typ: 'client-authentication+jwt' }],
    ['a typ of access tokens', {}, { typ: 'at+jwt' }],
    ['claims of access tokens', { scope: 'read', client_id: 'a' }],
    ['a typ that is no text', {}, { typ: 1 }],
    ['no kid', {}, { kid: undefined }],
    ['an empty kid', {}, { kid: '' }],
    ['a kid that is no text', {}, { kid: 1 }],
    ['an unknown kid', {}, { kid: 'two' }],
    ['no alg', {}, { alg: undefined }],
    ['alg none', {}, { alg: 'none' }],
    ['a shared secret', {}, { alg: 'HS256' }],
    ['an algorithm that is not allowed', {}, { alg: 'ES512' }],
    ['an algorithm of another key', {}, { alg: 'RS256' }],
    ['b64 in the header', {}, { b64: false, crit: ['b64'] }],
    ['another key', {}, {}, other.privateKey],
    ['no iss', { iss: undefined }],
    ['no sub', { sub: undefined }],
    ['iss that is not sub', { iss: 'b' }],
    ['iss that is empty', { iss: '' }],
    ['iss that is no text', { iss: 1 }],
    ['no aud', { aud: undefined }],
    ['aud as a list', { aud: [aud] }],
    ['aud with a slash at its end', { aud: `${aud}/` }],
    ['no exp', { exp: undefined }],
    ['exp as text', { exp: String(now + 60) }],
    ['exp null', { exp: null }],
    ['exp in milliseconds', { exp: (now + 60) * 1000 }],
    ['exp that has passed', { exp: now - 1 }],
    ['exp that is too far ahead', { exp: now + 900 }],
    ['exp with a fraction', { exp: now + 250.5 }],
    ['no iat', { iat: undefined }],
    ['iat as text', { iat: 'now' }],
    ['iat in milliseconds', { iat: now * 1000 }],
    ['iat that is half a minute ahead', { iat: now + 30 }],
    ['iat that is an hour ahead', { iat: now + 3600 }],
    ['iat that is after exp', { iat: now + 30, exp: now + 20 }],
    ['a lifetime that began early', { iat: now - 250 }],
    ['nbf that has passed', { nbf: now - 5 }],
    ['nbf that is a minute ahead', { nbf: now + 60 }],
    ['nbf as text', { nbf: 'now' }],
    ['no jti', { jti: undefined }],
    ['an empty jti', { jti: '' }],
    ['a jti that is no text', { jti: 1 }],
    ['a short jti', { jti: '1' }],
    ['an integer that is rounded', { n: 2 ** 53 }],
  ])('agrees with inspect about %s', async (_, claims, head = {}, by) => {
    const jwt = signedBy(
      by ?? key.privateKey,
      { ...header, ...head },
      {
        ...{ ...good, aud, jti: randomUUID() },
        ...claims,
      },
    )
    const request = `client_assertion=${jwt}`
    const inspection = await inspect(request, '--profile', 'jack-henry', '--jwks', 'own.json')
    const response = await fetch(server.tokenEndpoint, {
      method: 'POST',
      body: new URLSearchParams({
        grant_type: 'client_credentials',
        client_id: 'a',
        client_assertion: jwt,
        client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
      }),
    })
    expect([0, 1]).toContain(inspection.code)
    expect(response.status).toBe(inspection.code === 0 ? 200 : 401)
  })
})

/** Signs whatever the header and the claims are, which jose does not. */
function signedBy(privateKey: KeyObject, head: object, claims: object): string {
  const input = unsigned(head, claims).replace(/\.AAAA$/, '')
  const signature = sign('sha256', Buffer.from(input), {
    key: privateKey,
    dsaEncoding: 'ieee-p1363',
  })
  return `${input}.${signature.toString('base64url')}`
}
