import { expect, test } from 'vitest'
import { cleanServerText } from '#core/diagnosis/server-text.js'

test.each([[undefined], [null], [7], [{}], [['text']], [''], ['  '], ['\r\n\t']])(
  '%j is no text to show',
  (text) => {
    expect(cleanServerText(text, 64)).toBeUndefined()
  },
)

test.each([
  ['ordinary words', 'The scope is unknown.', 'The scope is unknown.'],
  ['one line of several', 'one\r\ntwo\n\n\nthree', 'one two three'],
  ['no control characters', 'a\x1b[31mred\x1b[0m\0z', 'a [31mred [0m z'],
  ['no other alphabets', 'caf\u00e9\u2028\u{1f512}x', 'caf x'],
  ['the edges of ASCII', ' ~!', '~!'],
  ['no blanks around', '  text  ', 'text'],
])('of a text stays %s', { tags: ['O14', 'L8'] }, (_, text, shown) => {
  expect(cleanServerText(text, 256)).toBe(shown)
})

test('a text may be as long as asked, and is cut where it is longer', {
  tags: ['O7', 'O14'],
}, () => {
  const text = 'no such '.repeat(8)
  expect(cleanServerText('ab '.repeat(4), 11)).toBe('ab ab ab ab')
  expect(cleanServerText('ab '.repeat(4), 10)).toBe('ab ab...')
  expect(cleanServerText(text.repeat(10_000), 64)).toBe(`${text.slice(0, 58)}...`)
})

const part = 'eyJhbGciOiJFUzI1NiJ9'

test.each([
  ['a JWT', `${part}.${part}.c2ln`],
  ['a JWT whose signature is gone', `${part}.${part}.`],
  ['a long run of base64', 'QuJ3+/=='.repeat(5)],
  ['a long run of base64url', 'QuJ3-_~='.repeat(5)],
  ['a run of exactly forty', 'aB3xY'.repeat(8)],
])('%s is not shown', { tags: ['O15'] }, (_, token) => {
  expect(cleanServerText(`the assertion ${token} is bad`, 256)).toBe(
    'the assertion [redacted] is bad',
  )
  expect(cleanServerText(`${token}, ${token}`, 256)).toBe('[redacted], [redacted]')
})

test.each([
  ['a run of thirty-nine', 'aB3xY'.repeat(8).slice(1)],
  ['a run of lower case and digits', 'a1'.repeat(30)],
  ['a host name', 'login.example.com'],
  ['a version', '1.2.3'],
  ['a name with dots', 'happy-name-abc123.projects.example.com'],
])('%s is no token', { tags: ['O15'] }, (_, text) => {
  expect(cleanServerText(text, 256)).toBe(text)
})

test('the rest of a very long text is not even looked at', { tags: ['O14'] }, () => {
  expect(cleanServerText(`a${' '.repeat(4_094)}bc`, 64)).toBe('a')
  expect(cleanServerText(`${' '.repeat(4_096)}a`, 64)).toBeUndefined()
})
