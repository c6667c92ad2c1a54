import { generateKeyPairSync } from 'node:crypto'
import type { AssertionSigner, TokenProviderOptions, TokenStore } from '@countersign/core'
import { createTokenProvider, memoryStore } from '@countersign/core'
import { describe, expect, test } from 'vitest'
import { goodToken, rejection, standingClock } from '../../support/provider-under-test.ts'

const pem = () =>
  generateKeyPairSync('ec', {
    namedCurve: 'P-256',
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
    publicKeyEncoding: { type: 'spki', format: 'pem' },
  }).privateKey
const [key, otherKey] = [pem(), pem()]
const encrypted = (passphrase: string) =>
  generateKeyPairSync('ec', {
    namedCurve: 'P-256',
    privateKeyEncoding: { type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase },
    publicKeyEncoding: { type: 'spki', format: 'pem' },
  }).privateKey
const signer = (kid: string): AssertionSigner => ({
  ...{ alg: 'ES256', kid },
  sign: async () => new Uint8Array(64).fill(1),
})

type Options = Partial<TokenProviderOptions>
type AssertionOptions = NonNullable<TokenProviderOptions['assertion']>

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
  expect(keys.size).toBe(1)
  return [...keys][0] ?? ''
}

/** Whether an option is part of a token's key, shown by two sets of options. */
interface Statement {
  readonly isPart: boolean
  readonly one: Options
  readonly other: Options
}
const part = (one: Options, other: Options): Statement => ({ isPart: true, one, other })
const noPart = (one: Options, other: Options): Statement => ({ isPart: false, one, other })
const assertion = (one: AssertionOptions, other: AssertionOptions, isPart = true): Statement => ({
  ...{ isPart, one: { assertion: one }, other: { assertion: other } },
})

const rsa = generateKeyPairSync('rsa', {
  modulusLength: 2048,
  privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  publicKeyEncoding: { type: 'spki', format: 'pem' },
}).privateKey

/** A new option does not compile, and fails below, until it is stated here. */
const statements: Record<keyof TokenProviderOptions, Statement | 'by its members'> = {
  clientId: part({}, { clientId: 'client-2' }),
  tokenEndpoint: part({}, { tokenEndpoint: 'https://as.example/token?tenant=2' }),
  key: part({}, { key: otherKey }),
  passphrase: part({}, { key: encrypted('x'), passphrase: 'x' }),
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
  audience: assertion({}, { audience: 'https://as.example/' }),
  lifetimeSeconds: assertion({}, { lifetimeSeconds: 120 }, false),
  typ: assertion({}, { typ: 'client-authentication+jwt' }),
  claims: assertion({ claims: { purposeId: 'north' } }, { claims: { purposeId: 'south' } }),
  header: assertion({ header: { x: 1 } }, { header: { x: 2 } }),
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
  )('the option %s is part of it or not, as stated', async (_, { isPart, one, other }) => {
    const [first, second] = [await keyOf(one), await keyOf(other)]
    expect(first !== second).toBe(isPart)
    expect(await keyOf(one)).toBe(first)
  })

  test('the order of members does not matter, at any depth', async () => {
    const one = { a: 1, b: { c: [{ d: 1, e: 2 }], f: null } }
    const other = { b: { f: null, c: [{ e: 2, d: 1 }] }, a: 1 }
    expect(await keyOf({ assertion: { claims: one, header: one } })).toBe(
      await keyOf({ assertion: { claims: other, header: other } }),
    )
  })

  test.each<[Record<string, unknown>, Record<string, unknown>]>([
    [{ a: ['x', 'y'] }, { a: ['y', 'x'] }],
    [{ a: { x: 1 } }, { a: [['x', 1]] }],
    [{ a: { x: 1 } }, { a: { sorted: [['x', 1]] } }],
    [{ a: '1' }, { a: 1 }],
    [{ a: null }, {}],
    [{ a: {} }, { a: [] }],
    [{ 'a","b': 1 }, { a: 1, b: 1 }],
  ])('the claims %j and %j do not share a token', async (one, other) => {
    expect(await keyOf({ assertion: { claims: one } })).not.toBe(
      await keyOf({ assertion: { claims: other } }),
    )
  })

  test('claims, header and partition do not stand in for each other', async () => {
    const member = { x: 'a' }
    const keys = await Promise.all(
      [
        {},
        { assertion: { claims: member } },
        { assertion: { header: member } },
        { parameters: member },
        { partition: 'a' },
        { assertion: { typ: 'a' } },
        { kid: 'a' },
      ].map(keyOf),
    )
    expect(new Set(keys).size).toBe(keys.length)
  })

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
    ['a symbol', { a: Symbol('s') }, "'assertion.claims.a' contains a symbol"],
    ['undefined in an array', { a: [undefined] }, "'assertion.claims.a' contains undefined"],
    ['a hole in an array', { a: Array(1) }, "'assertion.claims.a' contains undefined"],
    ['NaN', { a: Number.NaN }, "'assertion.claims.a' contains a non-finite number"],
    ['Infinity', { a: [Number.POSITIVE_INFINITY] }, 'contains a non-finite number'],
    ['a cycle', cycle, "'assertion.claims.self' contains a cycle"],
    ['a Map', { a: new Map() }, "'assertion.claims.a' contains a Map"],
    ['bytes', { a: new Uint8Array(2) }, "'assertion.claims.a' contains a Uint8Array"],
    ['a promise', { a: Promise.resolve(1) }, "'assertion.claims.a' contains a Promise"],
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
