import { createOriginRule } from '@countersign/core/adapter'
import fc from 'fast-check'
import { describe, expect, test, vi } from 'vitest'

/** Long enough to shrink a failure: a run that is stopped never shows its seed. */
vi.setConfig({ testTimeout: 120_000 })

const hosts = [
  ...['a.example', 'A.EXAMPLE', 'a.example.', 'sub.a.example', 'aa.example', 'a.example.evil.test'],
  ...['b\u00fccher.example', 'xn--bcher-kva.example', 'a\u3002example', 'a%2eexample', '127.0.0.1'],
  ...['127.1', '2130706433', '0x7f.1', '[::1]', '[0:0::1]', 'localhost', 'evil.test'],
]
const scheme = fc.constantFrom('https', 'http', 'HTTPS', 'Http', 'ftp', 'ws', 'blob:https')
const port = fc.constantFrom('', '', ':', ':80', ':443', ':0443', ':8443', ':65535', ':65536')
const host = fc.constantFrom(...hosts)
const slashes = fc.constantFrom('//', '//', '//', '/', '', '\\\\', '/\\', '///', '//\t/')
const userinfo = fc.constantFrom('', '', '', '@', 'user@', ':password@', 'a.example@', '%40@')
const tail = fc.oneof(
  fc.constantFrom(
    ...['', '/', '?', '#', '\\', '/@evil.test', '@evil.test', '\\@evil.test', '.evil.test', ' '],
    ...['/..//evil.test', ':80@evil.test', '/?a#b', '\t/', '\n.evil.test', '\u0000'],
  ),
  fc.webPath({ size: 'small' }).map((path) => `/${path}`),
  fc.string({ unit: 'binary', maxLength: 8 }),
)
const noise = fc.constantFrom(
  ...['', '', '', '', '\t', '\n', '\r', ' ', '\u0000', '\u200b', '\ud800', '%'],
)

/** A URL as a friend writes it, or as somebody does who wants the token. */
const url = fc.oneof(
  fc
    .tuple(noise, scheme, noise, slashes, userinfo, host, noise, port, tail)
    .map(([before, scheme, colon, ...rest]) => [before, scheme, colon, ':', ...rest].join('')),
  fc.webUrl({ withFragments: true, withQueryParameters: true, size: 'small' }),
  fc.string({ unit: 'binary' }),
)
const origin = fc
  .tuple(fc.constantFrom('https', 'http', 'HTTP'), host, port)
  .map(([scheme, host, port]) => `${scheme}://${host}${port}`)
const usableOrigin = origin.filter((text) => URL.canParse(text))

/** Returns the origin that the platform sends the request to. */
function platformOrigin(text: string): string | undefined {
  if (!URL.canParse(text)) return undefined
  const { protocol, username, password, origin } = new URL(text)
  const isHttp = protocol === 'https:' || protocol === 'http:'
  return isHttp && username === '' && password === '' ? origin : undefined
}

describe('where a token may go', () => {
  test('the proof by prefix and the parsed URL agree on every URL', { tags: ['X3', 'X8'] }, () => {
    const origins = fc.array(usableOrigin, { minLength: 1, maxLength: 3 })
    fc.assert(
      fc.property(origins, url, (origins, url) => {
        const named = origins.map((text) => new URL(text).origin)
        expect(createOriginRule(origins)(url)).toBe(named.includes(platformOrigin(url) ?? 'none'))
      }),
      { numRuns: 5000 },
    )
  })

  test('they agree on URLs that begin with an allowed origin', { tags: ['X3', 'X8'] }, () => {
    fc.assert(
      fc.property(usableOrigin, noise, tail, tail, (origin, noise, tail, more) => {
        const { origin: named } = new URL(origin)
        const url = named + noise + tail + more
        expect(createOriginRule([origin])(url)).toBe(platformOrigin(url) === named)
      }),
      { numRuns: 5000 },
    )
  })

  test('a URL of an allowed origin is proven without being parsed', { tags: ['X3'] }, () => {
    const path = fc.webPath({ size: 'small' })
    fc.assert(
      fc.property(usableOrigin, path, fc.constantFrom('', '/', '?', '#'), (origin, path, next) => {
        const { origin: named } = new URL(origin)
        const url = next === '' ? named : named + next + path
        expect(createOriginRule([origin])(unparsable(url))).toBe(true)
      }),
    )
  })
})

test('any text is one origin and nothing more, or throws', { tags: ['X8'] }, () => {
  fc.assert(
    fc.property(fc.oneof(origin, url), fc.option(tail, { nil: '' }), (text, more) => {
      const written = text + more
      try {
        const belongs = createOriginRule([written])
        const { origin, href } = new URL(written)
        expect(href).toBe(`${origin}/`)
        expect([belongs(origin), belongs('https://not-named.test/')]).toEqual([true, false])
      } catch (error) {
        expect(error).toMatchObject({ code: 'ERR_INVALID_ORIGIN', option: 'origins' })
      }
    }),
    { numRuns: 3000 },
  )
})

/** A text that no URL can be made of. */
function unparsable(text: string): string {
  const shown = {
    length: text.length,
    startsWith: (prefix: string) => text.startsWith(prefix),
    [Symbol.toPrimitive]: () => {
      throw new Error('parsed')
    },
  }
  return Object.assign(shown, [...text]) as unknown as string
}
