import fc from 'fast-check'
import { expect, test, vi } from 'vitest'
import { createAccessKey, parseResource, parseScope } from '#core/requested-access.js'

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
const asked = fc.record({
  scopes: fc.array(scopeToken, { maxLength: 4 }),
  resources: fc.array(resourceUri, { maxLength: 3 }),
})

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
    { scopes: [...rest, second, first, second], resources: resources.toReversed() },
    { scopes: [first.toUpperCase(), second, ...rest], resources },
    { scopes: [first, second, ...rest], resources: resources.slice(1) },
    { scopes: [first, second, ...rest], resources: [...resources, ...resources, 'urn:a'] },
  )

test('two requests have one key when they mean the same, in any spelling, and only then', {
  tags: ['C12', 'C13', 'C14'],
}, () => {
  const pair = asked.chain((a) => fc.tuple(fc.constant(a), fc.oneof(asked, alike(a))))
  fc.assert(
    fc.property(pair, ([a, b]) => {
      const key = keyOf(a.scopes, a.resources)
      expect(key === keyOf(b.scopes, b.resources)).toBe(meansTheSame(a, b))
      if (a.scopes.length > 0) expect(keyOf(a.scopes.join(' '), a.resources)).toBe(key)
    }),
    { numRuns: 3000 },
  )
})

test.each([
  ['scope', 'ERR_INVALID_SCOPE', parseScope, /^[!#-[\]-~]+( [!#-[\]-~]+)*$/],
  ['resource', 'ERR_INVALID_RESOURCE', parseResource, /^[a-z][a-z\d+.-]*:[!"$-~]+$/i],
] as const)(
  'accepts nothing else as a %s',
  { tags: ['G10', 'G11'] },
  (option, code, parse, valid) => {
    const anything = fc.oneof(
      fc.anything({ withSparseArray: true, withNullPrototype: true }),
      fc.string({ unit: 'binary' }),
      fc.array(fc.oneof(scopeToken, resourceUri, fc.string({ unit: 'binary' }))),
      fc.sparseArray(fc.constantFrom('urn:a', 'urn:b')),
    )
    const outcome = (value: unknown) => {
      try {
        return parse(value) ?? []
      } catch (error) {
        return error
      }
    }
    fc.assert(
      fc.property(anything, (value) => {
        const parsed = outcome(value)
        if (parsed instanceof Error) expect(parsed).toMatchObject({ code, option })
        else for (const text of [parsed].flat()) expect(text).toMatch(valid)
      }),
      { numRuns: 2000, examples: [[Object.assign(Array(2), { 1: 'urn:a' })]] },
    )
  },
)
