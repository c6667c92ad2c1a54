import { generateKeyPairSync, type KeyObject } from 'node:crypto'
import {
  createTokenProvider,
  type Jwk,
  type KeyInput,
  type TokenProviderOptions,
} from '@countersign/core'
import {
  type AuthorizationServer,
  createAuthorizationServer,
  createManualClock,
} from '@countersign/testing'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { leakSearch } from '../../support/leak-search.ts'
import { rejection } from '../../support/provider-under-test.ts'

const clientId = 'client-1'
const pairs = ['2026-a', '2026-b', '2026-c'].map((kid) => {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  return { kid, privateKey, publicKey }
})
let server: AuthorizationServer

/** Each key under its own kid: an assertion under another's is rejected. */
beforeEach(async () => {
  server = await createAuthorizationServer({ clock: createManualClock(Date.now()) })
  const keys = pairs.map(({ kid, publicKey }) => ({ ...jwkOf(publicKey), kid, alg: 'ES256' }))
  server.register({ clientId, jwks: { keys } })
})
afterEach(() => server.close())

describe('a key function that rotates', { tags: ['K12'] }, () => {
  const forms: [string, (key: KeyObject, kid: string) => KeyInput][] = [
    ['JWKs with their kids', (key, kid) => ({ ...jwkOf(key), kid })],
    ['PEMs and kids', (key, kid) => ({ key: pemOf(key), kid })],
    ['KeyObjects and kids', (key, kid) => ({ key, kid })],
    ['JWK Sets of one', (key, kid) => ({ keys: [{ ...jwkOf(key), kid }] })],
  ]

  test.each(forms)(
    'of %s signs with the key and kid of one pair in 60 concurrent calls',
    async (_, form) => {
      let asked = 0
      const tokens = provider(async () => {
        const turn = asked++
        const { privateKey, kid } = pairOf(turn)
        // The answers overtake each other.
        for (let turns = turn % 5; turns > 0; turns--) await Promise.resolve()
        return form(privateKey, kid)
      })
      const scopes = Array.from({ length: 60 }, (_, index) => `scope-${index}`)
      await Promise.all(scopes.map((scope) => tokens.getAccessToken({ scope })))
      expect(server.requests.map(({ status }) => status)).toEqual(Array(60).fill(200))
      const kids = server.requests.map(({ header }) => Reflect.get(header, 'kid'))
      for (const { kid } of pairs) expect(kids.filter((one) => one === kid)).toHaveLength(20)
      expect(asked).toBe(60)
    },
  )

  test('whose answer is one object, changed in place, is read at once', async () => {
    const answer = { key: '', kid: '' }
    let asked = 0
    const tokens = provider(() => {
      const { privateKey, kid } = pairOf(asked++)
      return Object.assign(answer, { key: pemOf(privateKey), kid })
    })
    for (const _ of pairs) await tokens.getAccessToken({ forceRenewal: true })
    const scopes = ['a', 'b', 'c', 'd', 'e', 'f']
    await Promise.all(scopes.map((scope) => tokens.getAccessToken({ scope })))
    expect(server.requests.map(({ status }) => status)).toEqual(Array(9).fill(200))
    expect(kidsSent().slice(0, 3)).toEqual(pairs.map(({ kid }) => kid))
  })

  test('notices another key in the same JWK object', async () => {
    const jwk: Record<string, unknown> = {}
    let calls = 0
    const tokens = provider(() => {
      const { privateKey, kid } = pairOf(calls++)
      return Object.assign(jwk, jwkOf(privateKey), { kid })
    })
    for (const _ of pairs) await tokens.getAccessToken({ forceRenewal: true })
    expect(server.requests.map(({ status }) => status)).toEqual([200, 200, 200])
    expect(kidsSent()).toEqual(pairs.map(({ kid }) => kid))
  })

  test('the kid of the same key is the one that was returned with it last', async () => {
    const { privateKey, publicKey } = pairOf(0)
    const kids = ['old', 'new', 'new', 'old']
    const keys = ['old', 'new'].map((kid) => ({ ...jwkOf(publicKey), kid, alg: 'ES256' }))
    server.register({ clientId, jwks: { keys } })
    let asked = 0
    const tokens = provider(() => ({ key: privateKey, kid: kids[asked++] ?? '' }))
    for (const _ of kids) await tokens.getAccessToken({ forceRenewal: true })
    expect(kidsSent()).toEqual(kids)
  })

  test('a kid is used only for the call that returns it', async () => {
    const { privateKey, publicKey } = pairOf(0)
    server.register({ clientId, jwks: { keys: [{ ...jwkOf(publicKey), kid: 'new' }] } })
    const pem = pemOf(privateKey)
    const answers = [pem, { key: pem, kid: 'new' }, pem]
    let asked = 0
    const tokens = provider(() => answers[asked++])
    for (const _ of answers) await tokens.getAccessToken({ forceRenewal: true })
    expect(kidsSent()).toEqual([undefined, 'new', undefined])
  })

  test('signs with a previous key when it is returned again', async () => {
    const turns = [0, 1, 0, 0, 2, 1]
    let asked = 0
    const tokens = provider(() => {
      const { privateKey, kid } = pairOf(turns[asked++] ?? 0)
      return { key: privateKey, kid }
    })
    for (const _ of turns) await tokens.getAccessToken({ forceRenewal: true })
    expect(server.requests.map(({ status }) => status)).toEqual(Array(6).fill(200))
    expect(kidsSent()).toEqual(turns.map((turn) => pairOf(turn).kid))
  })

  test('is called once for all attempts of one token request', async () => {
    let asked = 0
    const clock = createManualClock(Date.now())
    const tokens = provider(
      () => {
        const { privateKey, kid } = pairOf(asked++)
        return { key: privateKey, kid }
      },
      {
        clock: {
          ...clock,
          wait: (ms, signal) => (ms < 2_000 ? Promise.resolve() : clock.wait(ms, signal)),
        },
      },
    )
    server.next({ status: 503 }, { status: 503 })
    await tokens.getAccessToken()
    await tokens.getAccessToken({ forceRenewal: true })
    expect(server.requests.map(({ refusal }) => refusal)).toEqual(Array(4).fill(undefined))
    expect(kidsSent()).toEqual(['2026-a', '2026-a', '2026-a', '2026-b'])
  })

  test('the option kid overrides the kid of the function', async () => {
    const tokens = provider(() => ({ key: pairOf(0).privateKey, kid: 'of the function' }), {
      kid: '2026-a',
    })
    await tokens.getAccessToken()
    expect(kidsSent()).toEqual(['2026-a'])
  })
})

