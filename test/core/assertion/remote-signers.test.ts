import { Buffer } from 'node:buffer'
import { generateKeyPairSync, sign } from 'node:crypto'
import { inspect } from 'node:util'
import {
  type Algorithm,
  type AssertionSigner,
  createTokenProvider,
  type TokenEvent,
  type TokenProviderOptions,
} from '@countersign/core'
import {
  type AuthorizationServer,
  createAuthorizationServer,
  createManualClock,
} from '@countersign/testing'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { type KeyHolder, startKeyHolder } from '../../support/key-holder.ts'
import { leakSearch } from '../../support/leak-search.ts'
import { rejection, until } from '../../support/provider-under-test.ts'

const clientId = 'client-1'
const canary = 'canary-vault-token'
const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
const p384 = generateKeyPairSync('ec', { namedCurve: 'P-384' }).privateKey
const rsa1024 = generateKeyPairSync('rsa', { modulusLength: 1024 }).privateKey
const someBytes = Buffer.from('header.payload')
let holder: KeyHolder
let server: AuthorizationServer

beforeAll(async () => {
  holder = await startKeyHolder()
})
afterAll(() => holder.close())
beforeEach(async () => {
  server = await createAuthorizationServer({ clock: createManualClock(Date.now()) })
  const keys = [{ ...holder.publicKeys.ES256, kid: 'key-1', alg: 'ES256' }]
  server.register({ clientId, jwks: { keys } })
})
afterEach(() => server.close())

describe('the option signer', () => {
  const sound = { alg: 'ES256', kid: 'key-1', sign: async () => new Uint8Array(64) }
  const missing = "Option 'signer' must be an object with alg, kid and sign."
  const kid = "Option 'signer.kid' must be a non-empty string."
  const rejected: [string, object, string, string][] = [
    ['null', { signer: null }, 'signer', missing],
    ['a function', { signer: sound.sign }, 'signer', missing],
    ['a text', { signer: 'arn:aws:kms:key' }, 'signer', missing],
    [
      'without alg',
      { signer: { ...sound, alg: undefined } },
      'signer.alg',
      "Option 'signer.alg' must be ES256, PS256 or RS256.",
    ],
    ['without kid', { signer: { ...sound, kid: undefined } }, 'signer.kid', kid],
    ['with an empty kid', { signer: { ...sound, kid: '' } }, 'signer.kid', kid],
    ['with a number for a kid', { signer: { ...sound, kid: 1 } }, 'signer.kid', kid],
    [
      'without sign',
      { signer: { ...sound, sign: undefined } },
      'signer.sign',
      "Option 'signer.sign' must be a function.",
    ],
    [
      'with a key beside it',
      { signer: sound, key: privateKey },
      'signer',
      "Options 'key' and 'signer' are mutually exclusive: pass one of them.",
    ],
    [
      'with a passphrase beside it',
      { signer: sound, passphrase: 'secret' },
      'signer',
      "Options 'key' and 'signer' are mutually exclusive: pass one of them.",
    ],
    [
      'with another algorithm beside it',
      { signer: sound, alg: 'PS256' },
      'alg',
      "Option 'alg' is not the signer's, which is ES256: leave it out.",
    ],
    [
      'that is not given, and no key',
      { signer: undefined },
      'key',
      "Option 'key' is missing: pass a private key or a 'signer', or check that its environment variable is set.",
    ],
  ]

  test.each(rejected)(
    '%s is rejected at construction',
    { tags: ['K11'] },
    (_, options, option, message) => {
      expect(rejectionOf(options)).toMatchObject({
        ...{ name: 'ConfigurationError', code: 'ERR_INVALID_OPTION' },
        ...{ option, message },
      })
    },
  )

  test.each(['ES512', 'EdDSA', 'es256', 'none', 256, null])(
    'with the alg %j is rejected at construction',
    { tags: ['G12', 'K11'] },
    (alg) => {
      const quoted = typeof alg === 'string' ? alg : '(not shown)'
      expect(rejectionOf({ signer: { ...sound, alg } })).toMatchObject({
        ...{ name: 'ConfigurationError', code: 'ERR_UNSUPPORTED_ALG', option: 'signer.alg' },
        message: `Algorithm '${quoted}' is not supported. Use ES256, PS256 or RS256.`,
      })
    },
  )

  test('is read once; what is changed in it later changes nothing', { tags: ['K11'] }, async () => {
    const signer: Record<string, unknown> = { ...remote() }
    const tokens = provider(signer as never)
    Object.assign(signer, { alg: 'RS256', kid: 'other', sign: () => Promise.reject(new Error()) })
    await tokens.getAccessToken()
    expect(server.requests).toMatchObject([{ status: 200, header: { alg: 'ES256', kid: 'key-1' } }])
  })

  test('may be an object of a class, whose method finds its fields', {
    tags: ['K11'],
  }, async () => {
    class Vault implements AssertionSigner {
      readonly #holder = holder
      readonly alg = 'ES256'
      get kid() {
        return 'key-1'
      }
      sign(bytes: Uint8Array): Promise<Uint8Array> {
        return this.#holder.sign({ alg: this.alg, form: 'DER', bytes })
      }
    }
    await provider(new Vault()).getAccessToken()
    expect(server.requests).toMatchObject([{ status: 200 }])
  })

  test('a provider with it prints nothing of it', { tags: ['K16'] }, () => {
    const signer = { ...remote(), secret: canary }
    expect(inspect(provider(signer), { depth: 10, showHidden: true })).not.toContain(canary)
  })
})

