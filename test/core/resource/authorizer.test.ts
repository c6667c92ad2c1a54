import type { TokenSource } from '@countersign/core'
import { createAuthorizer } from '@countersign/core/adapter'
import { describe, expect, test } from 'vitest'
import { type Call, exchange, ok, refused, token, url } from './exchange-under-test.ts'

describe('which requests carry the token', () => {
  test('one to an origin that was named, at once when a token is at hand', {
    tags: ['promise-1'],
  }, async () => {
    const { authorize, seen } = exchange()
    expect(await authorize({})).toBe(ok)
    expect(seen).toMatchObject({ sent: ['Bearer t1'], waits: 0, discarded: [], events: [] })
  })

  const listed = 'https://api.example'
  test.each<{ name: string; call: Call; reason: string; origin: string }>([
    { name: 'opted out', call: { asked: false }, reason: 'opted-out', origin: listed },
    {
      ...{ name: 'with an Authorization header of its own', call: { ownAuthorization: true } },
      ...{ reason: 'own-authorization', origin: listed },
    },
    {
      ...{ name: 'with userinfo', call: { url: 'https://user@api.example/x' } },
      ...{ reason: 'own-authorization', origin: listed },
    },
    {
      ...{ name: 'to another origin', call: { url: 'https://evil.example/x' } },
      ...{ reason: 'foreign-origin', origin: 'https://evil.example' },
    },
    {
      ...{ name: 'without an absolute URL', call: { url: undefined } },
      ...{ reason: 'foreign-origin', origin: '' },
    },
  ])(
    'sends a request $name without the token, and emits this once',
    { tags: ['promise-7', 'promise-8', 'promise-9'] },
    async ({ call, reason, origin }) => {
      const { authorize, seen } = exchange()
      await authorize(call)
      for (let times = 0; times < 2; times += 1) {
        expect(await authorize({ ...call, answers: [refused] })).toBe(refused)
      }
      const event = { type: 'authorization-skipped', origin, method: 'GET', reason }
      expect(seen).toMatchObject({
        ...{ sent: Array(3).fill(undefined), invalidated: [] },
        events: [event, { ...event, status: 401 }],
      })
    },
  )

  test('remembers 100 reported origins', async () => {
    const { authorize, seen } = exchange()
    const visit = async (from: number, to: number) => {
      for (let i = from; i <= to; i += 1) await authorize({ url: `https://h${i}.example/` })
    }
    await visit(1, 100)
    await visit(1, 100)
    expect(seen.events).toHaveLength(100)
    await visit(101, 101)
    await visit(2, 101)
    expect(seen.events).toHaveLength(101)
    await visit(1, 1)
    expect(seen.events).toHaveLength(102)
  })

  test.each([
    ['as it is configured', 'https://api.example/Token'],
    ['as a URL is printed', 'https://API.example:443/Token'],
  ])(
    'none to the token endpoint, written %s',
    { tags: ['promise-9', 'D8'] },
    async (_, tokenEndpoint) => {
      const { authorize, seen } = exchange({}, { tokenEndpoint })
      await authorize({ url: tokenEndpoint })
      await authorize({ url: 'https://api.example/Token' })
      await authorize({ url: 'https://api.example/token' })
      expect(seen.sent).toEqual([undefined, undefined, 'Bearer t1'])
    },
  )

  test.each([
    'HTTPS://api.example/a/token',
    'https://API.example/a/token',
    'https://api.example:443/a/token',
    'https://api.example:0443/a/token',
    'https://api.example:/a/token',
    ' https://api.example/a/token',
    'https://api.example/a/token ',
    'https:/api.example/a/token',
    'https:api.example/a/token',
    'https:///api.example/a/token',
    'https://api.example/a/b/../token',
    'https://api.example/a/./token',
    'https://api.example/a/%2e/token',
    'https://api.example/a/token#there',
    'https://api.example\\a\\token',
    'https://api.example/a/to\nken',
  ])('none to the token endpoint, called %j', { tags: ['promise-9', 'D8'] }, async (url) => {
    const tokenEndpoint = 'https://api.example/a/token'
    const { authorize, seen } = exchange({}, { tokenEndpoint })
    await authorize({ url })
    await authorize({ url: url.replace('token', 'tokens').replace('to\nken', 'to\nkens') })
    expect(seen.sent.map(Boolean)).toEqual([false, true])
  })

  test('a token endpoint that is learnt later counts from then on', {
    tags: ['promise-9', 'D8'],
  }, async () => {
    let tokenEndpoint: string | undefined
    const source = {
      get tokenEndpoint() {
        return tokenEndpoint
      },
    }
    const { host, seen } = exchange()
    const tokens = Object.assign(Object.create(source), exchange().tokens)
    const authorize = createAuthorizer(tokens, host, { origins: ['https://api.example'] })
    for (const next of [undefined, 'https://api.example/x', 'https://api.example/y', 'not a URL']) {
      tokenEndpoint = next
      await authorize({})
    }
    expect(seen.sent.map(Boolean)).toEqual([true, false, true, true])
  })
})

