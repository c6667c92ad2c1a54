import {
  type AccessToken,
  type AuthorizationOptions,
  ConfigurationError,
  type RequestAuthorization,
  type RequestEvent,
  type TokenSource,
} from '@countersign/core'
import { createAuthorizer, type Host } from '@countersign/core/adapter'
import { describe, expect, test } from 'vitest'
import { createAccessToken } from '#core/access-token.js'

interface Call {
  readonly url?: string | undefined
  readonly method?: string
  readonly asked?: RequestAuthorization | false
  readonly ownAuthorization?: boolean
  readonly isReplayable?: () => boolean | Promise<boolean>
  readonly wait?: Host<Call, Answer>['wait']
  readonly answers?: readonly Answer[]
}

interface Answer {
  readonly status: number
  readonly challenge?: string
  readonly answeredBy?: string
  readonly redirected?: boolean
}

const url = 'https://api.example/x'
const ok: Answer = { status: 200 }
const refused: Answer = { status: 401, challenge: 'Bearer error="invalid_token"' }

function token(value: string): AccessToken {
  return createAccessToken({ value, tokenType: 'Bearer', issuedAt: 0, expiresAt: 1 })
}

/** The exchange on a host that answers as told, with tokens that are at hand one after another. */
function exchange(options: Partial<AuthorizationOptions> = {}, source: Partial<TokenSource> = {}) {
  const seen = {
    sent: [] as (string | undefined)[],
    discarded: [] as Answer[],
    waits: 0,
    invalidated: [] as string[],
    events: [] as RequestEvent[],
    asked: [] as unknown[],
  }
  const answers = new Map<Call, Answer[]>()
  const host: Host<Call, Answer> = {
    url: (call) => ('url' in call ? call.url : url),
    method: ({ method = 'GET' }) => method,
    asked: ({ asked }) => asked,
    hasAuthorization: ({ ownAuthorization = false }) => ownAuthorization,
    isReplayable: ({ isReplayable = () => true }) => isReplayable(),
    wait: (call, promise) => {
      seen.waits += 1
      return call.wait === undefined ? promise : call.wait(call, promise)
    },
    send: async (call, { authorization }) => {
      seen.sent.push(authorization)
      const left = answers.get(call) ?? [...(call.answers ?? [ok])]
      answers.set(call, left)
      return left.shift() ?? expect.unreachable('sent too often')
    },
    status: ({ status }) => status,
    challenge: ({ challenge }) => challenge,
    answeredBy: ({ answeredBy }) => answeredBy,
    redirected: ({ redirected }) => redirected,
    discard: (answer) => void seen.discarded.push(answer),
  }
  let current = token('t1')
  const tokens: TokenSource = {
    currentAccessToken: (asked) => {
      seen.asked.push(asked)
      return current
    },
    getAccessToken: async (asked) => {
      seen.asked.push(asked)
      return current
    },
    invalidate: ({ value }) => {
      seen.invalidated.push(value)
      if (value === current.value) current = token(`t${Number(value.slice(1)) + 1}`)
    },
    ...source,
  }
  const onEvent = (event: RequestEvent) => void seen.events.push(event)
  const authorize = createAuthorizer(tokens, host, {
    ...{ origins: ['https://api.example'], onEvent },
    ...options,
  })
  return { authorize, seen, host, tokens }
}