describe('a signer that returns no signature', { tags: ['K11'] }, () => {
  const notEs256 = (what: string) =>
    `signer.sign() returned ${what} instead of an ES256 signature: a Uint8Array of 64 bytes, or DER.`
  const notRsa = (alg: Algorithm, what: string) =>
    `signer.sign() returned ${what} instead of an ${alg} signature: a Uint8Array of 256 bytes or more.`
  const answers: [string, Algorithm, () => unknown, string][] = [
    ['a text', 'ES256', () => canary, notEs256('string')],
    ['nothing', 'ES256', () => undefined, notEs256('undefined')],
    ['null', 'PS256', () => null, notRsa('PS256', 'object')],
    ['an array', 'RS256', () => [1, 2, 3], notRsa('RS256', 'object')],
    [
      "the KMS' whole answer",
      'ES256',
      () => ({ Signature: new Uint8Array(64) }),
      notEs256('object'),
    ],
    ['no byte at all', 'ES256', () => new Uint8Array(), notEs256('0 bytes')],
    ['32 bytes', 'ES256', () => new Uint8Array(32), notEs256('32 bytes')],
    [
      '96 bytes of P-384',
      'ES256',
      () => sign('sha256', someBytes, { key: p384, dsaEncoding: 'ieee-p1363' }),
      notEs256('96 bytes'),
    ],
    ['70 bytes that begin like DER', 'ES256', () => Buffer.alloc(70, 0x30), notEs256('70 bytes')],
    ['an RSA signature', 'ES256', () => new Uint8Array(256), notEs256('256 bytes')],
    ['128 bytes', 'RS256', () => sign('sha256', someBytes, rsa1024), notRsa('RS256', '128 bytes')],
    ['64 bytes', 'PS256', () => new Uint8Array(64), notRsa('PS256', '64 bytes')],
  ]

  test.each(answers)(
    'but %s for %s is named by type and length, and nothing is sent',
    async (_, alg, answer, message) => {
      let asked = 0
      const sign = async () => {
        asked += 1
        return answer() as Uint8Array
      }
      const error = await rejection(provider({ alg, kid: 'key-1', sign }).getAccessToken())
      expect(error).toMatchObject({
        name: 'KeyError',
        code: 'ERR_KEY_PROVIDER',
        message,
        retryable: true,
      })
      expect(String(inspect(error))).not.toContain(canary)
      expect(asked).toBe(1)
      expect(server.requests).toEqual([])
    },
  )

  test('but DER of P-384 is rejected', async () => {
    const der = sign('sha256', someBytes, { key: p384, dsaEncoding: 'der' })
    const error = await rejection(provider(remote(async () => der)).getAccessToken())
    expect(error).toMatchObject({
      code: 'ERR_KEY_PROVIDER',
      message: notEs256(`${der.length} bytes`),
    })
    expect(server.requests).toEqual([])
  })
})

