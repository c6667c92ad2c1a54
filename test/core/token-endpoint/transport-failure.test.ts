import { describe, expect, test } from 'vitest'
import {
  redirectError,
  timeoutError,
  transportError,
  transportRetries,
  unansweredError,
} from '#core/token-endpoint/transport-failure.js'

/** How Node's fetch rejects: its own error outside, the platform's within. */
function rejected(code: string, more: object = {}): TypeError {
  const cause = Object.assign(new Error('secret words of the platform'), { code, ...more })
  return new TypeError('fetch failed', { cause })
}

const network = [
  'The token endpoint could not be reached, or the connection broke',
  'Check host, port and proxy.',
] as const
const tls = [
  'No TLS connection to the token endpoint',
  'Check the certificate and the URL; give a company CA through NODE_EXTRA_CA_CERTS or `fetch`.',
] as const
const protocol = [
  'The token endpoint did not speak HTTP as it should',
  'Check that the URL is that of a token endpoint.',
] as const

describe('what a rejected fetch means', () => {
  test.each([
    'ECONNREFUSED',
    'ECONNRESET',
    'ENOTFOUND',
    'EAI_AGAIN',
    'UND_ERR_SOCKET',
    'UND_ERR_CONNECT_TIMEOUT',
    'ERR_UNKNOWN',
    'X_CERT_HAS_EXPIRED',
    'X_HPE_INVALID',
  ])('E6 E7 E8 E12: %s is the network, worth another attempt', (code) => {
    expect(transportError(rejected(code), 2)).toMatchObject({
      code: 'ERR_TOKEN_NETWORK',
      message: `${network[0]} (${code}). ${network[1]}`,
      cause: { name: 'Error', code },
      attempts: 2,
      retryable: true,
    })
  })

  test.each([
    'CERT_HAS_EXPIRED',
    'CRL_HAS_EXPIRED',
    'DEPTH_ZERO_SELF_SIGNED_CERT',
    'SELF_SIGNED_CERT_IN_CHAIN',
    'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
    'ERROR_IN_CERT_NOT_AFTER_FIELD',
    'ERR_TLS_CERT_ALTNAME_INVALID',
    'ERR_SSL_WRONG_VERSION_NUMBER',
    'HOSTNAME_MISMATCH',
    'INVALID_CA',
    'INVALID_PURPOSE',
    'PATH_LENGTH_EXCEEDED',
  ])('E10 E11: %s is TLS, and no other attempt would change it', (code) => {
    expect(transportError(rejected(code), 1)).toMatchObject({
      code: 'ERR_TOKEN_TLS',
      message: `${tls[0]} (${code}). ${tls[1]}`,
      retryable: false,
    })
  })

  test.each([
    'HPE_INVALID_CONSTANT',
    'Z_DATA_ERROR',
    'UND_ERR_HEADERS_OVERFLOW',
    'UND_ERR_RES_CONTENT_LENGTH_MISMATCH',
    'UND_ERR_CONTENT_LENGTH_MISMATCH',
    'UND_ERR_INVALID_ARG',
  ])('E15 E18: %s is a server that does not speak HTTP', (code) => {
    expect(transportError(rejected(code), 1)).toMatchObject({
      code: 'ERR_TOKEN_PROTOCOL',
      message: `${protocol[0]} (${code}). ${protocol[1]}`,
      retryable: false,
    })
  })

  test.each([
    ['its name', Object.assign(new Error('x'), { name: 'HTTPParserError' }), 'HTTPParserError'],
    ['its words', new Error('too many content-encodings in response: 6'), 'Error'],
  ])('E15 E18: an answer that cannot be read, without a code, is known by %s', (_, cause, name) => {
    expect(transportError(new TypeError('fetch failed', { cause }), 1)).toMatchObject({
      code: 'ERR_TOKEN_PROTOCOL',
      message: `${protocol[0]}. ${protocol[1]}`,
      cause: { name },
    })
    const quoted = new Error(`a proxy says: ${cause.message}`)
    expect(transportError(quoted, 1).code).toBe('ERR_TOKEN_NETWORK')
  })

  test.each([['a text'], [undefined], [null], [{ code: 'ECONNRESET' }]])(
    'E21: a fetch that throws %j has no cause to tell',
    (thrown) => {
      const error = transportError(thrown, 1)
      expect(error.message).toBe(`${network[0]}. ${network[1]}`)
      expect(error).not.toHaveProperty('cause')
    },
  )
})

