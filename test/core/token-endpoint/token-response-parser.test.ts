import { expect, test } from 'vitest'
import { parseTokenResponse } from '#core/token-endpoint/token-response.js'

const good = { access_token: 'token-1', token_type: 'Bearer', expires_in: 600 }

function parsed(members: object) {
  return parseTokenResponse({ ...good, ...members }, 1_000)
}

test('a response becomes a token that ends so long after its request was sent', {
  tags: ['R13'],
}, () => {
  expect(parsed({})).toEqual({
    token: { value: 'token-1', tokenType: 'Bearer', issuedAt: 1_000, expiresAt: 601_000 },
    warnings: [],
  })
})

test('a token of more than 16 KiB is kept, with a warning', { tags: ['R22'] }, () => {
  const ofLength = (length: number) => parsed({ access_token: 'x'.repeat(length) })
  expect(ofLength(16_384).warnings).toEqual([])
  expect(ofLength(16_385).warnings).toEqual(['token-over-16k'])
  expect(ofLength(16_385).token.value).toHaveLength(16_385)
})

test.each([
  ['a b', 'a b'],
  [' a b ', 'a b'],
  ['', undefined],
  ['  ', undefined],
  [null, undefined],
])('the granted scope %j is told as %j', { tags: ['R28'] }, (scope, told) => {
  const { token } = parsed({ scope })
  expect(token.scope).toBe(told)
  expect('scope' in token).toBe(told !== undefined)
})

test.each([[['a', 'b']], [7], ['a\nb'], ['caf\u00e9']])(
  'the scope %j is refused',
  { tags: ['R29'] },
  (scope) => {
    expect(() => parsed({ scope })).toThrow(
      expect.objectContaining({
        ...{ code: 'ERR_TOKEN_RESPONSE_INVALID', field: 'scope' },
        message:
          "The token response's scope is not a string of scope tokens (RFC 6749 section 5.1). The token was discarded.",
      }),
    )
  },
)