describe('a signer that fails', { tags: ['K11'] }, () => {
  class NotFoundException extends Error {
    override readonly name = 'NotFoundException'
    readonly $metadata = { authorization: canary }
  }
  const failures: [string, (bytes: Uint8Array) => unknown, unknown][] = [
    ['an error of its SDK', () => new NotFoundException(canary), { name: 'NotFoundException' }],
    [
      'an error that quotes what it was to sign',
      (bytes) => Object.assign(new Error(`${canary} ${Buffer.from(bytes)}`), { code: 'ETIMEDOUT' }),
      { name: 'Error', code: 'ETIMEDOUT' },
    ],
    ['a text', () => canary, undefined],
    ['nothing', () => undefined, undefined],
  ]

  test.each(failures)(
    'with %s is ERR_KEY_PROVIDER, and its message is hidden',
    async (_, made, cause) => {
      const search = leakSearch()
      search.add(canary)
      const given: string[] = []
      const thrown = (bytes: Uint8Array) => {
        given.push(Buffer.from(bytes).toString())
        return made(bytes)
      }
      const events: TokenEvent[] = []
      for (const sign of [
        (bytes: Uint8Array) => {
          throw thrown(bytes)
        },
        (bytes: Uint8Array) => Promise.reject(thrown(bytes)),
      ]) {
        const onEvent = (event: TokenEvent) => void events.push(event)
        const error = await rejection(provider(remote(sign), { onEvent }).getAccessToken())
        expect(error).toMatchObject({
          ...{ name: 'KeyError', code: 'ERR_KEY_PROVIDER', retryable: true },
          message: 'signer.sign() failed.',
        })
        const kept = Reflect.get(error as object, 'cause') as Error | undefined
        expect(kept && { ...kept, name: kept.name }).toEqual(cause)
        search.add(...given)
        expect(search.leaks(error)).toEqual([])
      }
      expect(given).toHaveLength(2)
      expect(events.map(({ type }) => type)).toEqual(['renewal-failed', 'renewal-failed'])
      expect(search.leaks(events)).toEqual([])
      expect(server.requests).toEqual([])
    },
  )

  test('is called once for concurrent callers, and again after the hold-off', async () => {
    const clock = createManualClock(Date.now())
    let asked = 0
    const signer = remote(async (bytes) => {
      if (++asked < 3) throw new Error('down')
      return holder.sign({ alg: 'ES256', form: 'DER', bytes })
    })
    const tokens = provider(signer, { clock })
    const errors = await Promise.all(
      Array.from({ length: 9 }, () => rejection(tokens.getAccessToken())),
    )
    expect(new Set(errors).size).toBe(9)
    expect(errors).toEqual(Array(9).fill(errors[0]))
    expect(await rejection(tokens.getAccessToken())).toEqual(errors[0])
    expect(asked).toBe(1)
    await clock.advance(1_000)
    expect(await rejection(tokens.getAccessToken())).not.toEqual(errors[0])
    expect(asked).toBe(2)
    await clock.advance(1_999)
    await rejection(tokens.getAccessToken())
    expect(asked).toBe(2)
    await clock.advance(1)
    await tokens.getAccessToken()
    expect(asked).toBe(3)
    expect(server.requests).toMatchObject([{ status: 200 }])
  })

  test('leaves the valid token in use', async () => {
    const clock = createManualClock(Date.now())
    let isDown = false
    const signer = remote(async (bytes) => {
      if (isDown) throw new Error('down')
      return holder.sign({ alg: 'ES256', form: 'DER', bytes })
    })
    const events: string[] = []
    const onEvent = ({ type }: TokenEvent) => void events.push(type)
    const tokens = provider(signer, { clock, onEvent })
    const first = await tokens.getAccessToken()
    isDown = true
    await clock.advance(590_000)
    expect(await tokens.getAccessToken()).toBe(first)
    await until(() => events.includes('renewal-failed'))
    expect(await tokens.getAccessToken()).toBe(first)
  })

  test('is called for each attempt of a token request', async () => {
    const clock = createManualClock(Date.now())
    let asked = 0
    const signer = remote((bytes) => {
      asked += 1
      return holder.sign({ alg: 'ES256', form: 'DER', bytes })
    })
    const wait = (ms: number, signal: AbortSignal) =>
      ms < 1_000 ? Promise.resolve() : clock.wait(ms, signal)
    server.next({ status: 503 }, { status: 503 })
    await provider(signer, { clock: { ...clock, wait } }).getAccessToken()
    expect(asked).toBe(3)
    expect(server.requests.map(({ refusal }) => refusal)).toEqual(Array(3).fill(undefined))
    expect(new Set(server.requests.map(({ jti }) => jti)).size).toBe(3)
  })
})

