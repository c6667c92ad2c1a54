import type { AssertionSigner, TokenProviderOptions, TokenStore } from '@countersign/core'
import { createTokenProvider, memoryStore } from '@countersign/core'
import { describe, expect, test } from 'vitest'
import { clientKey, otherKey, sharedRsaPair } from '../../support/keys.ts'
import { goodToken, rejection, standingClock } from '../../support/provider-under-test.ts'

const key = clientKey.pem
const rsa = sharedRsaPair().pem
const passphrase = 'x'
const encrypted = otherKey.privateKey
  .export({ type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase })
  .toString()
const signer = (kid: string): AssertionSigner => ({
  ...{ alg: 'ES256', kid },
  sign: async () => new Uint8Array(64).fill(1),
})

type Options = Partial<TokenProviderOptions>
type AssertionOptions = NonNullable<TokenProviderOptions['assertion']>

const claims = (members: Record<string, unknown>): Options => ({ assertion: { claims: members } })

/** The key under which the store is asked. */
async function keyOf(options: Options): Promise<string> {
  const keys = new Set<string>()
  const memory = memoryStore()
  const store: TokenStore = {
    ...memory,
    get: (asked, limits) => {
      keys.add(asked)
      return memory.get(asked, limits)
    },
  }
  const base = { clientId: 'client-1', tokenEndpoint: 'https://as.example/token' }
  const fetch = async () => Response.json(goodToken)
  const signed = options.signer === undefined ? { key } : {}
  await createTokenProvider({ ...base, ...signed, fetch, store, ...options }).getAccessToken()
  expect([...keys]).toEqual([expect.stringMatching(/^[0-9a-f]{64}$/)])
  return [...keys].join()
}

/** Whether an option is part of a token's key, shown by two sets of options. */
const part = (one: Options, other: Options) => ({ isPart: true, one, other })
const noPart = (one: Options, other: Options) => ({ isPart: false, one, other })
type Statement = ReturnType<typeof part>

/** A new option does not compile, and fails below, until it is stated here. */
const statements: Record<keyof TokenProviderOptions, Statement | 'by its members'> = {
  clientId: part({}, { clientId: 'client-2' }),
  tokenEndpoint: part({}, { tokenEndpoint: 'https://as.example/token?tenant=2' }),
  key: part({}, { key: otherKey.pem }),
  passphrase: part({}, { key: encrypted, passphrase }),
  alg: part({ key: rsa, alg: 'PS256' }, { key: rsa, alg: 'RS256' }),
  kid: part({ kid: 'a' }, { kid: 'b' }),
  signer: part({ signer: signer('a') }, { signer: signer('b') }),
  scope: part({}, { scope: 'a' }),
  resource: part({}, { resource: 'urn:a' }),
  parameters: part({}, { parameters: { tenant: 'a' } }),
  partition: part({ partition: 'a' }, { partition: 'b' }),
  assertion: 'by its members',
  renewal: noPart({}, { renewal: { early: 0 } }),
  timeout: noPart({}, { timeout: 20_000 }),
  retries: noPart({}, { retries: 0 }),
  fetch: noPart({}, { fetch: async (url) => Response.json({ ...goodToken, url }) }),
  store: 'by its members',
  onEvent: noPart({}, { onEvent: () => {} }),
  clock: noPart({}, { clock: standingClock() }),
  allowInsecureHttp: noPart({}, { allowInsecureHttp: true }),
}

const assertionStatements: Record<keyof AssertionOptions, Statement> = {
  audience: part({}, { assertion: { audience: 'https://as.example/' } }),
  lifetimeSeconds: noPart({}, { assertion: { lifetimeSeconds: 120 } }),
  typ: part({}, { assertion: { typ: 'client-authentication+jwt' } }),
  claims: part({ assertion: { claims: { x: 'a' } } }, { assertion: { claims: { x: 'b' } } }),
  header: part({ assertion: { header: { x: 1 } } }, { assertion: { header: { x: 2 } } }),
}

