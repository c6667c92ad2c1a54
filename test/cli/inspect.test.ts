import { randomUUID, sign } from 'node:crypto'
import { SignJWT } from 'jose'
import { describe, expect, test } from 'vitest'
import { clientKey, otherKey } from '../support/keys.ts'
import { startAuthorization } from '../support/world.ts'
import { countersign, documentOf, onTerminal, scratchFolder } from './command-line.ts'

interface Finding {
  level: string
  subject: string
  message: string
}
interface Inspected {
  kind: string
  source: string
  times: Record<string, { seconds: number; utc: string; secondsFromNow: number }>
  findings: Finding[]
}

const now = Math.floor(Date.now() / 1000)
const good = {
  ...{ iss: 'a', sub: 'a', aud: 'https://as.example.com/token', jti: 'jti-0123456789abcdef' },
  ...{ iat: now - 5, exp: now + 250 },
}
const token = {
  ...{ iss: 'https://as.example.com', sub: 'a', client_id: 'a', aud: 'api', scope: 'read' },
  ...{ iat: now, exp: now + 600 },
}
const header = { alg: 'ES256', typ: 'JWT', kid: 'one' }

const jwkSet = (keys: Record<string, typeof clientKey>) =>
  JSON.stringify({ keys: Object.entries(keys).map(([kid, pair]) => ({ ...pair.publicJwk, kid })) })
const spki = ({ publicKey }: typeof clientKey) =>
  String(publicKey.export({ type: 'spki', format: 'pem' }))
const files = {
  'own.json': jwkSet({ one: clientKey }),
  'one.json': jwkSet({ two: otherKey, one: clientKey }),
  'swapped.json': jwkSet({ two: clientKey, one: otherKey }),
  'unknown.json': jwkSet({ three: clientKey }),
  'key.pub.pem': spki(clientKey),
  'key.pub.json': JSON.stringify({ ...clientKey.publicJwk, kid: 'one' }),
  'other.pub.pem': spki(otherKey),
  'leaked.json': JSON.stringify({ keys: [clientKey.jwk] }),
}

/** Signs any header and any claims, which jose does not. */
function signed(claims: object, head: object = header, { privateKey: key } = clientKey): string {
  const parts = [head, claims].map((part) =>
    Buffer.from(JSON.stringify(part)).toString('base64url'),
  )
  const input = parts.join('.')
  const signature = sign('sha256', Buffer.from(input), { key, dsaEncoding: 'ieee-p1363' })
  return `${input}.${signature.toString('base64url')}`
}

const inspect = async (stdin: string, ...args: string[]) =>
  countersign(['inspect', ...args], { cwd: await scratchFolder(files), stdin })

async function inspected(stdin: string, ...args: string[]) {
  const ended = await inspect(stdin, '--json', ...args)
  expect(ended.stderr).toBe('')
  return { ...documentOf<Inspected>(ended), code: ended.code }
}

const bad = ({ findings }: Inspected) =>
  findings.filter(({ level }) => level !== 'ok').map(({ level, message }) => `${level}: ${message}`)

test('of a good assertion every finding is ok, and it ends with 0', async () => {
  const seen = await inspected(signed(good), '--jwks', 'one.json')
  expect(bad(seen)).toEqual([])
  expect(seen).toMatchObject({
    ...{ code: 0, ok: true, kind: 'client-assertion', source: 'a bare JWT' },
    ...{ header, claims: good },
  })
  expect(seen.findings.map(({ subject }) => subject)).toEqual([
    ...['alg', 'typ', 'kid', 'iss, sub', 'aud', 'exp', 'iat', 'lifetime', 'jti', 'signature'],
  ])
  const { exp } = seen.times
  expect(exp).toMatchObject({
    seconds: good.exp,
    utc: `${new Date(good.exp * 1000).toISOString().slice(0, 19).replace('T', ' ')} UTC`,
  })
  expect(exp?.secondsFromNow).toBeGreaterThan(100)
})