describe('a signer that never answers', { tags: ['K11'] }, () => {
  const message = expect.stringMatching(
    /^No token from \S+ within 3000 ms: the signer did not answer\. Check that the signer can reach its service, and give it a timeout\.$/,
  )

  test('ends the token request at its time limit, and its signal aborts', async () => {
    const clock = createManualClock(Date.now())
    const signals: AbortSignal[] = []
    const signer = remote((_, signal) => {
      signals.push(signal)
      return new Promise(() => {})
    })
    const tokens = provider(signer, { clock, timeout: 3_000 })
    let isOver = false
    const answer = rejection(tokens.getAccessToken()).finally(() => {
      isOver = true
    })
    await clock.advance(2_999)
    expect([isOver, signals.length, signals[0]?.aborted]).toEqual([false, 1, false])
    await clock.advance(1)
    const error = await answer
    expect(error).toMatchObject({
      ...{ name: 'TokenTransportError', code: 'ERR_TOKEN_TIMEOUT' },
      ...{ message, attempts: 0, retryable: true },
    })
    expect(signals.map(({ aborted, reason }) => [aborted, reason])).toEqual([[true, error]])
    expect(server.requests).toEqual([])
  })

  test('but rejects on abort ends in the same error', async () => {
    const clock = createManualClock(Date.now())
    const signer = remote(
      (_, signal) =>
        new Promise((_, reject) => {
          signal.addEventListener('abort', () => reject(signal.reason))
        }),
    )
    const answer = rejection(provider(signer, { clock, timeout: 3_000 }).getAccessToken())
    await clock.advance(3_000)
    expect(await answer).toMatchObject({ code: 'ERR_TOKEN_TIMEOUT', message, attempts: 0 })
  })

  test('or too late, sends nothing', async () => {
    const clock = createManualClock(Date.now())
    let finish = () => {}
    const signer = remote(
      (bytes) =>
        new Promise((resolve) => {
          finish = () => resolve(holder.sign({ alg: 'ES256', form: 'raw', bytes }))
        }),
    )
    const answer = rejection(provider(signer, { clock, timeout: 3_000 }).getAccessToken())
    await clock.advance(3_000)
    expect(await answer).toMatchObject({ code: 'ERR_TOKEN_TIMEOUT', message })
    finish()
    // The holder answers in order: what was asked before has been answered, too.
    await holder.sign({ alg: 'ES256', form: 'raw', bytes: someBytes })
    await clock.advance(0)
    expect(server.requests).toEqual([])
  })

  test('on a retry, after a request was sent, ends in the same error', async () => {
    const clock = createManualClock(Date.now())
    let asked = 0
    const signer = remote((bytes) =>
      ++asked === 1 ? holder.sign({ alg: 'ES256', form: 'raw', bytes }) : new Promise(() => {}),
    )
    const wait = (ms: number, signal: AbortSignal) =>
      ms < 1_000 ? Promise.resolve() : clock.wait(ms, signal)
    server.next({ status: 503 })
    const tokens = provider(signer, { clock: { ...clock, wait }, timeout: 3_000 })
    const answer = rejection(tokens.getAccessToken())
    await until(() => asked === 2)
    await clock.advance(3_000)
    expect(await answer).toMatchObject({ code: 'ERR_TOKEN_TIMEOUT', message, attempts: 1 })
    expect(server.requests).toHaveLength(1)
  })

  test('is not blamed where the token endpoint does not answer', async () => {
    const clock = createManualClock(Date.now())
    const signer = remote((bytes) => holder.sign({ alg: 'ES256', form: 'raw', bytes }))
    const release = server.hold()
    const tokens = provider(signer, { clock, timeout: 3_000, retries: 0 })
    const answer = rejection(tokens.getAccessToken())
    await until(() => server.requests.length === 1)
    await clock.advance(3_000)
    const error = await answer
    release()
    expect(error).toMatchObject({
      code: 'ERR_TOKEN_TIMEOUT',
      message: expect.stringMatching(/^No token from \S+ within 1500 ms\./),
      attempts: 1,
    })
  })
})

type Sign = AssertionSigner['sign']

function remote(
  sign: Sign = (bytes) => holder.sign({ alg: 'ES256', form: 'DER', bytes }),
): AssertionSigner {
  return { alg: 'ES256', kid: 'key-1', sign }
}

function provider(signer: AssertionSigner, options: Partial<TokenProviderOptions> = {}) {
  const { tokenEndpoint } = server
  return createTokenProvider({ clientId, tokenEndpoint, signer, ...options })
}

function rejectionOf(options: object): unknown {
  try {
    const { tokenEndpoint } = server
    createTokenProvider({ clientId, tokenEndpoint, ...options })
  } catch (error) {
    return error
  }
  throw new Error('the options were accepted')
}