describe('the cause that is kept', () => {
  const causeOf = (thrown: unknown) => {
    const cause = transportError(thrown, 1).cause as Error
    return { ...cause, name: cause.name }
  }

  test('L6: has name, code and system call, never the words of the platform', () => {
    const thrown = rejected('ENOTFOUND', { syscall: 'getaddrinfo', hostname: 'secret.example' })
    expect(causeOf(thrown)).toEqual({ name: 'Error', code: 'ENOTFOUND', syscall: 'getaddrinfo' })
  })

  test('is the innermost error with a code', () => {
    const inner = new Error('inner', { cause: rejected('EPIPE') })
    const outer = Object.assign(new Error('outer', { cause: inner }), { code: 'OUTER' })
    expect(causeOf(outer)).toEqual({ name: 'Error', code: 'EPIPE' })
    const plain = Object.assign(new Error('x', { cause: new RangeError('y') }), { code: 'OUTER' })
    expect(causeOf(plain)).toEqual({ name: 'Error', code: 'OUTER' })
  })

  test('or else the innermost of all', () => {
    expect(causeOf(new Error('x', { cause: new RangeError('y') }))).toEqual({ name: 'RangeError' })
  })

  test('is looked for in a chain of five at the most, which may be a ring', () => {
    const ring = new RangeError('ring')
    ring.cause = new Error('inner', { cause: ring })
    expect(causeOf(ring)).toEqual({ name: 'RangeError' })
    const deep = (levels: number): Error =>
      levels === 1
        ? Object.assign(new Error('x'), { code: 'DEEP' })
        : new Error('x', { cause: deep(levels - 1) })
    expect(causeOf(deep(5))).toEqual({ name: 'Error', code: 'DEEP' })
    expect(causeOf(deep(6))).toEqual({ name: 'Error' })
  })

  test.each([
    ['with blanks', 'secret words'],
    ['with a line break', 'ECONNRESET\nsecret'],
    ['too long', 'X'.repeat(65)],
    ['long and of mixed case', `${'X'.repeat(40)}x`],
    ['empty', ''],
    ['not text', 7],
  ])('L6: leaves out names, codes and system calls that are %s', (_, word) => {
    const error = Object.assign(new Error('x'), { name: word, code: word, syscall: word })
    expect(causeOf(error)).toEqual({ name: 'Error' })
  })

  test.each(['X'.repeat(64), 'x'.repeat(40)])('L6: copies the code %s', (code) => {
    expect(causeOf(rejected(code))).toEqual({ name: 'Error', code })
  })
})

describe('how often a failure is worth another attempt', () => {
  const retries = (code: string) => transportRetries(transportError(rejected(code), 1))

  test('E12: once for a name that does not resolve', () => {
    expect(retries('ENOTFOUND')).toBe(1)
  })

  test('E6 E10 E15: as often as the options say for the network, never for TLS and protocol', () => {
    expect(['ECONNRESET', 'EAI_AGAIN'].map(retries)).toEqual([Infinity, Infinity])
    expect(['CERT_HAS_EXPIRED', 'HPE_INVALID_CONSTANT'].map(retries)).toEqual([0, 0])
    expect(transportRetries(transportError('a text', 1))).toBe(Infinity)
    expect(transportRetries(timeoutError('Late.', 1))).toBe(Infinity)
  })
})

test('E13 D8: a timeout gives both likely hints', () => {
  expect(timeoutError('No token within 7 ms.', 3)).toMatchObject({
    code: 'ERR_TOKEN_TIMEOUT',
    message:
      'No token within 7 ms. Check that the token endpoint can be reached from here; if the token request goes through an authorized instance, check that it does not wait for its own token.',
    attempts: 3,
    retryable: true,
  })
})

test('K11: where a signer or a key function did not answer, that is the cause', () => {
  for (const asked of ['signer', 'key function'] as const) {
    expect(unansweredError(asked, 7, 3)).toMatchObject({
      code: 'ERR_TOKEN_TIMEOUT',
      message: `No token within 7 ms: the ${asked} did not answer. Check that what it asks can be reached from here, and that it ends when it cannot.`,
      attempts: 3,
      retryable: true,
    })
  }
})

describe('E1 E2 E4: a redirect is told by its origin alone', () => {
  const endpoint = 'https://as.example/token'
  const sent = {
    ...{ clientId: 'client-1', audience: endpoint, lifetimeSeconds: 60 },
    ...{ alg: 'ES256', kid: 'k1', thumbprint: 'tp1' },
  }
  const told = (target: string) =>
    `The token endpoint answered with a redirect${target}. It was not followed: the assertion would go with it. Configure the final URL. Sent: alg ES256, kid k1, aud https://as.example/token, lifetime 60 s, thumbprint tp1, client id client-1.`
  const answer = (location?: string) =>
    new Response(null, { status: 302, headers: location === undefined ? {} : { location } })

  test.each([
    [
      'elsewhere',
      'https://user:secret@other.example:8443/secret?secret#secret',
      ' to https://other.example:8443',
    ],
    ['on the same origin', '/v2/token', ' to https://as.example'],
    ['to nowhere', 'http://[secret', ''],
    ['without a target', undefined, ''],
  ])('%s', (_, location, target) => {
    expect(redirectError(answer(location), endpoint, { attempts: 1, sent })).toMatchObject({
      ...{ code: 'ERR_TOKEN_REDIRECT', message: told(target), attempts: 1, retryable: false },
    })
  })

  test('that was followed anyway', () => {
    const followed = Object.defineProperties(new Response('', { headers: { location: '/not' } }), {
      redirected: { value: true },
      url: { value: 'https://other.example/secret' },
    })
    expect(redirectError(followed, endpoint, { attempts: 1, sent }).message).toBe(
      told(' to https://other.example'),
    )
  })
})
