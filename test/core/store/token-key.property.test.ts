import { isDeepStrictEqual } from 'node:util'
import fc from 'fast-check'
import { describe, expect, test, vi } from 'vitest'
import { createAccessKey, parseResource, parseScope } from '#core/requested-access.js'
import { createTokenKey } from '#core/store/token-key.js'

/** Long enough to shrink a failure: a run that is stopped never shows its seed. */
vi.setConfig({ testTimeout: 120_000 })

/** Few and alike, so that equal ones and near misses are met often. */
const scopeToken = fc.oneof(
  fc.constantFrom('a', 'A', 'b', 'ab', 'a,b', 'a|b', "['a']", '__proto__', 'constructor', '[]'),
  fc.string({ unit: fc.constantFrom('a', 'b', '!', '#', '[', ']', '~', ','), minLength: 1 }),
)
const resourceUri = fc.oneof(
  fc.constantFrom('https://a.test', 'https://a.test/', 'https://A.test', 'urn:a', 'urn:__proto__'),
  fc.webUrl({ size: 'small' }),
)
const scopes = fc.array(scopeToken, { maxLength: 4 })
const resources = fc.array(resourceUri, { maxLength: 3 })
const asked = fc.record({ scopes, resources })
/** The input of the key of a token. */
interface Identity {
  readonly tokenEndpoint: string
  readonly key: string
  readonly partition: string
  readonly parameters: Readonly<Record<string, string>>
  readonly assertion: object
  readonly access: { readonly scope: string | undefined; readonly resource: readonly string[] }
}

const keyOfIdentity = ({ access, ...rest }: Identity) => createTokenKey(access, rest)

type Asked = { readonly scopes: string[]; readonly resources: string[] }

const keyOf = (scope: unknown, resource: unknown) =>
  createAccessKey({ scope: parseScope(scope), resource: parseResource(resource) })

/** The same sets: every member of the one is in the other. */
function meansTheSame(a: Asked, b: Asked): boolean {
  const equal = (a: string[], b: string[]) =>
    new Set([...a, ...b]).size === new Set(a).size && new Set(a).size === new Set(b).size
  return equal(a.scopes, b.scopes) && equal(a.resources, b.resources)
}

/** The same but for a trifle, which makes another set or the same one. */
const alike = ({ scopes: [first = 'a', second = 'b', ...rest], resources }: Asked) =>
  fc.constantFrom<Asked>(
    { scopes: [`${first},${second}`, ...rest], resources },
    { scopes: [`${first}|${second}`, ...rest], resources },
    { scopes: [first, ...rest], resources },
    { scopes: [second, first, second, ...rest], resources },
    { scopes: [first.toUpperCase(), second, ...rest], resources },
    { scopes: [first, second, ...rest], resources: resources.slice(1) },
    { scopes: [first, second, ...rest], resources: [...resources, 'urn:a'] },
  )

/** The same members in another order, some of them again. */
const reordered = <T>(list: readonly T[]) =>
  fc
    .tuple(
      fc.shuffledSubarray([...list], { minLength: list.length }),
      fc.shuffledSubarray([...list]),
    )
    .map(([all, again]) => [...all, ...again])

describe('the key of what is asked for', () => {
  test('order, repetition and writing do not matter', { tags: ['C13'] }, () => {
    const twice = asked.chain((first) =>
      fc.tuple(fc.constant(first), reordered(first.scopes), reordered(first.resources)),
    )
    fc.assert(
      fc.property(twice, ([first, scopes, resources]) => {
        const key = keyOf(first.scopes, first.resources)
        expect(keyOf(scopes, resources)).toBe(key)
        if (scopes.length > 0) expect(keyOf(scopes.join(' '), resources)).toBe(key)
      }),
      { numRuns: 500 },
    )
  })

  test('two requests have one key when they mean the same, and only then', {
    tags: ['C12', 'C13', 'C14'],
  }, () => {
    const pair = asked.chain((a) => fc.tuple(fc.constant(a), fc.oneof(asked, alike(a))))
    fc.assert(
      fc.property(pair, ([a, b]) => {
        const isSame = keyOf(a.scopes, a.resources) === keyOf(b.scopes, b.resources)
        expect(isSame).toBe(meansTheSame(a, b))
      }),
      { numRuns: 3000 },
    )
  })

  test('rejects any other scope or resource by its name', { tags: ['G10', 'G11'] }, () => {
    const anything = fc.oneof(
      fc.anything({ withSparseArray: true, withNullPrototype: true }),
      fc.string({ unit: 'binary' }),
      fc.array(fc.oneof(scopeToken, resourceUri, fc.string({ unit: 'binary' }))),
      fc.sparseArray(scopeToken),
    )
    const outcome = (parse: (value: unknown) => unknown, value: unknown) => {
      try {
        return parse(value)
      } catch (error) {
        return error
      }
    }
    fc.assert(
      fc.property(anything, (value) => {
        const scope = outcome(parseScope, value)
        if (scope instanceof Error)
          expect(scope).toMatchObject({ code: 'ERR_INVALID_SCOPE', option: 'scope' })
        else
          expect(scope ?? 'none').toMatch(
            /^[\x21\x23-\x5b\x5d-\x7e]+( [\x21\x23-\x5b\x5d-\x7e]+)*$/,
          )
        const resource = outcome(parseResource, value)
        if (resource instanceof Error)
          expect(resource).toMatchObject({ code: 'ERR_INVALID_RESOURCE', option: 'resource' })
        else
          for (const uri of resource as unknown[])
            expect(uri).toMatch(/^[a-z][a-z\d+.-]*:[\x21\x22\x24-\x7e]+$/i)
      }),
      { numRuns: 2000 },
    )
  })
})

