import { checkAssertion, readStrictJwt } from '@countersign/testing'
import { expect, test } from 'vitest'

const now = 1_800_000_000
const header = { alg: 'ES256', typ: 'JWT', kid: 'one' }
const claims = {
  ...{ iss: 'a', sub: 'a', aud: 'https://as.example.com/token', jti: 'jti-0123456789abcdef' },
  ...{ iat: now - 5, exp: now + 250 },
}

/** The findings that are not `ok`, in a JWT that differs in these members. */
function findingsOf(members: { header?: object; claims?: object }): string[] {
  const jwt = {
    header: { ...header, ...members.header },
    claims: { ...claims, ...members.claims },
  }
  return checkAssertion(jwt, { now: now * 1000 })
    .filter(({ level }) => level !== 'ok')
    .map(({ level, message }) => `${level}: ${message}`)
}

test('finds nothing in a good assertion, and has a sentence for each rule', () => {
  expect(findingsOf({})).toEqual([])
  const findings = checkAssertion({ header, claims }, { now: now * 1000 })
  const rules = ['alg', 'typ', 'kid', 'iss, sub', 'aud', 'exp', 'iat', 'lifetime', 'jti']
  expect(findings.map(({ subject }) => subject)).toEqual(rules)
  for (const { message, reference } of findings)
    expect([message, reference]).toEqual([
      expect.stringMatching(/^\w.*[^.]$/),
      expect.stringMatching(/^RFC \d+ section \d/),
    ])
})

test.each<[string, object]>([
  ['error: exp is in milliseconds, and must be in seconds', { exp: (now + 60) * 1000 }],
  ['error: iat is in milliseconds, and must be in seconds', { iat: now * 1000 }],
  ['error: exp is not a number of seconds, but "soon"', { exp: 'soon' }],
  ['error: exp is missing', { exp: undefined }],
  ['error: the assertion has expired', { exp: now, iat: now - 60 }],
  ['warning: iat is missing, and some servers require it', { iat: undefined }],
  ['warning: iat is ahead, by no more than the 60 s that most servers tolerate', { iat: now + 60 }],
  ['error: iat is ahead', { iat: now + 61 }],
  ['error: the assertion is not valid yet', { nbf: now + 1 }],
  ['error: exp is more than 300 s ahead', { exp: now + 301, iat: now }],
  ['error: the lifetime is more than 300 s', { iat: now - 51 }],
  ['error: aud is not one string', { aud: [claims.aud] }],
  ['error: aud is http://as.example.com, which is not https', { aud: 'http://as.example.com' }],
  ['warning: aud is my-server, and most servers require an https URL', { aud: 'my-server' }],
  ['error: iss is not the client ID', { iss: '' }],
  ['error: sub is "b", and must be "a" as iss is', { sub: 'b' }],
  ['error: sub is missing, and must be "a" as iss is', { sub: undefined }],
  ['error: jti is missing, and without it a replay is not detected', { jti: undefined }],
  ['warning: jti has 1 characters; 16 or more cannot be guessed', { jti: '1' }],
])('reports "%s"', (finding, differing) => {
  expect(findingsOf({ claims: differing })).toEqual([finding])
})

test.each<[string, object]>([
  ['error: alg is none: nothing is signed', { alg: 'none' }],
  ['error: alg HS256 signs with a shared secret instead of a key pair', { alg: 'HS256' }],
  ['warning: alg is "RS512", and most servers accept only ES256, PS256, RS256', { alg: 'RS512' }],
  ['error: alg is missing', { alg: undefined }],
  ['warning: typ is missing, and some servers require "JWT"', { typ: undefined }],
  ['error: typ is "JOSE", and must name a client assertion, such as "JWT"', { typ: 'JOSE' }],
  ['error: kid must be a string, and is 1', { kid: 1 }],
])('reports "%s" of a header', (finding, differing) => {
  expect(findingsOf({ header: differing })).toEqual([finding])
})

test('reports an assertion that expired before it was issued', () => {
  expect(findingsOf({ claims: { exp: now - 5 } })).toEqual([
    'error: the assertion has expired',
    'error: exp is not after iat',
  ])
})

const encode = (value: string | Uint8Array) => Buffer.from(value).toString('base64url')
const text = JSON.stringify(claims)
const withMember = (member: string) => `${text.slice(0, -1)},${member}}`

test.each([
  ['repeats a member', withMember('"sub":"b"')],
  ['repeats a member', withMember('"s\\u0075b":"b"')],
  ['repeats a member', withMember('"x":[{"y":1,"y":2}]')],
  ['contains a number beyond 2^53 - 1', withMember('"n":9007199254740993')],
  ['contains a number beyond 2^53 - 1', withMember('"n":1e400')],
  ['is nested more than 64 levels deep', withMember(`"x":${'['.repeat(1e5)}${']'.repeat(1e5)}`)],
  ['contains no JSON object: it is damaged or truncated', `\uFEFF${text}`],
  ['contains no JSON object: it is damaged or truncated', Buffer.from([0x7b, 0xff, 0x7d])],
])('rejects claims as JSON that %s, case %#', (reason, json) => {
  const jwt = `${encode(JSON.stringify(header))}.${encode(json)}.AAAA`
  expect(() => readStrictJwt(jwt)).toThrow(new TypeError(`The claims of the JWT ${reason}.`))
})

test.each([
  ['b64', { b64: false }],
  ['crit', { crit: ['exp'] }],
])('rejects %s in a header', (name, members) => {
  const jwt = `${encode(JSON.stringify({ ...header, ...members }))}.${encode(text)}.AAAA`
  expect(() => readStrictJwt(jwt)).toThrow(`contains ${name}, which is not supported`)
})

test('reads canonical base64url in three parts only', () => {
  const jwt = `${encode(JSON.stringify(header))}.${encode(text)}`
  expect(readStrictJwt(`${jwt}.AAAA`)).toEqual({ header, claims })
  expect(() => readStrictJwt(`${jwt}.AB`)).toThrow(
    'The signature of the JWT is not canonical base64url',
  )
  for (const wrong of [jwt, `${jwt}.AAAA.AAAA`])
    expect(() => readStrictJwt(wrong)).toThrow('The JWT must have three parts.')
})
