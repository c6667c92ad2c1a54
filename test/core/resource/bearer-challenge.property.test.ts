import fc from 'fast-check'
import { describe, expect, test, vi } from 'vitest'
import { isAboutToken, parseBearerChallenge } from '#core/resource/bearer-challenge.js'

/** Long enough to shrink a failure: a run that is stopped never shows its seed. */
vi.setConfig({ testTimeout: 120_000 })

const characters = (text: string) => fc.constantFrom(...text)
const tokenText = fc.string({
  unit: characters("abcxyzABCXYZ0189!#$%&'*+-.^_`|~"),
  minLength: 1,
  maxLength: 12,
})
const token68 = fc
  .tuple(
    fc.string({ unit: characters('abcXYZ019-._~+/'), minLength: 1, maxLength: 12 }),
    fc.constantFrom('', '=', '=='),
  )
  .map((parts) => parts.join(''))
const quotedText = fc.string({
  unit: fc.oneof(characters('ab ,="\\\t'), fc.constantFrom('Bearer ', 'error="x", ', '\u00e9')),
  maxLength: 12,
})
const blank = fc.constantFrom('', ' ', '\t', '  ')
const inAnyCase = (word: string) =>
  fc
    .array(fc.boolean(), { minLength: word.length, maxLength: word.length })
    .map((upper) =>
      [...word].map((letter, at) => (upper[at] ? letter.toUpperCase() : letter)).join(''),
    )