/** The names of the options as the library checks them. */
function knownOptions(options: object): string[] {
  try {
    createTokenProvider({
      ...{ clientId: 'c', tokenEndpoint: 'https://as.example/token', key },
      ...options,
    } as TokenProviderOptions)
  } catch (error) {
    return /Known options: ([\w, ]+)\./.exec(String(error))?.[1]?.split(', ') ?? []
  }
  return []
}

describe('what a token in a shared store is kept under', () => {
  test('every option states whether it is part of it', { tags: ['C15'] }, () => {
    expect(knownOptions({ qqqqqqqqqq: 1 }).sort()).toEqual(Object.keys(statements).sort())
    expect(knownOptions({ assertion: { qqqqqqqqqq: 1 } }).sort()).toEqual(
      Object.keys(assertionStatements).sort(),
    )
  })

  test.each(
    Object.entries({ ...statements, ...assertionStatements }).flatMap(([name, statement]) =>
      statement === 'by its members' ? [] : [[name, statement] as const],
    ),
  )(
    'the option %s is part of it or not, as stated',
    { tags: ['C14', 'C15', 'C17'] },
    async (_, { isPart, one, other }) => {
      const [first, second] = [await keyOf(one), await keyOf(other)]
      expect(first !== second).toBe(isPart)
      expect(await keyOf(one)).toBe(first)
    },
  )

  test('the order of members does not matter, at any depth', { tags: ['C12'] }, async () => {
    const one = { a: 1, b: { c: [{ d: 1, e: 2 }], f: null } }
    const other = { b: { f: null, c: [{ e: 2, d: 1 }] }, a: 1 }
    const first = await keyOf({ assertion: { claims: one, header: one } })
    expect(await keyOf({ assertion: { claims: other, header: other } })).toBe(first)
  })

  test.each<[Options, Options]>([
    [claims({ a: ['x', 'y'] }), claims({ a: ['y', 'x'] })],
    [claims({ a: { x: 1 } }), claims({ a: [['x', 1]] })],
    [claims({ a: { x: 1 } }), claims({ a: { sorted: [['x', 1]] } })],
    [claims({ a: '1' }), claims({ a: 1 })],
    [claims({ a: null }), claims({})],
    [claims({ a: {} }), claims({ a: [] })],
    [claims({ a: '\ud800' }), claims({ a: '\ud801' })],
    [claims({ 'a","b': 1 }), claims({ a: 1, b: 1 })],
    [claims({ x: 'a' }), { assertion: { header: { x: 'a' } } }],
    [claims({ x: 'a' }), { parameters: { x: 'a' } }],
    [{ partition: 'a' }, { kid: 'a' }],
    [{ partition: 'a' }, { assertion: { typ: 'a' } }],
    [
      { clientId: 'a|b', scope: 'c' },
      { clientId: 'a', scope: 'b|c' },
    ],
    [
      { clientId: 'a"', partition: 'b' },
      { clientId: 'a', partition: '"b' },
    ],
    [{ parameters: JSON.parse('{"__proto__":"a"}') }, {}],
    [{ parameters: { realm: 'caf\u00e9' } }, { parameters: { realm: 'cafe\u0301' } }],
    [{ resource: 'urn:a' }, { resource: ['urn:a', 'urn:b'] }],
  ])('%j and %j do not share a token', { tags: ['C12', 'C14'] }, async (one, other) => {
    expect(await keyOf(one)).not.toBe(await keyOf(other))
  })

  test.each(['/token/', '/TOKEN', ':443/token', '/token?'])(
    'the token endpoint as.example%s is not as.example/token',
    { tags: ['C16'] },
    async (rest) => {
      expect(await keyOf({ tokenEndpoint: `https://as.example${rest}` })).not.toBe(await keyOf({}))
    },
  )

  test('a partition is neither sent nor signed', async () => {
    const sent: string[] = []
    const fetch: TokenProviderOptions['fetch'] = async (url, init) => {
      const assertion = new URLSearchParams(String(init.body)).get('client_assertion') ?? ''
      const decoded = assertion.split('.').map((text) => Buffer.from(text, 'base64url').toString())
      sent.push(JSON.stringify([url, init, decoded]))
      return Response.json(goodToken)
    }
    await keyOf({ partition: 'tenant-seven', fetch })
    expect(sent).toHaveLength(1)
    expect(sent[0]).not.toContain('tenant-seven')
  })

  test.each(['', 7, null, {}])('the partition %j is rejected', (partition) => {
    const options = { clientId: 'c', tokenEndpoint: 'https://as.example/token', key, partition }
    expect(() => createTokenProvider(options as TokenProviderOptions)).toThrow(
      expect.objectContaining({ code: 'ERR_INVALID_OPTION', option: 'partition' }),
    )
  })
})