describe('which requests carry the token', () => {
  test('1: one to an origin that was named, at once when a token is at hand', async () => {
    const { authorize, seen } = exchange()
    expect(await authorize({})).toBe(ok)
    expect(seen).toMatchObject({ sent: ['Bearer t1'], waits: 0, discarded: [], events: [] })
  })

  test.each<[string, Call]>([
    ['opted out', { asked: false }],
    ['with an Authorization of its own', { ownAuthorization: true }],
    ['to another origin', { url: 'https://evil.example/x' }],
    ['to nobody knows where', { url: undefined }],
    ['with userinfo', { url: 'https://user@api.example/x' }],
  ])('7 8 9: none that is %s, and its 401 renews nothing', async (_, call) => {
    const { authorize, seen } = exchange()
    expect(await authorize({ ...call, answers: [refused] })).toBe(refused)
    expect(seen).toMatchObject({ sent: [undefined], invalidated: [], events: [] })
  })

  test.each([
    ['as it is configured', 'https://api.example/Token'],
    ['as a URL is printed', 'https://API.example:443/Token'],
  ])('9 D8: none to the token endpoint, written %s', async (_, tokenEndpoint) => {
    const { authorize, seen } = exchange({}, { tokenEndpoint })
    await authorize({ url: tokenEndpoint })
    await authorize({ url: 'https://api.example/Token' })
    await authorize({ url: 'https://api.example/token' })
    expect(seen.sent).toEqual([undefined, undefined, 'Bearer t1'])
  })

  test('9 D8: a token endpoint that is learnt later counts from then on', async () => {
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

describe("onForeignOrigin: 'throw'", () => {
  const strict = { onForeignOrigin: 'throw' } as const

  test.each([
    ['another origin', 'https://evil.example:8443/secret', 'https://evil.example:8443'],
    ['another origin, with userinfo', 'https://api.example@evil.example/', 'https://evil.example'],
  ])('9: refuses %s by its name', async (_, target, origin) => {
    const { authorize, seen } = exchange(strict)
    await expect(authorize({ url: target })).rejects.toMatchObject({
      ...{ name: 'ForeignOriginError', code: 'ERR_FOREIGN_ORIGIN', origin },
      message: `The request goes to ${origin}, which is none of 'origins'.`,
    })
    expect(seen.sent).toEqual([])
  })

  test.each([
    ['that is not known', undefined],
    ['that is none', 'x'],
    ['of another scheme', 'blob:https://api.example/x'],
  ])('9: refuses a URL %s', async (_, target) => {
    const { authorize, seen } = exchange(strict)
    await expect(authorize({ url: target })).rejects.toMatchObject({
      ...{ code: 'ERR_FOREIGN_ORIGIN', origin: '' },
      message: "The request goes to a URL without an http origin, which is none of 'origins'.",
    })
    expect(seen.sent).toEqual([])
  })

  test('9: lets pass what authenticates itself, opts out, or goes to the token endpoint', async () => {
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
      "The option 'onForeignOrigin' must be 'pass' or 'throw'.",
      () => exchange({ onForeignOrigin: 'refuse' as 'pass' }),
    ],
    [
      'an onEvent that is no function',
      'onEvent',
      "The option 'onEvent' must be a function.",
      () => exchange({ onEvent: 'log' as never }),
    ],
    [
      'no tokens',
      'tokens',
      "The option 'tokens' must be a token provider.",
      () => createAuthorizer(undefined as never, exchange().host, { origins: [url.slice(0, -2)] }),
    ],
    [
      'tokens that are none',
      'tokens',
      "The option 'tokens' lacks the method getAccessToken, invalidate.",
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

describe('a 401 about our token', () => {
  test('U1: is let go, and the request is sent once more with the next token', async () => {
    const { authorize, seen } = exchange()
    expect(await authorize({ method: 'POST', answers: [refused, ok] })).toBe(ok)
    expect(seen).toMatchObject({
      ...{ sent: ['Bearer t1', 'Bearer t2'], invalidated: ['t1'], discarded: [refused], waits: 1 },
      events: [{ origin: 'https://api.example', method: 'POST', type: 'request-replayed' }],
    })
  })

  test('U5: twice is handed back, and the second token is told of too', async () => {
    const { authorize, seen } = exchange()
    const second = { ...refused }
    expect(await authorize({ answers: [refused, second] })).toBe(second)
    expect(seen).toMatchObject({ invalidated: ['t1', 't2'], discarded: [refused] })
  })

  test('U6: is handed back unread while there is no other token', async () => {
    const { authorize, seen } = exchange({}, { invalidate: () => {} })
    expect(await authorize({ answers: [refused] })).toBe(refused)
    expect(seen).toMatchObject({
      ...{ sent: ['Bearer t1'], discarded: [] },
      events: [{ type: 'replay-withheld', reason: 'same-token' }],
    })
  })

  test.each<[string, () => boolean | Promise<boolean>]>([
    ['cannot', () => false],
    ['will not', async () => false],
    [
      'throws when asked whether it can',
      () => {
        throw new Error('no idea')
      },
    ],
    ['rejects when asked whether it can', () => Promise.reject(new Error('no idea'))],
  ])('U12: is handed back where the body %s be sent again', async (_, isReplayable) => {
    const { authorize, seen } = exchange()
    expect(await authorize({ isReplayable, answers: [refused] })).toBe(refused)
    expect(seen).toMatchObject({
      ...{ sent: ['Bearer t1'], invalidated: ['t1'], discarded: [] },
      events: [{ type: 'replay-withheld', reason: 'one-shot-body' }],
    })
  })

  test.each<[string, Partial<Answer>]>([
    ['as the host knows', { redirected: true }],
    ['as the URL shows that answered', { answeredBy: 'https://api.example/y' }],
  ])('U21: is handed back where a POST was redirected, %s', async (_, seenBy) => {
    const { authorize, seen } = exchange()
    const answer = { ...refused, ...seenBy }
    expect(await authorize({ method: 'POST', answers: [answer] })).toBe(answer)
    expect(seen).toMatchObject({
      ...{ sent: ['Bearer t1'], invalidated: ['t1'], discarded: [] },
      events: [{ type: 'replay-withheld', reason: 'redirected', method: 'POST' }],
    })
  })

  test.each(['GET', 'HEAD', 'get', 'head'])(
    'U21: is replayed where a %s was redirected',
    async (method) => {
      const { authorize, seen } = exchange()
      const answer = { ...refused, redirected: true, answeredBy: 'https://api.example/y' }
      expect(await authorize({ method, answers: [answer, ok] })).toBe(ok)
      expect(seen.sent).toEqual(['Bearer t1', 'Bearer t2'])
    },
  )

  test.each([
    ['the same', url, url],
    ['the same but for its fragment', `${url}#top`, url],
    ['the same in another spelling', 'https://API.example:443/x', url],
    ['not known', url, ''],
  ])(
    'U13: is replayed for a POST where the URL that answered is %s',
    async (_, sent, answeredBy) => {
      const { authorize, seen } = exchange()
      await authorize({ method: 'POST', url: sent, answers: [{ ...refused, answeredBy }, ok] })
      expect(seen.sent).toEqual(['Bearer t1', 'Bearer t2'])
    },
  )

  test('U3: late, is replayed with the token at hand', async () => {
    const waiting = () => expect.unreachable('nothing to wait for')
    const { authorize, seen } = exchange({}, { getAccessToken: waiting })
    expect(await authorize({ answers: [refused, ok] })).toBe(ok)
    expect(seen.sent).toEqual(['Bearer t1', 'Bearer t2'])
  })

  test('U1: is renewed through a source that has nothing at hand', async () => {
    const { authorize, seen } = exchange({}, { currentAccessToken: undefined as never })
    expect(await authorize({ answers: [refused, ok] })).toBe(ok)
    expect(seen).toMatchObject({ sent: ['Bearer t1', 'Bearer t2'], waits: 2 })
  })

  test('U16: is let go of when the caller left meanwhile, and nothing is sent', async () => {
    const reason = new Error('enough')
    const { authorize, seen } = exchange()
    const left = authorize({ answers: [refused], wait: () => Promise.reject(reason) })
    await expect(left).rejects.toBe(reason)
    expect(seen).toMatchObject({
      ...{ sent: ['Bearer t1'], discarded: [refused] },
      events: [{ type: 'replay-withheld', reason: 'aborted' }],
    })
  })

  test('U19: is let go of when the renewal fails: that error is the answer', async () => {
    const error = new ConfigurationError('ERR_CLOCK', 'any error will do')
    const { authorize, seen } = exchange()
    const failed = authorize({ answers: [refused], wait: () => Promise.reject(error) })
    await expect(failed).rejects.toBe(error)
    expect(seen).toMatchObject({ sent: ['Bearer t1'], discarded: [refused], events: [] })
  })
})

describe('what is not about our token', () => {
  test.each<[string, Answer]>([
    ['U9: a 407', { ...refused, status: 407 }],
    ['U9: a 500', { ...refused, status: 500 }],
    ['U9: a 403', { ...refused, status: 403 }],
    ['U7: a challenge of another scheme', { status: 401, challenge: 'Basic realm="api"' }],
    ['U10: a 401 of another origin', { ...refused, answeredBy: 'https://other.example/x' }],
    ['U10: a 401 of no http origin', { ...refused, answeredBy: 'about:blank' }],
  ])('%s is handed back', async (_, answer) => {
    const { authorize, seen } = exchange()
    expect(await authorize({ answers: [answer] })).toBe(answer)
    expect(seen).toMatchObject({ invalidated: [], discarded: [], events: [] })
  })

  test.each([
    ['with the scope that it names', 'Bearer error="insufficient_scope", scope="a b"', 'a b'],
    ['without one', 'Bearer error="insufficient_scope"', undefined],
  ])('U9: a 403 for want of scope is told, %s', async (_, challenge, scope) => {
    const { authorize, seen } = exchange()
    await authorize({ method: 'PUT', answers: [{ status: 403, challenge }] })
    const origin = 'https://api.example'
    expect(seen.events).toEqual([{ type: 'insufficient-scope', origin, method: 'PUT', scope }])
  })
})

describe('a listener', () => {
  test.each<[string, () => unknown]>([
    [
      'throws',
      () => {
        throw new Error('listener')
      },
    ],
    ['rejects', () => Promise.reject(new Error('listener'))],
    ['returns something', () => 7],
  ])('D10: that %s changes nothing', async (_, onEvent) => {
    const { authorize, seen } = exchange({ onEvent })
    expect(await authorize({ answers: [refused, ok] })).toBe(ok)
    expect(seen.sent).toEqual(['Bearer t1', 'Bearer t2'])
  })

  test('may be left out', async () => {
    const { host, tokens, seen } = exchange()
    const authorize = createAuthorizer(tokens, host, { origins: ['https://api.example'] })
    expect(await authorize({ answers: [refused, ok] })).toBe(ok)
    expect(seen.sent).toEqual(['Bearer t1', 'Bearer t2'])
  })
})

describe('before the first send', () => {
  test('U22: a caller who left while the token was awaited sends nothing', async () => {
    const reason = new Error('enough')
    const { authorize, seen } = exchange({}, { currentAccessToken: () => undefined })
    await expect(authorize({ wait: () => Promise.reject(reason) })).rejects.toBe(reason)
    expect(seen).toMatchObject({ sent: [], discarded: [], events: [] })
  })

  test('X15: no token to be had sends nothing', async () => {
    const error = new ConfigurationError('ERR_CLOCK', 'any error will do')
    const source = {
      currentAccessToken: () => undefined,
      getAccessToken: () => Promise.reject(error),
    }
    const { authorize, seen } = exchange({}, source)
    await expect(authorize({})).rejects.toBe(error)
    expect(seen.sent).toEqual([])
  })

  test('a host that throws is a rejection', async () => {
    const { host, tokens } = exchange()
    const broken: typeof host = {
      ...host,
      url: () => {
        throw new Error('no idea')
      },
    }
    const authorize = createAuthorizer(tokens, broken, { origins: ['https://api.example'] })
    await expect(authorize({})).rejects.toThrow('no idea')
  })
})

describe('what a request asks for', () => {
  test('8: is asked of the provider, and nothing else', async () => {
    const { authorize, seen } = exchange()
    await authorize({})
    await authorize({ asked: {} })
    await authorize({ asked: { scope: 'a' } })
    await authorize({ asked: { resource: ['https://r.example'] } })
    expect(
      seen.asked.map((asked) => (asked === undefined ? asked : { ...(asked as object) })),
    ).toEqual([undefined, {}, { scope: 'a' }, { resource: ['https://r.example'] }])
  })

  test('9 X18: is read now, though the caller changes it before the token comes', async () => {
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

  test('8: is refused when it has a member that is unknown, and nothing is sent', async () => {
    const { authorize, seen } = exchange()
    await expect(authorize({ asked: { scopes: 'a' } as never })).rejects.toMatchObject({
      ...{ code: 'ERR_INVALID_OPTION', option: 'countersign.scopes' },
      message: "There is no option 'countersign.scopes'. Did you mean 'countersign.scope'?",
    })
    expect(seen.sent).toEqual([])
  })
})
