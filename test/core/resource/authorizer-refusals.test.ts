import { ConfigurationError } from '@countersign/core'
import { createAuthorizer } from '@countersign/core/adapter'
import { describe, expect, test } from 'vitest'
import { type Answer, exchange, ok, refused, url } from './exchange-under-test.ts'

describe('a 401 about the token', () => {
  test('is released, and the request is sent again with the next token', {
    tags: ['U1'],
  }, async () => {
    const { authorize, seen } = exchange()
    expect(await authorize({ method: 'POST', answers: [refused, ok] })).toBe(ok)
    expect(seen).toMatchObject({
      ...{ sent: ['Bearer t1', 'Bearer t2'], invalidated: ['t1'], discarded: [refused], waits: 1 },
      events: [{ origin: 'https://api.example', method: 'POST', type: 'request-replayed' }],
    })
  })

  test('is returned after the second one, and both tokens are reported', {
    tags: ['U5'],
  }, async () => {
    const { authorize, seen } = exchange()
    const second = { ...refused }
    expect(await authorize({ answers: [refused, second] })).toBe(second)
    expect(seen).toMatchObject({ invalidated: ['t1', 't2'], discarded: [refused] })
  })

  test('is handed back unread while there is no other token', { tags: ['U6'] }, async () => {
    const { authorize, seen } = exchange({}, { invalidate: () => {} })
    expect(await authorize({ answers: [refused] })).toBe(refused)
    expect(seen).toMatchObject({
      ...{ sent: ['Bearer t1'], discarded: [] },
      events: [{ type: 'replay-skipped', reason: 'same-token' }],
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
  ])(
    'is handed back where the body %s be sent again',
    { tags: ['U12'] },
    async (_, isReplayable) => {
      const { authorize, seen } = exchange()
      expect(await authorize({ isReplayable, answers: [refused] })).toBe(refused)
      expect(seen).toMatchObject({
        ...{ sent: ['Bearer t1'], invalidated: ['t1'], discarded: [] },
        events: [{ type: 'replay-skipped', reason: 'one-shot-body' }],
      })
    },
  )

  test.each<[string, Partial<Answer>]>([
    ['as the host knows', { redirected: true }],
    ['as the URL shows that answered', { responseUrl: 'https://api.example/y' }],
  ])('is handed back where a POST was redirected, %s', { tags: ['U21'] }, async (_, seenBy) => {
    const { authorize, seen } = exchange()
    const answer = { ...refused, ...seenBy }
    expect(await authorize({ method: 'POST', answers: [answer] })).toBe(answer)
    expect(seen).toMatchObject({
      ...{ sent: ['Bearer t1'], invalidated: ['t1'], discarded: [] },
      events: [{ type: 'replay-skipped', reason: 'redirected', method: 'POST' }],
    })
  })

  test.each(['GET', 'HEAD', 'get', 'head'])(
    'is replayed where a %s was redirected',
    { tags: ['U21'] },
    async (method) => {
      const { authorize, seen } = exchange()
      const answer = { ...refused, redirected: true, responseUrl: 'https://api.example/y' }
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
    'is replayed for a POST where the URL that answered is %s',
    { tags: ['U13'] },
    async (_, sent, responseUrl) => {
      const { authorize, seen } = exchange()
      await authorize({ method: 'POST', url: sent, answers: [{ ...refused, responseUrl }, ok] })
      expect(seen.sent).toEqual(['Bearer t1', 'Bearer t2'])
    },
  )

  test('is renewed through a source that has nothing at hand', { tags: ['U1'] }, async () => {
    const { authorize, seen } = exchange({}, { currentAccessToken: undefined as never })
    expect(await authorize({ answers: [refused, ok] })).toBe(ok)
    expect(seen).toMatchObject({ sent: ['Bearer t1', 'Bearer t2'], waits: 2 })
  })

  test('is released if the caller has aborted, and nothing is sent', {
    tags: ['U16'],
  }, async () => {
    const reason = new Error('enough')
    const { authorize, seen } = exchange()
    const left = authorize({ answers: [refused], wait: () => Promise.reject(reason) })
    await expect(left).rejects.toBe(reason)
    expect(seen).toMatchObject({
      ...{ sent: ['Bearer t1'], discarded: [refused] },
      events: [{ type: 'replay-skipped', reason: 'aborted' }],
    })
  })

  test('is released if the renewal fails, and the caller receives that error', {
    tags: ['U19'],
  }, async () => {
    const error = new ConfigurationError('ERR_CLOCK', 'any error will do')
    const { authorize, seen } = exchange()
    const failed = authorize({ answers: [refused], wait: () => Promise.reject(error) })
    await expect(failed).rejects.toBe(error)
    expect(seen).toMatchObject({ sent: ['Bearer t1'], discarded: [refused], events: [] })
  })
})

describe('a response that is not about the token', () => {
  test.each<[string, Answer]>([
    ['a 407', { ...refused, status: 407 }],
    ['a 500', { ...refused, status: 500 }],
    ['a 403', { ...refused, status: 403 }],
    ['a challenge of another scheme', { status: 401, challenge: 'Basic realm="api"' }],
    ['a 401 of another origin', { ...refused, responseUrl: 'https://other.example/x' }],
    ['a 401 of no http origin', { ...refused, responseUrl: 'about:blank' }],
  ])('%s is handed back', { tags: ['U7', 'U9', 'U10'] }, async (_, answer) => {
    const { authorize, seen } = exchange()
    expect(await authorize({ answers: [answer] })).toBe(answer)
    expect(seen).toMatchObject({ invalidated: [], discarded: [], events: [] })
  })

  test.each([
    ['with the scope that it names', 'Bearer error="insufficient_scope", scope="a b"', 'a b'],
    ['without one', 'Bearer error="insufficient_scope"', undefined],
  ])('a 403 for want of scope is told, %s', { tags: ['U9'] }, async (_, challenge, scope) => {
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
  ])('that %s changes nothing', { tags: ['D10'] }, async (_, onEvent) => {
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
  test('a caller who left while the token was awaited sends nothing', {
    tags: ['U22'],
  }, async () => {
    const reason = new Error('enough')
    const { authorize, seen } = exchange({}, { currentAccessToken: () => undefined })
    await expect(authorize({ wait: () => Promise.reject(reason) })).rejects.toBe(reason)
    expect(seen).toMatchObject({ sent: [], discarded: [], events: [] })
  })

  test('sends nothing without a token', { tags: ['X15'] }, async () => {
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