test('people read header, claims with their dates, and findings; the signature is not shown', async () => {
  const jwt = signed(good)
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

test('in colours on a terminal', async () => {
  const cwd = await scratchFolder({ 'late.txt': signed({ ...good, exp: now - 7200 }) })
  const { code, screen } = await onTerminal(['inspect', 'late.txt'], { cwd })
  expect(code).toBe(1)
  expect(screen).toContain('  \u001b[32mok\u001b[39m       The alg is ES256.')
  expect(screen).toContain('  \u001b[31merror\u001b[39m    The assertion has expired.')
})

test('a terminal is not waited for', async () => {
  const { code, screen } = await onTerminal(['inspect'], { cwd: await scratchFolder() })
  expect(code).toBe(2)
  expect(screen).toContain('<file> is stdin, which is a terminal. Pass a file or use a pipe.')
})

const form = (jwt: string) =>
  `grant_type=client_credentials&client_id=a&client_assertion=${jwt}&scope=read`

test.each<[string, (jwt: string) => string]>([
  ['a bare JWT', (jwt) => `\n${jwt}\n`],
  ['a bare JWT', (jwt) => `"${jwt.replace(/.{64}/g, '$&\n  ')}"`],
  ['client_assertion of the form', form],
  ['client_assertion of the form', (jwt) => `POST / HTTP/1.1\r\nHost: a\r\n\r\n${form(jwt)}`],
  ['client_assertion of the form', (jwt) => `curl -d 'client_assertion=${jwt}' https://a/`],
  ['client_assertion of the JSON', (jwt) => JSON.stringify({ client_assertion: jwt })],
  ['client_assertion of the JSON', (jwt) => JSON.stringify({ assertion: jwt })],
])('finds an assertion in %s, case %#', async (source, wrap) => {
  const seen = await inspected(wrap(signed(good)), '--jwks', 'one.json')
  expect(bad(seen)).toEqual([])
  expect(seen).toMatchObject({ source, kind: 'client-assertion', claims: good })
})

test.each<[string, (jwt: string) => string]>([
  ['a bare JWT', (jwt) => jwt],
  ['access_token of the JSON', (jwt) => `{"token_type":"Bearer","access_token":"${jwt}"}`],
  ['token of the JSON', (jwt) => JSON.stringify({ token: jwt, tokenType: 'Bearer' })],
  ['the Authorization header', (jwt) => `Authorization: Bearer ${jwt}`],
  ['the Authorization header', (jwt) => `Bearer ${jwt}`],
  ['the Authorization header', (jwt) => `GET / HTTP/1.1\r\nauthorization: bearer ${jwt}\r\n\r\n`],
])('judges the JWT in %s as an access token, case %#', async (source, wrap) => {
  const seen = await inspected(wrap(signed(token)), '--jwks', 'one.json')
  expect(bad(seen)).toEqual([])
  expect(seen).toMatchObject({ source, kind: 'access-token', code: 0 })
  const subjects = ['alg', 'exp', 'iat', 'aud', 'scope', 'signature']
  expect(seen.findings.map(({ subject }) => subject)).toEqual(subjects)
})

test('reports an access token that has expired or has neither aud nor scope', async () => {
  const head = { ...header, typ: 'at+jwt' }
  const judge = async (claims: object) => {
    const seen = await inspected(signed({ ...token, ...claims }, head), '--jwks', 'one.json')
    expect(seen.kind).toBe('access-token')
    return bad(seen)
  }
  expect(await judge({ exp: now - 60 })).toEqual(['error: The access token has expired.'])
  expect(await judge({ aud: undefined, scope: undefined })).toEqual([
    expect.stringContaining('warning: The aud is missing: '),
    expect.stringContaining('warning: The scope is missing: '),
  ])
})

test('fails for an error, and not for a warning', async () => {
  const judge = async (claims: object) => {
    const seen = await inspected(signed({ ...good, ...claims }), '--jwks', 'one.json')
    return [seen.code, ...bad(seen)]
  }
  expect(await judge({ exp: undefined })).toEqual([1, 'error: The exp is missing.'])
  expect(await judge({ jti: '1' })).toEqual([
    0,
    'warning: The jti has 1 characters; 16 or more cannot be guessed.',
  ])
})

test('warns that a signature was not verified', async () => {
  expect(bad(await inspected(signed(good, { ...header, alg: 'none' })))).toEqual([
    'error: The alg is none: nothing is signed.',
    'warning: The signature was not verified: pass --jwks or --public-key.',
  ])
})

test('a profile judges by the rules of its provider', async () => {
  const aud = 'https://login.jackhenry.com/a/oidc-provider/api/v0/token'
  const profile = ['--profile', 'jack-henry', '--jwks', 'one.json']
  expect(bad(await inspected(signed({ ...good, aud }), ...profile))).toEqual([])
  expect(bad(await inspected(signed(good), ...profile))).toEqual([
    `error: The aud is ${good.aud}, and must be ${aud}.`,
  ])
  const foreign = signed({ ...good, aud }, { ...header, alg: 'RS512' })
  expect(bad(await inspected(foreign, '--profile', 'jack-henry'))[0]).toBe(
    'error: The alg RS512 is not allowed; ES256, PS256, RS256 are.',
  )
})

test.each([
  ['--jwks', 'swapped.json', 'The signature is wrong.'],
  ['--jwks', 'unknown.json', 'The kid and alg belong to no given key.'],
  ['--public-key', 'other.pub.pem', 'The signature is wrong.'],
])('finds a signature by another key with %s %s', async (flag, file, message) => {
  const seen = await inspected(signed(good), flag, file)
  expect(bad(seen)).toEqual([`error: ${message}`])
  expect(seen).toMatchObject({ code: 1, ok: false })
})

test('a public key is PEM or a JWK, and without a kid every key of a set is tried', async () => {
  const { kid: _, ...nameless } = header
  expect(bad(await inspected(signed(good), '--public-key', 'key.pub.json'))).toEqual([])
  for (const set of ['one.json', 'swapped.json'])
    expect(bad(await inspected(signed(good, nameless), '--jwks', set))).toEqual([])
})

test('a public key is never taken for a shared secret', async () => {
  const forged = await new SignJWT(good)
    .setProtectedHeader({ ...header, alg: 'HS256' })
    .sign(new TextEncoder().encode(files['key.pub.pem']))
  const seen = await inspected(forged, '--public-key', 'key.pub.pem')
  expect(bad(seen)).toContainEqual(
    expect.stringMatching(/^error: The signature cannot be verified: .*HS256/),
  )
})

test('a claim cannot steer the terminal', async () => {
  const note = '\u001b[2J\u009b31m\u202e'
  const { stdout } = await inspect(signed({ ...good, note, 'a\nb': 1 }))
  expect(stdout).toContain('"\\u001b[2J\\u009b31m\\u202e"')
  expect(stdout.split('').filter((letter) => letter !== '\n' && letter < ' ')).toEqual([])
  expect(stdout).toContain('a\\u000ab')
})

test.each([
  ['', 'Nothing was given.'],
  ['Bearer 2YotnFZFEjr1zCsicMWpAA', 'A JWT is missing in the Authorization header.'],
  ['eyJhbGciOiJkaXIifQ..AA.AA.AA', 'The token in the input is encrypted (JWE): only its recipient'],
  ['eyJhbGciOiJF.eyJpc3Mi.AAAA', 'The header of the JWT contains no JSON object: it is damaged'],
  ['{"token_type":"Bearer"}', 'The JSON has no client_assertion, no access_token and no token.'],
  ['{"access_token":', 'The JSON is damaged or truncated.'],
  ['-----BEGIN PRIVATE KEY-----\n', 'That is a private key.'],
  [signed(good, { ...header, crit: ['exp'] }), 'crit, which is not supported'],
  [`${signed(good)}==`, 'A JWT is missing in the input.'],
])('finds no JWT in case %#', async (stdin, message) => {
  const ended = await inspect(stdin, '--json')
  expect(ended).toMatchObject({ code: 1, stderr: '' })
  expect(documentOf(ended)).toEqual({
    error: { code: 'ERR_NOT_A_JWT', message: expect.stringContaining(message) },
  })
})

test.each([
  [2, 'are mutually exclusive. Pass one.', ['--jwks', 'one.json', '--public-key', 'key.pub.pem']],
  [2, 'File nope.json (--jwks) does not exist.', ['--jwks', 'nope.json']],
  [2, 'File nope.txt (<file>) does not exist.', ['nope.txt']],
  [1, 'one.json is not a public key. Pass PEM or a JWK.', ['--public-key', 'one.json']],
  [1, 'leaked.json contains a PRIVATE key (without kid).', ['--jwks', 'leaked.json']],
])('ends with %i: %s', async (code, message, args) => {
  const ended = await inspect(signed(good), ...args)
  expect(ended).toMatchObject({ code, stdout: '' })
  expect(ended.stderr).toContain(message)
})

describe('the authorization server of the test kit', () => {
  const aud = 'https://login.jackhenry.com/a/oidc-provider/api/v0/token'

  test.each<[string, object, object?, typeof clientKey?]>([
    ['a good assertion', {}],
    ['no typ', {}, { typ: undefined }],
    ['a typ of access tokens', {}, { typ: 'at+jwt' }],
    ['claims of access tokens', { scope: 'read', client_id: 'a' }],
    ['no kid', {}, { kid: undefined }],
    ['an empty kid', {}, { kid: '' }],
    ['an unknown kid', {}, { kid: 'two' }],
    ['an algorithm of another key', {}, { alg: 'RS256' }],
    ['b64 in the header', {}, { b64: false, crit: ['b64'] }],
    ['another key', {}, {}, otherKey],
    ['no iss', { iss: undefined }],
    ['aud with a slash at its end', { aud: `${aud}/` }],
    ['exp with a fraction', { exp: now + 250.5 }],
    ['a short jti', { jti: '1' }],
    ['an integer that is rounded', { n: 2 ** 53 }],
  ])('agrees with inspect about %s', async (_, claims, head, by) => {
    const { server } = await startAuthorization()
    const keys = [{ ...clientKey.publicJwk, kid: 'one' }]
    server.register({ clientId: 'a', jwks: { keys }, audience: aud })
    const jwt = signed({ ...good, aud, jti: randomUUID(), ...claims }, { ...header, ...head }, by)
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
