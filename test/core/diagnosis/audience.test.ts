import { expect, test } from 'vitest'
import { compareAudience } from '#core/diagnosis/evidence.js'

const endpoint = 'https://as.example/realms/r/token'

test.each([
  [endpoint, undefined],
  [`${endpoint}/`, 'slash'],
  ['https://other.example/realms/r/token', 'host'],
  ['https://as.example:8443/realms/r/token', 'host'],
  ['https://as.example', 'issuer'],
  ['https://as.example/', 'issuer'],
  ['https://as.example/realms/r', 'issuer'],
  ['https://as.example/realms/r/', 'issuer'],
  ['https://as.example/realms/s', 'other'],
  ['https://as.example/real', 'other'],
  ['https://as.example/?x', 'other'],
  ['https://as.example/realms/r/token?x', 'other'],
  ['urn:example:as', 'other'],
  ['as', 'other'],
])('the audience %s differs from the token endpoint by %s', (audience, difference) => {
  expect(compareAudience(audience, endpoint)).toBe(difference)
})

test('distinguishes a token endpoint with a slash at its end from one without', () => {
  expect(compareAudience('https://as.example/token', 'https://as.example/token/')).toBe('slash')
})
