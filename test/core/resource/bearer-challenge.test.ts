import { describe, expect, test } from 'vitest'
import { isAboutToken, parseBearerChallenge } from '#core/resource/bearer-challenge.js'

// Quadratic work on these would take hours.
test.each(['"', '\\', '=', ',', ' ', 'a ', 'a=', 'a="', 'Bearer ', 'Bearer a="\\', 'a=b,'])(
  'reads a challenge of a million times %j in linear time',
  { tags: ['U8'] },
  (piece) => {
    expect(parseBearerChallenge(piece.repeat(1_000_000))).toHaveProperty('error')
  },
)

describe('a challenge', { tags: ['U8'] }, () => {
  const invalid = { scheme: 'Bearer', error: 'invalid_token' } as const

  test.each<[string | null | undefined, object]>([
    [undefined, {}],
    [null, {}],
    [' \t ', {}],
    ['Bearer', { scheme: 'Bearer' }],
    ['bEARER ERROR=invalid_token', invalid],
    ['Bearer error \t= \t"invalid_token"', invalid],
    ['Bearer error="in\\valid\\"_token\\\\"', { ...invalid, error: 'invalid"_token\\' }],
    ['Bearer error="x\\', { scheme: 'Bearer', error: 'x' }],
    ['Bearer error="invalid_token', invalid],
    ['Bearer error=""', { scheme: 'Bearer', error: '' }],
    ['Bearer realm="a, Basic error=b", error=invalid_token', invalid],
    ['Bearer realm=a,error=invalid_token,scope=b', { ...invalid, scope: 'b' }],
    ['Bearer ,,\t, error=invalid_token', invalid],
    ['Bearer errors=a, xerror=b, scope="c d"', { scheme: 'Bearer', scope: 'c d' }],
    ['Bearer error="invalid_token", error="b"', invalid],
    ['Bearer error="invalid_token", Basic error="b", scope=c', invalid],
    ['Bearer error="invalid_token", Bearer scope="a"', invalid],
    ['Negotiate a2tr==, Bearer error="invalid_token"', invalid],
    ['Negotiate bearer, Bearer error="invalid_token"', invalid],
    ['Basic realm="x" Bearer', { scheme: 'Bearer' }],
    ['Negotiate Bearer', {}],
    ['Bearers error="invalid_token"', {}],
    ['Basic realm="Bearer error=invalid_token"', {}],
    ['Bearer "error=b, " error=invalid_token', invalid],
    ['= Bearer error=invalid_token', invalid],
    ['Bearer\x7ferror=invalid_token', invalid],
    ['Bearer error=in"valid', { scheme: 'Bearer', error: 'in"valid' }],
  ])('of %j is read as %j', (header, read) => {
    expect(parseBearerChallenge(header)).toEqual(read)
  })
})

test.each([
  [undefined, true],
  [null, true],
  [' \t', true],
  ['Basic, Bearer', true],
  ['Bearer error="something_else"', true],
  ['Bearer error="insufficient_scope"', false],
  ['Bearer error="invalid_request"', false],
  ['Negotiate', false],
  ['DPoP error="invalid_token"', false],
  ['=', false],
])(
  'whether a 401 with the challenge %j is about the token: %s',
  {
    tags: ['U7', 'U8'],
  },
  (header, isAbout) => {
    expect(isAboutToken(header)).toBe(isAbout)
  },
)