describe('claims and header of an assertion', () => {
  const cycle: Record<string, unknown> = {}
  cycle.self = { again: [cycle] }
  let deep: unknown = 1
  for (let depth = 0; depth < 20_000; depth++) deep = [deep]

  test.each<[string, Record<string, unknown>, string]>([
    ['a BigInt', { a: { b: [1n] } }, "'assertion.claims.a' contains a bigint"],
    ['a function', { a: () => 1 }, "'assertion.claims.a' contains a function"],
    ['a hole in an array', { a: Array(1) }, "'assertion.claims.a' contains undefined"],
    ['NaN', { a: Number.NaN }, "'assertion.claims.a' contains a non-finite number"],
    ['a cycle', cycle, "'assertion.claims.self' contains a cycle"],
    ['a Map', { a: new Map() }, "'assertion.claims.a' contains a Map"],
    ['20,000 levels', { deep }, "'assertion.claims.deep' contains a cycle or too many levels"],
  ])('with %s are rejected at construction', (_, claims, what) => {
    for (const name of ['claims', 'header']) {
      const options = { clientId: 'c', tokenEndpoint: 'https://as.example/token', key }
      const message = what.replace('assertion.claims', `assertion.${name}`)
      expect(() => createTokenProvider({ ...options, assertion: { [name]: claims } })).toThrow(
        expect.objectContaining({
          ...{ code: 'ERR_INVALID_OPTION', option: `assertion.${name}`, retryable: false },
          message: expect.stringContaining(message),
        }),
      )
    }
  })

  test('that JSON can express are sent as they were at construction', async () => {
    const claims = {
      ...{ a: 1, b: 'x', c: null, d: true, e: [1, { f: 2 }], left: undefined },
      at: new Date(0),
      shared: [cycleFree, cycleFree],
    }
    let sent: unknown
    const tokens = createTokenProvider({
      ...{ clientId: 'c', tokenEndpoint: 'https://as.example/token', key, assertion: { claims } },
      fetch: async (_, init) => {
        const form = new URLSearchParams(String(init.body))
        const [, body = ''] = (form.get('client_assertion') ?? '').split('.')
        sent = JSON.parse(Buffer.from(body, 'base64url').toString())
        return Response.json(goodToken)
      },
    })
    claims.e.push(3)
    await tokens.getAccessToken()
    expect(sent).toMatchObject({
      ...{ a: 1, b: 'x', c: null, d: true, e: [1, { f: 2 }] },
      ...{ at: '1970-01-01T00:00:00.000Z', shared: [cycleFree, cycleFree] },
    })
    expect(sent).not.toHaveProperty('left')
  })

  test('a clock that fails is not a network error', async () => {
    const clock = {
      ...standingClock(),
      now: () => {
        throw new RangeError('no time')
      },
    }
    const options = { clientId: 'c', tokenEndpoint: 'https://as.example/token', key, clock }
    const error = await rejection(
      createTokenProvider({
        ...options,
        fetch: async () => Response.json(goodToken),
      }).getAccessToken(),
    )
    expect(error).not.toMatchObject({ code: 'ERR_TOKEN_NETWORK' })
  })
})

const cycleFree = { same: 'object' }