describe('a key function that fails', { tags: ['K11'] }, () => {
  const canary = 'canary-vault-token'
  const failures: [string, () => unknown, unknown][] = [
    [
      'an error that quotes a key',
      () => new Error(`${canary} ${pemOf(pairOf(0).privateKey)}`),
      { name: 'Error' },
    ],
    [
      'an error with a code',
      () => Object.assign(new TypeError(canary), { code: 'ECONNREFUSED', key: pairOf(0) }),
      { name: 'TypeError', code: 'ECONNREFUSED' },
    ],
    [
      'an error whose name is text',
      () =>
        Object.assign(new Error(canary), { name: `${canary} ${canary}`, code: canary.repeat(9) }),
      { name: 'Error' },
    ],
    ['a text', () => canary, undefined],
    ['nothing', () => undefined, undefined],
    [
      'an object that throws',
      () =>
        new Proxy(
          {},
          {
            get: () => {
              throw new Error(canary)
            },
          },
        ),
      undefined,
    ],
  ]

  test.each(failures)(
    'with %s is ERR_KEY_PROVIDER, and its words are not told',
    async (_, made, cause) => {
      const search = leakSearch(pairOf(0).privateKey)
      search.add(canary)
      for (const fail of [
        () => {
          throw made()
        },
        () => Promise.reject(made()),
      ]) {
        const error = await rejection(provider(fail).getAccessToken())
        expect(error).toMatchObject({
          name: 'KeyError',
          code: 'ERR_KEY_PROVIDER',
          message: 'The key function failed.',
          retryable: true,
        })
        const kept = Reflect.get(error as object, 'cause') as Error | undefined
        expect(kept && { ...kept, name: kept.name }).toEqual(cause)
        expect(search.leaks(error)).toEqual([])
      }
      expect(server.requests).toEqual([])
    },
  )

  test('is called once for concurrent callers, and again after the hold-off', async () => {
    const clock = createManualClock()
    let asked = 0
    const tokens = provider(
      () => {
        if (++asked < 2) throw new Error('down')
        return { key: pairOf(0).privateKey, kid: '2026-a' }
      },
      { clock: { ...clock, now: Date.now } },
    )
    const errors = await Promise.all(
      Array.from({ length: 5 }, () => rejection(tokens.getAccessToken())),
    )
    expect(new Set(errors).size).toBe(5)
    expect(errors).toEqual(Array(5).fill(errors[0]))
    expect(asked).toBe(1)
    expect(await rejection(tokens.getAccessToken())).toEqual(errors[0])
    expect(asked).toBe(1)
    await clock.advance(1_000)
    await tokens.getAccessToken()
    expect(asked).toBe(2)
    expect(server.requests).toMatchObject([{ status: 200 }])
  })

  test('that never resolves ends the token request at its time limit', async () => {
    const clock = createManualClock()
    const tokens = provider(() => new Promise<never>(() => {}), { clock })
    const answer = rejection(tokens.getAccessToken())
    await clock.advance(9_999)
    let isOver = false
    void answer.then(() => {
      isOver = true
    })
    await clock.advance(0)
    expect(isOver).toBe(false)
    await clock.advance(1)
    expect(await answer).toMatchObject({
      name: 'TokenTransportError',
      code: 'ERR_TOKEN_TIMEOUT',
      message: expect.stringMatching(
        /^No token from \S+ within 10000 ms: the key function did not answer\. Check that the key function can reach its service, and give it a timeout\.$/,
      ),
      attempts: 0,
      retryable: true,
    })
    expect(server.requests).toEqual([])
  })
})

function provider(key: unknown, options: Partial<TokenProviderOptions> = {}) {
  const { tokenEndpoint } = server
  return createTokenProvider({ clientId, tokenEndpoint, key: key as KeyInput, ...options })
}

function kidsSent(): unknown[] {
  return server.requests.map(({ header }) => Reflect.get(header, 'kid'))
}

function pairOf(turn: number) {
  const pair = pairs[turn % pairs.length]
  if (pair === undefined) throw new Error('There are no keys.')
  return pair
}

function jwkOf(key: KeyObject): Jwk {
  return key.export({ format: 'jwk' })
}

function pemOf(key: KeyObject): string {
  return String(key.export({ format: 'pem', type: 'pkcs8' }))
}