/** A parameter, and how one server or another writes it (RFC 9110 section 11.2). */
function parameter(name: fc.Arbitrary<string>, value: fc.Arbitrary<string>) {
  const style = fc.record({ isQuoted: fc.boolean(), before: blank, after: blank })
  return fc.tuple(name, value, style).map(([name, value, { isQuoted, before, after }]) => {
    const isToken = /^[\w!#$%&'*+.^`|~-]+$/.test(value)
    const text = isToken && !isQuoted ? value : `"${value.replace(/["\\]/g, '\\$&')}"`
    return { name: name.toLowerCase(), value, written: `${name}${before}=${after}${text}` }
  })
}

const separator = fc.tuple(blank, fc.constantFrom(',', ', ,'), blank).map((parts) => parts.join(''))
const otherName = tokenText.filter((name) => !/^(error|scope)$/i.test(name))
const otherParameter = parameter(otherName, quotedText)
const otherScheme = fc
  .oneof(fc.constantFrom('Basic', 'Digest', 'Negotiate', 'DPoP', 'Bearers'), tokenText)
  .filter((scheme) => scheme.toLowerCase() !== 'bearer')

/** A challenge of another scheme, which may look like one about the token. */
const otherChallenge = fc
  .tuple(
    otherScheme,
    fc.oneof(
      fc.constant(''),
      token68,
      fc.constantFrom('Bearer', 'error=', 'bearer=='),
      fc
        .tuple(
          fc.array(
            fc.oneof(otherParameter, parameter(fc.constantFrom('error', 'scope'), quotedText)),
            { minLength: 1, maxLength: 3 },
          ),
          separator,
        )
        .map(([parameters, comma]) => parameters.map(({ written }) => written).join(comma)),
    ),
  )
  .map(([scheme, rest]) => (rest === '' ? scheme : `${scheme} ${rest}`))

const ourError = parameter(
  inAnyCase('error'),
  fc.oneof(fc.constantFrom('invalid_token', 'insufficient_scope', 'invalid_request'), quotedText),
)
const ourScope = parameter(inAnyCase('scope'), quotedText)

/** A Bearer challenge, and what it says. */
const ownChallenge = fc
  .record({
    scheme: inAnyCase('bearer'),
    parameters: fc.shuffledSubarray(['error', 'scope', 'other', 'another'] as const),
    known: fc.record({
      error: ourError,
      scope: ourScope,
      other: otherParameter,
      another: otherParameter,
    }),
    comma: separator,
  })
  .map(({ scheme, parameters, known, comma }) => {
    const says: { scheme: string; error?: string; scope?: string } = { scheme: 'Bearer' }
    for (const name of parameters)
      if (name === 'error' || name === 'scope') says[name] = known[name].value
    const list = parameters.map((name) => known[name].written).join(comma)
    return { says, written: list === '' ? scheme : `${scheme} ${list}` }
  })

const fewOthers = fc.array(otherChallenge, { maxLength: 2 })

describe('a challenge that keeps the grammar', () => {
  test('is read correctly with any text before and after it', { tags: ['U8'] }, () => {
    fc.assert(
      fc.property(
        ...[fewOthers, ownChallenge, fewOthers, separator],
        (before, { says, written }, after, comma) => {
          const header = [...before, written, ...after].join(comma)
          const isOther = ['insufficient_scope', 'invalid_request'].includes(says.error ?? '')
          expect(parseBearerChallenge(header)).toEqual(says)
          expect(isAboutToken(header)).toBe(!isOther)
        },
      ),
      { numRuns: 2000 },
    )
  })

  test('of two Bearer challenges the first counts', { tags: ['U8'] }, () => {
    fc.assert(
      fc.property(ownChallenge, ownChallenge, separator, (first, second, comma) => {
        const header = first.written + comma + second.written
        expect(parseBearerChallenge(header)).toEqual(first.says)
      }),
      { numRuns: 500 },
    )
  })

  test('of a parameter given twice the first counts', { tags: ['U8'] }, () => {
    fc.assert(
      fc.property(ourError, ourError, ourScope, separator, (first, second, scope, comma) => {
        const list = [first, scope, second].map(({ written }) => written).join(comma)
        const says = { scheme: 'Bearer', error: first.value, scope: scope.value }
        expect(parseBearerChallenge(`Bearer ${list}`)).toEqual(says)
      }),
    )
  })

  test('of other schemes is not about the token', { tags: ['U7'] }, () => {
    const others = fc.array(otherChallenge, { minLength: 1, maxLength: 3 })
    fc.assert(
      fc.property(others, separator, (challenges, comma) => {
        expect(parseBearerChallenge(challenges.join(comma))).toEqual({})
        expect(isAboutToken(challenges.join(comma))).toBe(false)
      }),
      { numRuns: 2000 },
    )
  })
})

test.each([
  ['Basic Bearer', {}],
  ['Negotiate  bearer, Basic realm="x"', {}],
  ['Negotiate Bearer, Bearer error="invalid_token"', { scheme: 'Bearer', error: 'invalid_token' }],
  ['Basic realm="x" Bearer', { scheme: 'Bearer' }],
])('the token68 of another scheme is no scheme: %s', { tags: ['U7'] }, (header, says) => {
  expect(parseBearerChallenge(header)).toEqual(says)
  expect(isAboutToken(header)).toBe('scheme' in says)
})

describe('any other text', { tags: ['U8'] }, () => {
  const pieces = fc.constantFrom(
    ...['"', '\\', '=', ',', ' ', '\t', 'a', 'a=', 'a="', '\\"', 'Bearer', 'Bearer ', 'error="'],
    ...['scope=', 'error=x', '\u0000', '\u00e9', '\ud800', '__proto__=', 'constructor="x"'],
  )
  const anyText = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.array(pieces, { maxLength: 12 }).map((list) => list.join('')),
  )

  test('gives text or nothing, never an error', () => {
    fc.assert(
      fc.property(anyText, (header) => {
        const { scheme, error, scope, ...rest } = parseBearerChallenge(header)
        expect(rest).toEqual({})
        expect(scheme ?? 'Bearer').toBe('Bearer')
        for (const value of [error, scope]) {
          expect(typeof (value ?? '')).toBe('string')
          if (value !== undefined) expect(scheme).toBe('Bearer')
        }
        expect(typeof isAboutToken(header)).toBe('boolean')
      }),
      { numRuns: 2000 },
    )
  })
})
