import { describe, expect, test } from 'vitest'
import {
  createRedirectError,
  createTimeoutError,
  createTransportError,
} from '#core/token-endpoint/transport-failure.js'

/** How Node's fetch rejects: its own error outside, the platform's within. */
function rejected(code: string, more: object = {}): TypeError {
  const cause = Object.assign(new Error('secret words of the platform'), { code, ...more })
  return new TypeError('fetch failed', { cause })
}

const request = {
  ...{ tokenEndpoint: 'https://as.example:8443/secret?secret', attempts: 2 },
  proxyVariable: undefined,
}
const failed = 'The token request to as.example:8443 failed: '
const checkHost = 'Check host, port and proxy.'
const broken = 'the host could not be reached, or the connection broke'
const untrusted =
  'no TLS connection, or its certificate is not trusted. Check the certificate and the URL; set a company CA with NODE_EXTRA_CA_CERTS or `fetch`.'
const invalid = 'the response is not valid HTTP. Check that the URL is that of a token endpoint.'

describe('what a rejected fetch means', () => {
  test.each([
    ['ECONNREFUSED', 'nothing is listening there'],
    ['ECONNRESET', broken],
    ['ENOTFOUND', 'the host name does not resolve'],
    ['EAI_AGAIN', 'the host name does not resolve'],
    ['UND_ERR_SOCKET', broken],
    ['UND_ERR_CONNECT_TIMEOUT', 'the host cannot be reached from here'],
    ['ERR_UNKNOWN', broken],
    ['X_CERT_HAS_EXPIRED', broken],
    ['X_HPE_INVALID', broken],
  ])(
    '%s is the network, worth another attempt',
    { tags: ['E6', 'E7', 'E8', 'E12'] },
    (code, reason) => {
      expect(createTransportError(rejected(code), request)).toMatchObject({
        code: 'ERR_TOKEN_NETWORK',
        message: `${failed}${code}: ${reason}. ${checkHost}`,
        cause: { name: 'Error', code },
        attempts: 2,
        retryable: true,
      })
    },
  )

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
  ])('%s is TLS, and no other attempt would change it', { tags: ['E10', 'E11'] }, (code) => {
    expect(createTransportError(rejected(code), request)).toMatchObject({
      code: 'ERR_TOKEN_TLS',
      message: `${failed}${code}: ${untrusted}`,
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
  ])('%s is a server that does not speak HTTP', { tags: ['E15', 'E18'] }, (code) => {
    expect(createTransportError(rejected(code), request)).toMatchObject({
      code: 'ERR_TOKEN_PROTOCOL',
      message: `${failed}${code}: ${invalid}`,
      retryable: false,
    })
  })

  test.each([
    ['its name', Object.assign(new Error('x'), { name: 'HTTPParserError' }), 'HTTPParserError'],
    ['its words', new Error('too many content-encodings in response: 6'), 'Error'],
  ])(
    'an answer that cannot be read, without a code, is known by %s',
    { tags: ['E15', 'E18'] },
    (_, cause, name) => {
      expect(createTransportError(new TypeError('fetch failed', { cause }), request)).toMatchObject(
        {
          code: 'ERR_TOKEN_PROTOCOL',
          message: `${failed}${invalid}`,
          cause: { name },
        },
      )
      const quoted = new Error(`a proxy says: ${cause.message}`)
      expect(createTransportError(quoted, request).code).toBe('ERR_TOKEN_NETWORK')
    },
  )

  test.each([['a text'], [undefined], [null], [{ code: 'ECONNRESET' }]])(
    'a fetch that throws %j has no cause to tell',
    { tags: ['E21'] },
    (thrown) => {
      const error = createTransportError(thrown, request)
      expect(error.message).toBe(`${failed}${broken}. ${checkHost}`)
      expect(error).not.toHaveProperty('cause')
    },
  )
})

describe('the cause that is kept', () => {
  const causeOf = (thrown: unknown) => {
    const cause = createTransportError(thrown, request).cause as Error
    return { ...cause, name: cause.name }
  }

  test('has name, code and system call, never the words of the platform', { tags: ['L6'] }, () => {
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

  test('is found in a chain of at most five causes, which may be a ring', () => {
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
  ])('leaves out names, codes and system calls that are %s', { tags: ['L6'] }, (_, word) => {
    const error = Object.assign(new Error('x'), { name: word, code: word, syscall: word })
    expect(causeOf(error)).toEqual({ name: 'Error' })
  })

  test.each(['X'.repeat(64), 'x'.repeat(40)])('copies the code %s', { tags: ['L6'] }, (code) => {
    expect(causeOf(rejected(code))).toEqual({ name: 'Error', code })
  })
})

test('a refused connection names the address that refused it, which may be a proxy', {
  tags: ['E6'],
}, () => {
  const more = { syscall: 'connect', address: '127.0.0.1', port: 45_999 }
  expect(createTransportError(rejected('ECONNREFUSED', more), request).message).toBe(
    `${failed}connect ECONNREFUSED 127.0.0.1:45999: nothing is listening there. ${checkHost}`,
  )
  const forged = { ...more, address: 'secret words' }
  expect(createTransportError(rejected('ECONNREFUSED', forged), request).message).toBe(
    `${failed}connect ECONNREFUSED: nothing is listening there. ${checkHost}`,
  )
})

test('a timeout gives both likely hints', { tags: ['E13', 'D8'] }, () => {
  expect(createTimeoutError(7, request)).toMatchObject({
    code: 'ERR_TOKEN_TIMEOUT',
    message:
      'No token from as.example:8443 within 7 ms. Check that it can be reached from here, and that `fetch` does not wait for this token itself.',
    attempts: 2,
    retryable: true,
  })
})

test('where a signer or a key function did not answer, that is the cause', {
  tags: ['K11'],
}, () => {
  for (const asked of ['signer', 'key function'] as const) {
    expect(createTimeoutError(7, request, asked)).toMatchObject({
      code: 'ERR_TOKEN_TIMEOUT',
      message: `No token from as.example:8443 within 7 ms: the ${asked} did not answer. Check that the ${asked} can reach its service, and give it a timeout.`,
      attempts: 2,
      retryable: true,
    })
  }
})

describe('reports a redirect by its origin only', { tags: ['E1', 'E2', 'E4'] }, () => {
  const told = (target: string) =>
    `The token endpoint redirects${target}. The redirect was not followed, because the assertion is a credential. Set the option 'tokenEndpoint' to the final URL.`
  const answer = (location?: string) =>
    new Response(null, { status: 302, headers: location === undefined ? {} : { location } })

  test.each([
    [
      'elsewhere',
      'https://user:secret@other.example:8443/secret?secret#secret',
      ' to https://other.example:8443',
    ],
    ['on the same origin', '/v2/token', ' to https://as.example:8443'],
    ['to nowhere', 'http://[secret', ''],
    ['without a target', undefined, ''],
  ])('%s', (_, location, target) => {
    expect(createRedirectError(answer(location), request)).toMatchObject({
      ...{ code: 'ERR_TOKEN_REDIRECT', message: told(target), attempts: 2, retryable: false },
    })
  })

  test('that was followed anyway', () => {
    const followed = Object.defineProperties(new Response('', { headers: { location: '/not' } }), {
      redirected: { value: true },
      url: { value: 'https://other.example/secret' },
    })
    expect(createRedirectError(followed, request).message).toBe(told(' to https://other.example'))
  })
})
