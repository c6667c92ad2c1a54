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

describe('what a challenge says', { tags: ['U8'] }, () => {
  const invalid = { scheme: 'Bearer', error: 'invalid_token' } as const

  test.each<[string, string, object]>([
    ['nothing', '', {}],
    ['blanks', ' \t ', {}],
    ['the scheme alone', 'Bearer', { scheme: 'Bearer' }],
    ['any case', 'bEARER ERROR=invalid_token', invalid],
    ['a word', 'Bearer error=invalid_token', invalid],
    ['a quoted text', 'Bearer error="invalid_token"', invalid],
    ['blanks about the sign', 'Bearer error \t= \t"invalid_token"', invalid],
    ['escapes', 'Bearer error="in\\valid\\"_token\\\\"', { ...invalid, error: 'invalid"_token\\' }],
    ['an escape at the end', 'Bearer error="x\\', { scheme: 'Bearer', error: 'x' }],
    ['no closing quote', 'Bearer error="invalid_token', invalid],
    ['an empty text', 'Bearer error=""', { scheme: 'Bearer', error: '' }],
    [
      'commas and signs within quotes',
      'Bearer realm="a, Basic error=b", error=invalid_token',
      invalid,
    ],
    [
      'no blank after commas',
      'Bearer realm=a,error=invalid_token,scope=b',
      { ...invalid, scope: 'b' },
    ],
    ['commas in a row', 'Bearer ,,\t, error=invalid_token', invalid],
    [
      'other parameters',
      'Bearer errors=a, xerror=b, scope="c d"',
      { scheme: 'Bearer', scope: 'c d' },
    ],
    ['one named twice: the first counts', 'Bearer error="invalid_token", error="b"', invalid],
    ['a second challenge', 'Basic realm="a", Bearer error="invalid_token"', invalid],
    ['a challenge behind it', 'Bearer error="invalid_token", Basic error="b", scope=c', invalid],
    ['a second of its kind', 'Bearer error="invalid_token", Bearer scope="a"', invalid],
    ['a token68 before it', 'Negotiate a2tr==, Bearer error="invalid_token"', invalid],
    ['a bare token68 before it', 'Negotiate bearer, Bearer error="invalid_token"', invalid],
    ['a token68 that is called Bearer', 'Negotiate Bearer', {}],
    ['another scheme', 'DPoP error="invalid_token"', {}],
    ['a scheme of which it is a part', 'Bearers error="invalid_token"', {}],
    ['the scheme within quotes', 'Basic realm="Bearer error=invalid_token"', {}],
    ['a stray text in quotes', 'Bearer "error=b, " error=invalid_token', invalid],
    ['a stray sign', '= Bearer error=invalid_token', invalid],
    ['DEL, which is no part of a word', 'Bearer\x7ferror=invalid_token', invalid],
    ['a quote within a word', 'Bearer error=in"valid', { scheme: 'Bearer', error: 'in"valid' }],
  ])('%s', (_, header, told) => {
    expect(parseBearerChallenge(header)).toEqual(told)
  })

  test('is nothing where there is none', () => {
    expect([parseBearerChallenge(null), parseBearerChallenge(undefined)]).toEqual([{}, {}])
  })
})

describe('whether a 401 is about the token', () => {
  test.each([[undefined], [null], [''], [' \t']])(
    'without a challenge (%j) it is',
    { tags: ['U8'] },
    (header) => {
      expect(isAboutToken(header)).toBe(true)
    },
  )

  test.each([
    ['Bearer', true],
    ['Basic, Bearer', true],
    ['Bearer error="invalid_token"', true],
    ['Bearer error="something_else"', true],
    ['Bearer error="insufficient_scope"', false],
    ['Bearer error="invalid_request"', false],
    ['Basic realm="a"', false],
    ['Negotiate', false],
    ['DPoP error="invalid_token"', false],
    ['=', false],
  ])('with %s: %s', { tags: ['U7', 'U8'] }, (header, isAbout) => {
    expect(isAboutToken(header)).toBe(isAbout)
  })
})