test('the holes of a sparse array are no scope and no resource', { tags: ['G10', 'G11'] }, () => {
  const sparse: string[] = []
  sparse.length = 2
  sparse[1] = 'urn:a'
  expect(() => parseScope(sparse)).toThrow(
    expect.objectContaining({
      code: 'ERR_INVALID_SCOPE',
      message: expect.stringContaining("Option 'scope' must be scope tokens"),
    }),
  )
  expect(() => parseResource(sparse)).toThrow(
    expect.objectContaining({
      code: 'ERR_INVALID_RESOURCE',
      message: expect.stringContaining("Option 'resource' must be an absolute URI"),
    }),
  )
})

describe('the key in a shared store', () => {
  const text = fc.oneof(
    fc.constantFrom('a', 'b', 'a"', '","', '__proto__', 'https://as.test', 'https://as.test/'),
    fc.constantFrom('\u00e9', 'e\u0301', '\ud800', '\ud801', '\ufffd', '\u0000', ''),
    fc.string({ unit: 'binary' }),
  )
  const texts = ['tokenEndpoint', 'key', 'partition'] as const
  const parameters = fc
    .array(fc.tuple(text, text), { maxLength: 3 })
    .map((entries) => Object.assign(Object.create(null), fromEntries(entries)))
  const assertion = fc.record({
    ...{ clientId: text, audience: text, alg: text, kid: fc.option(text, { nil: undefined }) },
    ...{ typ: text, claims: parameters, header: parameters },
  })
  const identity: fc.Arbitrary<Identity> = fc.record({
    ...{ tokenEndpoint: text, key: text, partition: text, parameters, assertion },
    access: asked.map(({ scopes, resources }) => ({
      scope: parseScope(scopes),
      resource: parseResource(resources),
    })),
  })

  function fromEntries(entries: readonly (readonly [string, string])[]) {
    const members: Record<string, string> = Object.create(null)
    for (const [name, value] of entries) members[name] = value
    return members
  }

  /** A letter goes over from one text to the next. */
  function moved(identity: Identity, at: number): Record<string, string> {
    const [from, to] = texts.slice(at) as [(typeof texts)[number], (typeof texts)[number]]
    const [text, next] = [identity[from] ?? '', identity[to] ?? '']
    return Object.fromEntries([
      [from, text.slice(0, -1)],
      [to, text.slice(-1) + next],
    ])
  }

  /** Everything that an identity says, in one spelling. */
  function canonical({ access, parameters, ...rest }: Identity): unknown {
    const sorted = Object.entries(parameters).sort(([a], [b]) => Number(a > b) - Number(a < b))
    return [rest, new Set(access.scope?.split(' ')), new Set(access.resource), sorted]
  }

  test('it is 64 characters, the same for the same identity and only then', {
    tags: ['C12', 'C14', 'C17'],
  }, async () => {
    const names = fc.constantFrom(...texts, 'parameters', 'access', 'moved')
    const pair = fc.tuple(identity, identity, names, fc.nat(2)).map(([a, b, name, at]) => {
      const changed = name === 'moved' ? moved(a, at) : { [name]: b[name as keyof Identity] }
      return [a, { ...a, ...changed }] as const
    })
    await fc.assert(
      fc.asyncProperty(pair, async ([a, b]) => {
        const keys = await Promise.all([keyOfIdentity(a), keyOfIdentity(b)])
        for (const key of keys) expect(key).toMatch(/^[\w-]{64}$/)
        expect(keys[0] === keys[1]).toBe(isDeepStrictEqual(canonical(a), canonical(b)))
      }),
      { numRuns: 1000 },
    )
  })

  test('the order in which parameters were written does not matter', {
    tags: ['C12'],
  }, async () => {
    const entries = fc.uniqueArray(fc.tuple(text, text), { selector: ([name]) => name })
    const both = entries.chain((list) => fc.tuple(fc.constant(list), reordered(list)))
    await fc.assert(
      fc.asyncProperty(identity, both, async (identity, [first, second]) => {
        const a = await keyOfIdentity({ ...identity, parameters: fromEntries(first) })
        expect(await keyOfIdentity({ ...identity, parameters: fromEntries(second) })).toBe(a)
      }),
    )
  })
})