describe("onForeignOrigin: 'throw'", { tags: ['promise-9'] }, () => {
  const strict = { onForeignOrigin: 'throw' } as const

  test.each([
    ['another origin', 'https://evil.example:8443/secret', 'https://evil.example:8443'],
    ['another origin, with userinfo', 'https://api.example@evil.example/', 'https://evil.example'],
  ])('refuses %s by its name', async (_, target, origin) => {
    const { authorize, seen } = exchange(strict)
    await expect(authorize({ url: target })).rejects.toMatchObject({
      ...{ name: 'ForeignOriginError', code: 'ERR_FOREIGN_ORIGIN', origin },
      message: `Blocked request to ${origin}: it is not listed in 'origins'.`,
    })
    expect(seen.sent).toEqual([])
  })

  test.each([
    ['that is not known', undefined],
    ['that is none', 'x'],
    ['of another scheme', 'blob:https://api.example/x'],
  ])('refuses a URL %s', async (_, target) => {
    const { authorize, seen } = exchange(strict)
    await expect(authorize({ url: target })).rejects.toMatchObject({
      ...{ code: 'ERR_FOREIGN_ORIGIN', origin: '' },
      message: "Blocked request to a URL without an http origin: it is not listed in 'origins'.",
    })
    expect(seen.sent).toEqual([])
  })

  test('lets pass what authenticates itself, opts out, or goes to the token endpoint', async () => {
    const tokenEndpoint = 'https://as.example/token'
    const { authorize, seen } = exchange(strict, { tokenEndpoint })
    await authorize({ url: 'https://user:password@api.example/x' })
    await authorize({ url: 'https://evil.example/', ownAuthorization: true })
    await authorize({ url: 'https://evil.example/', asked: false })
    await authorize({ url: tokenEndpoint })
    await authorize({ url: 'HTTPS://AS.example/token' })
    expect(seen.sent).toEqual(Array(5).fill(undefined))
  })
})

describe('what is wrong at the start', () => {
  test.each<[string, string, string, () => unknown]>([
    [
      'another onForeignOrigin',
      'onForeignOrigin',
      "Option 'onForeignOrigin' must be 'pass' or 'throw'.",
      () => exchange({ onForeignOrigin: 'refuse' as 'pass' }),
    ],
    [
      'an onEvent that is no function',
      'onEvent',
      "Option 'onEvent' must be a function.",
      () => exchange({ onEvent: 'log' as never }),
    ],
    [
      'no tokens',
      'tokens',
      "Argument 'tokens' must be a token provider, such as the one that createTokenProvider returns.",
      () => createAuthorizer(undefined as never, exchange().host, { origins: [url.slice(0, -2)] }),
    ],
    [
      'tokens that are none',
      'tokens',
      "Argument 'tokens' must be a token provider, such as the one that createTokenProvider returns.",
      () => exchange({}, { getAccessToken: undefined as never, invalidate: 1 as never }),
    ],
  ])('is %s, and the error says so', (_, option, message, make) => {
    expect(make).toThrow(expect.objectContaining({ code: 'ERR_INVALID_OPTION', option, message }))
  })

  test("'pass' may be written out", async () => {
    const { authorize, seen } = exchange({ onForeignOrigin: 'pass' })
    await authorize({ url: 'https://evil.example/' })
    expect(seen.sent).toEqual([undefined])
  })
})

describe('what a request asks for', () => {
  test('is asked of the provider, and nothing else', { tags: ['promise-8'] }, async () => {
    const { authorize, seen } = exchange()
    await authorize({})
    await authorize({ asked: {} })
    await authorize({ asked: { scope: 'a' } })
    await authorize({ asked: { resource: ['https://r.example'] } })
    expect(
      seen.asked.map((asked) => (asked === undefined ? asked : { ...(asked as object) })),
    ).toEqual([undefined, {}, { scope: 'a' }, { resource: ['https://r.example'] }])
  })

  test('is read now, though the caller changes it before the token comes', {
    tags: ['promise-9', 'X18'],
  }, async () => {
    const asked: unknown[] = []
    const source: Partial<TokenSource> = {
      currentAccessToken: () => undefined,
      getAccessToken: async (options) => {
        await Promise.resolve()
        asked.push({ ...options })
        return token('t1')
      },
    }
    const { authorize } = exchange({}, source)
    const wanted = { scope: ['a'], resource: ['https://r.example'] }
    const pending = authorize({ asked: wanted })
    wanted.scope.push('b')
    wanted.resource.length = 0
    await pending
    expect(asked).toEqual([{ scope: ['a'], resource: ['https://r.example'] }])
  })

  test('is rejected if it has an unknown member, and nothing is sent', {
    tags: ['promise-8'],
  }, async () => {
    const { authorize, seen } = exchange()
    await expect(authorize({ asked: { scopes: 'a' } as never })).rejects.toMatchObject({
      ...{ code: 'ERR_INVALID_OPTION', option: 'countersign.scopes' },
      message: "Unknown option 'countersign.scopes'. Did you mean 'countersign.scope'?",
    })
    expect(seen.sent).toEqual([])
  })
})
