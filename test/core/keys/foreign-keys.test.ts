import { generateKeyPairSync } from 'node:crypto'
import { createTokenProvider, type KeyInput, type TokenProviderOptions } from '@countersign/core'
import { createAuthorizationServer } from '@countersign/testing'
import { expect, onTestFinished, test } from 'vitest'
import { leakSearch } from '../../support/leak-search.ts'

const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
const pem = String(privateKey.export({ type: 'pkcs8', format: 'pem' }))
const failing = {
  name: 'KeyError',
  code: 'ERR_KEY_FORMAT',
  message: 'Reading the key or signing with it failed. Pass PEM or a plain JWK.',
  retryable: false,
}

/** Quotes the key, as errors of foreign code may. */
function broken(): never {
  throw Object.assign(new RangeError(`cannot read ${pem}`), { code: 'EBROKEN' })
}

function revoked(): object {
  const { proxy, revoke } = Proxy.revocable({}, {})
  revoke()
  return proxy
}

/** A promise may wait for what a function gives, and that asks for its `then`. */
const unasked = {
  ...failing,
  code: 'ERR_KEY_PROVIDER',
  message: 'The key function failed.',
  retryable: true,
}

const foreign: [name: string, key: () => unknown, ofFunction?: object][] = [
  [
    'a getter that throws',
    () => Object.defineProperty({ kty: 'EC' }, 'd', { get: broken, enumerable: true }),
  ],
  [
    'a proxy that throws',
    () => new Proxy({}, { getOwnPropertyDescriptor: broken, get: broken }),
    unasked,
  ],
  ['a revoked proxy', revoked, unasked],
  ['a key that is a revoked proxy', () => ({ key: revoked() })],
]

async function scene() {
  const server = await createAuthorizationServer()
  onTestFinished(() => server.close())
  const make = (options: Partial<TokenProviderOptions>) =>
    createTokenProvider({ clientId: 'a', tokenEndpoint: server.tokenEndpoint, ...options })
  return { server, make }
}

test.each(foreign)(
  '%s is a key that failed, told without its words',
  { tags: ['K11', 'K15'] },
  async (_, key, ofFunction = failing) => {
    const { server, make } = await scene()
    const search = leakSearch(privateKey)
    const given = await Promise.resolve()
      .then(() => make({ key: key() as KeyInput }))
      .catch((thrown: unknown) => thrown)
    expect(given).toMatchObject(failing)
    const asked = await make({ key: () => key() as KeyInput })
      .getAccessToken()
      .catch((thrown: unknown) => thrown)
    expect(asked).toMatchObject(ofFunction)
    expect([given, asked].flatMap(search.leaks)).toEqual([])
    expect(server.requests).toEqual([])
  },
)

test('a CryptoKey of a polyfill cannot sign', { tags: ['K11', 'K15'] }, async () => {
  const { server, make } = await scene()
  const polyfilled = {
    [Symbol.toStringTag]: 'CryptoKey',
    ...{ type: 'private', extractable: false, usages: ['sign'] },
    algorithm: { name: 'ECDSA', namedCurve: 'P-256' },
  }
  const tokens = make({ key: polyfilled as never })
  await expect(tokens.getAccessToken()).rejects.toMatchObject(failing)
  expect(server.requests).toEqual([])
})

test('a signature whose buffer was transferred is rejected', { tags: ['K11'] }, async () => {
  const { server, make } = await scene()
  const sign = async () => {
    const bytes = new Uint8Array(64)
    structuredClone(bytes.buffer, { transfer: [bytes.buffer] })
    return bytes
  }
  const tokens = make({ signer: { alg: 'ES256', kid: 'k', sign } })
  await expect(tokens.getAccessToken()).rejects.toMatchObject({
    name: 'KeyError',
    code: 'ERR_KEY_PROVIDER',
    message: expect.stringContaining(
      'signer.sign() returned 0 bytes instead of an ES256 signature',
    ),
  })
  expect(server.requests).toEqual([])
})
